/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rpm says is installed. Three kinds of databases were used over the years, and one that was
 * left behind by a change of kind is read as well as the one in use.
 */
#include <stdio.h>

#include "base/num.h"
#include "collect/record.h"
#include "collect/rpm_sqlite.h"
#include "inventory/package/bdb.h"
#include "inventory/package/ndb.h"
#include "inventory/package/rpm.h"

#define HEADER_MAX ((size_t)256 << 20)

static const char *const folders[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm"};

struct rpm {
	struct vt_collect *c;
	vt_span root, database;
	struct vt_belong belong;
	uint32_t entries, broken;
};

static void missed(struct rpm *r, enum vt_miss why)
{
	r->broken++;
	vt_collect_missed(r->c, VT_AREA_PACKAGES, r->database, why);
}

static void look_at_files(struct rpm *r, struct vt_rpm_files *files)
{
	vt_span folder, name;

	vt_belong_package(&r->belong);
	while (vt_belong_more(&r->belong) && vt_rpm_file_next(files, &folder, &name))
		vt_belong_ask(r->c, &r->belong, r->root, folder, name);
}

/* VT_OK, also for a header that can't be read: it is counted. */
static vt_err on_header(void *ctx, vt_span blob)
{
	struct rpm *r = ctx;
	struct vt_rpm_files files;
	struct vt_package p;
	vt_err e = vt_rpm_header(blob, vt_collect_arena(r->c), &p, &files);

	if (e) {
		missed(r, e == VT_ENOMEM ? VT_MISS_LIMIT : VT_MISS_MALFORMED);
		return e == VT_ENOMEM ? e : VT_OK;
	}
	r->entries++;
	r->broken += p.malformed;
	look_at_files(r, &files);
	vt_record_package(r->c,
		&(struct vt_record){.manager = "rpm",
			.package = &p,
			.database = r->database,
			.state = vt_belong_state(&r->belong)});
	return VT_OK;
}

static vt_err read_ndb(struct rpm *r, vt_span bytes)
{
	struct vt_ndb d;
	vt_span blob;
	vt_err e = vt_ndb_open(bytes, &d);

	if (e)
		return e;
	while ((e = vt_ndb_next(&d, &blob)) != VT_END) {
		if (e && e != VT_ELIMIT)
			missed(r, VT_MISS_MALFORMED);
		if (!e || e == VT_ECHECKSUM)
			e = on_header(r, blob);
		if (e == VT_ELIMIT || e == VT_ENOMEM)
			return e;
	}
	return VT_OK;
}

static vt_err read_bdb(struct rpm *r, vt_span bytes)
{
	vt_buf scratch = VT_BUF_INIT(HEADER_MAX);
	struct vt_bdb d;
	vt_span key, value;
	uint32_t number;
	vt_err e = vt_bdb_open(bytes, &d);

	if (e)
		return e;
	while ((e = vt_bdb_next(&d, &scratch, &key, &value)) != VT_END) {
		if (!e && (!vt_bdb_u32(&d, key, 0, &number) || number))
			e = on_header(r, value);
		else if (e && e != VT_ELIMIT && e != VT_ENOMEM)
			missed(r, VT_MISS_MALFORMED);
		if (e == VT_ELIMIT || e == VT_ENOMEM)
			break;
	}
	vt_buf_free(&scratch);
	return e == VT_END ? VT_OK : e;
}

/* The log beside the database belongs to it. */
static vt_err read_sqlite(struct rpm *r, vt_span folder, vt_buf *bytes)
{
	vt_buf log = VT_BUF_INIT(VT_DATABASE_MAX);
	struct vt_node node;
	vt_span path;
	vt_err e = VT_ENOMEM;

	if (!vt_record_join(r->c, folder, vt_span_str("/rpmdb.sqlite-journal"), &path))
		goto out;
	e = VT_EUNSUPPORTED; /* a transaction that did not end, in the older manner */
	if (!vt_tree_stat(vt_collect_tree(r->c), path, true, &node) && node.size)
		goto out;
	e = VT_ENOMEM;
	if (!vt_record_join(r->c, folder, vt_span_str("/rpmdb.sqlite-wal"), &path))
		goto out;
	e = vt_tree_read(vt_collect_tree(r->c), path, &log);
	if (e && e != VT_END)
		goto out;
	e = vt_rpm_sqlite(vt_buf_span(&log), bytes, on_header, r);
out:
	vt_buf_free(&log);
	return e;
}

enum kind { KIND_SQLITE, KIND_NDB, KIND_BDB };
static const struct {
	const char *file;
	enum kind kind;
} files[] = {
	{"/rpmdb.sqlite", KIND_SQLITE},
	{"/Packages.db", KIND_NDB},
	{"/Packages", KIND_BDB},
};

static vt_err read_as(struct rpm *r, enum kind kind, vt_span folder, vt_buf *bytes)
{
	switch (kind) {
	case KIND_SQLITE: return read_sqlite(r, folder, bytes);
	case KIND_NDB: return read_ndb(r, vt_buf_span(bytes));
	case KIND_BDB: return read_bdb(r, vt_buf_span(bytes));
	default: return VT_EARG;
	}
}

/* Debian's rpm keeps an empty database beside dpkg's: that says nothing, and is no gap. */
static void nothing_in_it(struct rpm *r)
{
	struct vt_node node;
	vt_span path;

	if (!vt_record_join(r->c, r->root, vt_span_str("/var/lib/dpkg/status"), &path) ||
		vt_tree_stat(vt_collect_tree(r->c), path, true, &node))
		vt_collect_missed(r->c, VT_AREA_PACKAGES, r->database, VT_MISS_ABSENT);
}

static void read_file(struct vt_collect *c, vt_span root, vt_span folder, size_t i)
{
	struct rpm r = {.c = c, .root = root};
	vt_buf b = VT_BUF_INIT(VT_DATABASE_MAX);
	struct vt_node node;
	char what[64];
	vt_err e;

	if (!vt_record_join(c, folder, vt_span_str(files[i].file), &r.database))
		return;
	if (vt_record_read(c, r.database, &b))
		goto out;
	if (!vt_tree_stat(vt_collect_tree(c), r.database, true, &node))
		vt_collect_hidden(c, node.hidden);
	e = read_as(&r, files[i].kind, folder, &b);
	vt_collect_hidden(c, false);
	if (e)
		missed(&r, vt_collect_miss_of(e));
	else if (!vt_belong_here(&r.belong, root))
		missed(&r, VT_MISS_MALFORMED);
	else if (!r.entries && !r.broken)
		nothing_in_it(&r);
	if (r.entries && !r.broken && !root.n) {
		(void)snprintf(what, sizeof what, "rpm %.*s", (int)r.database.n,
			(const char *)r.database.p);
		vt_collect_source(c, VT_AREA_PACKAGES, what);
	}
out:
	vt_buf_free(&b);
}

static void read_database(struct vt_collect *c, vt_span root, vt_span folder)
{
	for (size_t i = 0; i < VT_COUNT(files); i++)
		read_file(c, root, folder, i);
}

static vt_err rpm_start(struct vt_collect *c, void **out_state)
{
	*out_state = NULL;
	(void)vt_record_folders(c, folders, VT_COUNT(folders), read_database);
	return VT_OK;
}

static vt_err rpm_visit(struct vt_collect *c, void *state, const struct vt_visit *v)
{
	(void)state;
	vt_record_nested(c, v, folders, VT_COUNT(folders), read_database);
	return VT_OK;
}

const struct vt_collector vt_collector_rpm = {
	.name = "rpm",
	.area = VT_AREA_PACKAGES,
	.start = rpm_start,
	.visit = rpm_visit,
};
