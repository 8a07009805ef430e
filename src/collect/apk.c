/* SPDX-License-Identifier: Apache-2.0 */
/* What Alpine's apk says is installed. */
#include <stdio.h>

#include "base/num.h"
#include "collect/record.h"
#include "inventory/package/apk.h"

static const char *const folders[] = {"/lib/apk/db", "/usr/lib/apk/db"};

static void look_at_files(struct vt_collect *c, struct vt_belong *b, vt_span root, vt_span text)
{
	struct vt_apk_files files = {.text = text};
	vt_span folder, name;

	vt_belong_package(b);
	while (vt_belong_more(b) && vt_apk_file_next(&files, &folder, &name)) {
		/* folders have no slash at either end */
		if (!vt_record_join(c, vt_span_str("/"), folder, &folder))
			return;
		if (folder.n > 1 && !vt_record_join(c, folder, vt_span_str("/"), &folder))
			return;
		vt_belong_ask(c, b, root, folder, name);
	}
}

/* True if it could be read to its end and speaks of this tree. */
static bool read_entries(struct vt_collect *c, vt_span root, vt_span path, vt_span text)
{
	struct vt_belong belong = {.asked = 0};
	uint32_t entries = 0, broken = 0;
	struct vt_package p;
	size_t at = 0;
	vt_span paragraph;
	vt_err e;

	if (vt_span_at(text, 0, "ADB", 3)) {
		vt_collect_missed(c, VT_AREA_PACKAGES, path, VT_MISS_UNSUPPORTED);
		return false;
	}
	while ((e = vt_apk_next(text, &at, &p, &paragraph)) != VT_END) {
		if (e) {
			broken++;
			vt_collect_missed(c, VT_AREA_PACKAGES, path, VT_MISS_MALFORMED);
			continue;
		}
		entries++;
		broken += p.malformed;
		look_at_files(c, &belong, root, paragraph);
		vt_record_package(c,
			&(struct vt_record){.manager = "apk",
				.package = &p,
				.database = path,
				.state = vt_belong_state(&belong)});
	}
	if (!entries || text.p[text.n - 1] != '\n' || !vt_belong_here(&belong, root)) {
		broken++;
		vt_collect_missed(c, VT_AREA_PACKAGES, path, VT_MISS_MALFORMED);
	}
	return !broken;
}

static void read_database(struct vt_collect *c, vt_span root, vt_span folder)
{
	vt_buf b = VT_BUF_INIT(VT_DATABASE_MAX);
	struct vt_node node;
	char what[64];
	vt_span path;

	/* of another system, "/usr/lib/apk/db" looks like "/lib/apk/db" of a root ".../usr" */
	if (root.n >= 4 && vt_span_at(root, root.n - 4, "/usr", 4))
		root.n -= 4;
	if (!vt_record_join(c, folder, vt_span_str("/installed"), &path))
		return;
	if (vt_record_read(c, path, &b))
		goto out;
	if (!vt_tree_stat(vt_collect_tree(c), path, true, &node))
		vt_collect_hidden(c, node.hidden);
	if (read_entries(c, root, path, vt_buf_span(&b)) && !root.n) {
		(void)snprintf(what, sizeof what, "apk %.*s", (int)path.n, (const char *)path.p);
		vt_collect_source(c, VT_AREA_PACKAGES, what);
	}
	vt_collect_hidden(c, false);
out:
	vt_buf_free(&b);
}

static vt_err apk_start(struct vt_collect *c, void **out_state)
{
	*out_state = NULL;
	(void)vt_record_folders(c, folders, VT_COUNT(folders), read_database);
	return VT_OK;
}

static vt_err apk_visit(struct vt_collect *c, void *state, const struct vt_visit *v)
{
	(void)state;
	vt_record_nested(c, v, folders, VT_COUNT(folders), read_database);
	return VT_OK;
}

const struct vt_collector vt_collector_apk = {
	.name = "apk",
	.area = VT_AREA_PACKAGES,
	.start = apk_start,
	.visit = apk_visit,
};
