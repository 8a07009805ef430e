/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flatpaks, wherever they are deployed: the system's, each user's, and installations elsewhere. Met
 * on the walk, so that nobody's home has to be known.
 */
#include "collect/record.h"
#include "inventory/package/flatpak.h"

#define METADATA_MAX ((size_t)1 << 20)
#define DEPLOY_MAX ((size_t)16 << 20)

/* Whether BRANCH/active points to the commit. */
static bool is_active(struct vt_collect *c, const struct vt_flatpak_place *at)
{
	vt_buf link = VT_BUF_INIT(VT_TREE_PATH_MAX);
	vt_span path;
	bool active = vt_record_join(c, at->branch_folder, vt_span_str("/active"), &path) &&
		!vt_tree_link(vt_collect_tree(c), path, &link) &&
		vt_span_eq(vt_buf_span(&link), at->commit);

	vt_buf_free(&link);
	return active;
}

static void record(
	struct vt_collect *c, const struct vt_flatpak_place *at, struct vt_package *p, vt_span path)
{
	vt_buf deploy = VT_BUF_INIT(DEPLOY_MAX);
	vt_span origin = {.n = 0}, file;

	p->arch = at->arch;
	p->version = vt_span_of(NULL, 0);
	if (vt_record_join(c, at->folder, vt_span_str("/deploy"), &file) &&
		!vt_tree_read(vt_collect_tree(c), file, &deploy) &&
		!vt_flatpak_deploy(vt_buf_span(&deploy), &origin, &p->version, &p->license) &&
		origin.n)
		p->source = origin;
	if (!p->version.n)
		p->version = at->branch;
	p->status = vt_span_str(is_active(c, at) ? "active" : "not active");
	vt_record_package(c,
		&(struct vt_record){
			.manager = "flatpak", .package = p, .database = path, .path = at->folder});
	vt_buf_free(&deploy);
}

static vt_err flatpak_visit(struct vt_collect *c, void *state, const struct vt_visit *v)
{
	struct vt_flatpak_place at;
	struct vt_package p;
	vt_err e;

	(void)state;
	if (v->node->type != VT_NODE_FILE || !vt_flatpak_place(v->path, &at))
		return VT_OK;
	vt_buf b = VT_BUF_INIT(METADATA_MAX);
	e = vt_record_read(c, v->path, &b);
	if (e)
		goto out;
	e = vt_flatpak_metadata(vt_buf_span(&b), &p);
	if (e) { /* the folder still has its name */
		p = (struct vt_package){.name = at.id, .malformed = true};
	}
	vt_collect_hidden(c, v->node->hidden);
	record(c, &at, &p, v->path);
	vt_collect_hidden(c, false);
out:
	vt_buf_free(&b);
	return VT_OK;
}

const struct vt_collector vt_collector_flatpak = {
	.name = "flatpak",
	.area = VT_AREA_PACKAGES,
	.visit = flatpak_visit,
};
