/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snaps: what snapd's state says, and snaps that lie there without an entry in it. Each revision is
 * on disk. On a system that consists of snaps (one is its kernel) the state is the answer for all
 * of its packages; elsewhere it only adds to another package manager's.
 */
#include <stdio.h>

#include "base/num.h"
#include "collect/name_set.h"
#include "collect/record.h"
#include "inventory/package/snap.h"

#define STATE_MAX ((size_t)64 << 20)
#define YAML_MAX ((size_t)1 << 20)
#define STATE "/var/lib/snapd/state.json"

static const char *const mounts[] = {"/snap/", "/var/lib/snapd/snap/"};

struct snap {
	struct vt_collect *c;
	struct vt_name_set names; /* NAME_REVISION */
	vt_span folder, name;     /* that are being listed */
	bool kernel;
};

static bool key_of(struct snap *s, vt_span name, vt_span revision, vt_span *out)
{
	return vt_record_join(s->c, name, vt_span_str("_"), out) &&
		vt_record_join(s->c, *out, revision, out);
}

static bool is_plain(vt_span s)
{
	return s.n && !memchr(s.p, '/', s.n) && !memchr(s.p, 0, s.n) && *s.p != '.';
}

/* Reads meta/snap.yaml of a mounted revision; what is not said there stays as it is. */
static void add_yaml(struct snap *s, vt_span name, vt_span revision, struct vt_package *io,
	vt_buf *yaml, vt_span *out_path)
{
	struct vt_package p;
	vt_span at, file;

	*out_path = vt_span_of(NULL, 0);
	if (!is_plain(name) || !is_plain(revision))
		return;
	for (size_t i = 0; i < VT_COUNT(mounts); i++) {
		if (!vt_record_join(s->c, vt_span_str(mounts[i]), name, &at) ||
			!vt_record_join(s->c, at, vt_span_str("/"), &at) ||
			!vt_record_join(s->c, at, revision, &at) ||
			!vt_record_join(s->c, at, vt_span_str("/meta/snap.yaml"), &file))
			return;
		if (vt_tree_read(vt_collect_tree(s->c), file, yaml) ||
			vt_snap_yaml(vt_buf_span(yaml), &p))
			continue;
		io->version = p.version;
		io->license = p.license;
		*out_path = at;
		return;
	}
}

static vt_err on_snap(void *ctx, const struct vt_snap *v)
{
	struct snap *s = ctx;
	vt_buf yaml = VT_BUF_INIT(YAML_MAX);
	struct vt_package p = {.name = v->name, .vendor = v->publisher, .source = v->channel};
	vt_span key, path;
	vt_err e = VT_ENOMEM;

	s->kernel = s->kernel || vt_span_eq(v->type, vt_span_str("kernel"));
	p.status = vt_span_str(v->active ? "active" : v->current ? "disabled" : "old revision");
	p.malformed = !v->name.n || !v->revision.n;
	if (!key_of(s, v->name, v->revision, &key))
		goto out;
	vt_name_set_add(&s->names, key);
	add_yaml(s, v->name, v->revision, &p, &yaml, &path);
	vt_record_package(s->c,
		&(struct vt_record){.manager = "snap",
			.package = &p,
			.database = vt_span_str(STATE),
			.part = key,
			.path = path});
	e = VT_OK;
out:
	vt_buf_free(&yaml);
	return e;
}

static vt_err on_file(void *ctx, vt_span name, const struct vt_node *node)
{
	struct snap *s = ctx;
	struct vt_package p = {.status = vt_span_str("no entry")};
	vt_span revision, path;

	if (node->type == VT_NODE_FOLDER || !vt_snap_file(name, &p.name, &revision) ||
		vt_name_set_has(&s->names, vt_span_of(name.p, name.n - 5)))
		return VT_OK;
	if (!vt_record_join(s->c, s->folder, name, &path))
		return VT_ENOMEM;
	vt_collect_hidden(s->c, node->hidden);
	vt_record_package(s->c,
		&(struct vt_record){
			.manager = "snap", .package = &p, .database = path, .path = path});
	vt_collect_hidden(s->c, false);
	return VT_OK;
}

