/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages of npm and Python, wherever the walk meets their metadata, and software identification
 * tags. They add to what the system's package manager says and are no answer of their own.
 */
#include "base/num.h"
#include "collect/record.h"
#include "inventory/package/npm.h"
#include "inventory/package/python.h"
#include "inventory/package/swid.h"
#include "os/fd.h"

static bool swid_place(vt_span path)
{
	static const char end[] = ".swidtag", folder[] = "/swidtag/";
	size_t unused, n = sizeof end - 1;

	return path.n > n && vt_span_at(path, path.n - n, end, n) &&
		vt_span_find(path, 0, folder, sizeof folder - 1, &unused);
}

static const struct {
	const char *manager;
	size_t max;
	bool (*place)(vt_span path);
	vt_err (*parse)(vt_span text, vt_arena *a, struct vt_package *out);
} kinds[] = {
	{"npm", (size_t)16 << 20, vt_npm_place, vt_npm_package},
	{"pypi", (size_t)16 << 20, vt_python_place, vt_python_metadata},
	{"swid", VT_SWID_MAX, swid_place, vt_swid_tag},
};

static vt_err read_visit(const struct vt_visit *v, size_t max, vt_buf *out)
{
	int fd = -1;
	vt_err e = vt_visit_open(v, max, &fd);

	if (!e)
		e = vt_fd_read_all(fd, v->node->size, out);
	vt_fd_close(fd);
	return e;
}

static void read_as(struct vt_collect *c, const struct vt_visit *v, size_t kind)
{
	vt_buf b = VT_BUF_INIT(kinds[kind].max);
	struct vt_package p;
	vt_err e = read_visit(v, kinds[kind].max, &b);

	if (!e)
		e = kinds[kind].parse(vt_buf_span(&b), vt_collect_arena(c), &p);
	if (e == VT_END) { /* no package after all */
		vt_collect_seen(c, VT_AREA_PACKAGES, true);
	} else if (e) {
		vt_collect_missed(c, VT_AREA_PACKAGES, v->path, vt_collect_miss_of(e));
	} else {
		vt_collect_hidden(c, v->node->hidden);
		vt_record_package(c,
			&(struct vt_record){.manager = kinds[kind].manager,
				.package = &p,
				.database = v->path,
				.path = vt_span_of(v->path.p, v->path.n - v->name.n - 1)});
		vt_collect_hidden(c, false);
	}
	vt_buf_free(&b);
}

static vt_err language_visit(struct vt_collect *c, void *state, const struct vt_visit *v)
{
	(void)state;
	if (v->node->type != VT_NODE_FILE)
		return VT_OK;
	for (size_t i = 0; i < VT_COUNT(kinds); i++)
		if (kinds[i].place(v->path)) {
			read_as(c, v, i);
			break;
		}
	return VT_OK;
}

const struct vt_collector vt_collector_language = {
	.name = "language",
	.area = VT_AREA_PACKAGES,
	.visit = language_visit,
};
