/* SPDX-License-Identifier: Apache-2.0 */
/* What pacman says is installed: one folder a package below local/. */
#include <stdio.h>

#include "base/num.h"
#include "collect/record.h"
#include "inventory/package/pacman.h"

#define DESC_MAX ((size_t)16 << 20)
#define FILES_MAX ((size_t)64 << 20)

static const char *const folders[] = {"/var/lib/pacman/local", "/usr/lib/pacman/local"};

struct pacman {
	struct vt_collect *c;
	vt_span root, folder;
	struct vt_belong belong;
	uint32_t entries, broken;
};

static void look_at_files(struct pacman *m, vt_span entry)
{
	vt_buf b = VT_BUF_INIT(FILES_MAX);
	vt_span path, line;
	size_t at = 0;

	vt_belong_package(&m->belong);
	if (vt_record_join(m->c, entry, vt_span_str("/files"), &path) &&
		!vt_record_read(m->c, path, &b))
		while (vt_belong_more(&m->belong) &&
			vt_pacman_file_next(vt_buf_span(&b), &at, &line))
			if (line.p[line.n - 1] != '/' &&
				vt_record_join(m->c, vt_span_str("/"), line, &line))
				vt_belong_ask(m->c, &m->belong, m->root, line, vt_span_str(""));
	vt_buf_free(&b);
}

static vt_err on_entry(void *ctx, vt_span name, const struct vt_node *node)
{
	struct pacman *m = ctx;
	vt_buf b = VT_BUF_INIT(DESC_MAX);
	vt_span entry, path;
	struct vt_package p;
	vt_err e = VT_ENOMEM;

	if (node->type != VT_NODE_FOLDER)
		return VT_OK;
	if (!vt_record_join(m->c, m->folder, vt_span_str("/"), &entry) ||
		!vt_record_join(m->c, entry, name, &entry) ||
		!vt_record_join(m->c, entry, vt_span_str("/desc"), &path))
		goto out;
	e = VT_OK;
	if (vt_record_read(m->c, path, &b) || vt_pacman_desc(vt_buf_span(&b), &p)) {
		m->broken++; /* a folder without a readable entry */
		vt_collect_missed(m->c, VT_AREA_PACKAGES, path, VT_MISS_MALFORMED);
		goto out;
	}
	m->entries++;
	m->broken += p.malformed;
	look_at_files(m, entry);
	vt_collect_hidden(m->c, node->hidden);
	vt_record_package(m->c,
		&(struct vt_record){.manager = "pacman",
			.package = &p,
			.database = path,
			.state = vt_belong_state(&m->belong)});
	vt_collect_hidden(m->c, false);
out:
	vt_buf_free(&b);
	return e;
}

static void read_database(struct vt_collect *c, vt_span root, vt_span folder)
{
	struct pacman m = {.c = c, .root = root, .folder = folder};
	vt_err e = vt_tree_list(vt_collect_tree(c), folder, on_entry, &m);
	char what[64];

	if (e || !m.entries || !vt_belong_here(&m.belong, m.root)) {
		vt_collect_missed(
			c, VT_AREA_PACKAGES, folder, e ? vt_collect_miss_of(e) : VT_MISS_MALFORMED);
		return;
	}
	if (!m.broken && !root.n) {
		(void)snprintf(
			what, sizeof what, "pacman %.*s", (int)folder.n, (const char *)folder.p);
		vt_collect_source(c, VT_AREA_PACKAGES, what);
	}
}

static vt_err pacman_start(struct vt_collect *c, void **out_state)
{
	*out_state = NULL;
	(void)vt_record_folders(c, folders, VT_COUNT(folders), read_database);
	return VT_OK;
}

static vt_err pacman_visit(struct vt_collect *c, void *state, const struct vt_visit *v)
{
	(void)state;
	vt_record_nested(c, v, folders, VT_COUNT(folders), read_database);
	return VT_OK;
}

const struct vt_collector vt_collector_pacman = {
	.name = "pacman",
	.area = VT_AREA_PACKAGES,
	.start = pacman_start,
	.visit = pacman_visit,
};