/* A revision that is mounted or copied there, and that no entry tells of. */
static vt_err on_revision(void *ctx, vt_span revision, const struct vt_node *node)
{
	struct snap *s = ctx;
	struct vt_package p = {.name = s->name, .status = vt_span_str("no entry")};
	vt_buf yaml = VT_BUF_INIT(YAML_MAX);
	vt_span key, path;
	vt_err e = VT_OK;

	if (node->type != VT_NODE_FOLDER) /* "current" is a link to one of them */
		return VT_OK;
	if (!key_of(s, s->name, revision, &key))
		return VT_ENOMEM;
	if (vt_name_set_has(&s->names, key))
		goto out;
	add_yaml(s, s->name, revision, &p, &yaml, &path);
	if (!path.n)
		goto out;
	vt_name_set_add(&s->names, key);
	vt_collect_hidden(s->c, node->hidden);
	vt_record_package(s->c,
		&(struct vt_record){.manager = "snap",
			.package = &p,
			.database = path,
			.part = key,
			.path = path});
	vt_collect_hidden(s->c, false);
out:
	vt_buf_free(&yaml);
	return e;
}

static vt_err on_mount(void *ctx, vt_span name, const struct vt_node *node)
{
	struct snap *s = ctx;
	vt_span path;
	vt_err e;

	if (node->type != VT_NODE_FOLDER || !is_plain(name))
		return VT_OK;
	if (!vt_record_join(s->c, s->folder, name, &path))
		return VT_ENOMEM;
	s->name = name;
	e = vt_tree_list(vt_collect_tree(s->c), path, on_revision, s);
	if (e && e != VT_END)
		vt_collect_missed(s->c, VT_AREA_PACKAGES, path, vt_collect_miss_of(e));
	return VT_OK;
}

/* Lists a folder (with a slash at its end) if it is there. */
static void list(struct snap *s, const char *folder, vt_tree_entry_fn *fn)
{
	vt_err e;

	s->folder = vt_span_str(folder);
	e = vt_tree_list(vt_collect_tree(s->c), vt_span_of(s->folder.p, s->folder.n - 1), fn, s);
	if (e && e != VT_END)
		vt_collect_missed(s->c, VT_AREA_PACKAGES, s->folder, vt_collect_miss_of(e));
}

static void read_state(struct snap *s)
{
	vt_buf b = VT_BUF_INIT(STATE_MAX);
	vt_span path = vt_span_str(STATE);
	vt_err e = vt_record_read(s->c, path, &b);

	if (!e) {
		e = vt_snap_state(vt_buf_span(&b), on_snap, s);
		if (e)
			vt_collect_missed(s->c, VT_AREA_PACKAGES, path, vt_collect_miss_of(e));
		else if (s->kernel)
			vt_collect_source(s->c, VT_AREA_PACKAGES, "snap " STATE);
	}
	vt_buf_free(&b);
}

static vt_err snap_start(struct vt_collect *c, void **out_state)
{
	static const char *const kept[] = {"/var/lib/snapd/snaps/", "/var/lib/snapd/seed/snaps/"};
	struct snap s = {.c = c, .names = VT_NAME_SET_INIT};

	*out_state = NULL;
	read_state(&s);
	for (size_t i = 0; i < VT_COUNT(mounts); i++)
		list(&s, mounts[i], on_mount);
	for (size_t i = 0; i < VT_COUNT(kept); i++)
		list(&s, kept[i], on_file);
	vt_name_set_free(&s.names);
	return VT_OK;
}

const struct vt_collector vt_collector_snap = {
	.name = "snap",
	.area = VT_AREA_PACKAGES,
	.start = snap_start,
};
