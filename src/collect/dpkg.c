/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dpkg says is installed: status, updates/ (what was not yet merged into it), status.d (images
 * without dpkg), and info/ with the files of each. A status that is empty or broken, that ends
 * early or that speaks of another tree is no answer, and so no source.
 */
#include <stdio.h>

#include "base/num.h"
#include "collect/name_set.h"
#include "collect/record.h"
#include "inventory/package/dpkg.h"
#include "inventory/package/fields.h"
#include "inventory/package/status.h"

#define LIST_MAX ((size_t)64 << 20)
#define UPDATE_MAX ((size_t)16 << 20)

static const char *const folders[] = {"/var/lib/dpkg", "/var/lib/opkg", "/usr/lib/opkg"};

struct dpkg {
	struct vt_collect *c;
	const char *manager;
	vt_span root, folder;
	vt_span database; /* the file that is being read */
	struct vt_name_set names;
	struct vt_belong belong;
	bool has_info; /* there is a folder with lists */
	uint32_t entries, orphans, broken;
};

static void missed(struct dpkg *d, vt_span locus, enum vt_miss why)
{
	vt_collect_missed(d->c, VT_AREA_PACKAGES, locus, why);
}

/* Reads "FOLDER/info/NAME[:ARCH]ENDING". */
static vt_err read_info(struct dpkg *d, const char *sub, const struct vt_package *p, bool arch,
	const char *ending, vt_buf *out)
{
	char name[1024];
	vt_span path;
	int n = snprintf(name, sizeof name, "/%s%.*s%s%.*s%s", sub,
		(int)vt_min_size(p->name.n, 400), (const char *)p->name.p, arch ? ":" : "",
		arch ? (int)vt_min_size(p->arch.n, 400) : 0, (const char *)p->arch.p, ending);

	if (n < 0 || (size_t)n >= sizeof name || memchr(p->name.p, '/', p->name.n) ||
		!vt_record_join(d->c, d->folder, vt_span_of(name, (size_t)n), &path))
		return VT_END;
	return vt_tree_read(vt_collect_tree(d->c), path, out);
}

static void ask_list(struct dpkg *d, vt_span list)
{
	size_t at = 0;
	vt_span path;

	while (vt_belong_more(&d->belong) && vt_dpkg_list_next(list, &at, &path))
		vt_belong_ask(d->c, &d->belong, d->root, path, vt_span_str(""));
}

/* "d41d8cd98f00b204e9800998ecf8427e  usr/bin/x" */
static void ask_sums(struct dpkg *d, vt_span sums)
{
	size_t at = 0, space;
	vt_span line, root;

	if (!vt_record_join(d->c, d->root, vt_span_str("/"), &root))
		return;
	while (vt_belong_more(&d->belong) && vt_text_line(sums, &at, &line))
		if (vt_span_find(line, 0, "  ", 2, &space)) {
			line = vt_span_of(line.p + space + 2, line.n - space - 2);
			if (vt_span_at(line, 0, "./", 2))
				line = vt_span_of(line.p + 2, line.n - 2);
			vt_belong_ask(d->c, &d->belong, root, vt_span_str(""), line);
		}
}

/*
 * An installed package has a list of its files; asks for some of them. Not so below the tree's
 * root: the layers that containers lie in have only the lists that came with them.
 */
static void look_at_files(struct dpkg *d, const struct vt_package *p, bool status)
{
	vt_buf b = VT_BUF_INIT(LIST_MAX);
	vt_span locus;
	vt_err e;

	if (!status) {
		if (!read_info(d, "status.d/", p, false, ".md5sums", &b))
			ask_sums(d, vt_buf_span(&b));
		vt_buf_free(&b);
		return;
	}
	e = read_info(d, "info/", p, false, ".list", &b);
	if (e == VT_END)
		e = read_info(d, "info/", p, true, ".list", &b);
	if (!e)
		ask_list(d, vt_buf_span(&b));
	else if (d->has_info && !d->root.n && !vt_dpkg_unlisted(p->status) &&
		vt_record_join(d->c, d->folder, vt_span_str("/info#"), &locus) &&
		vt_record_join(d->c, locus, vt_span_clip(p->name, 0, 400), &locus))
		missed(d, locus, e == VT_END ? VT_MISS_MALFORMED : vt_collect_miss_of(e));
	vt_buf_free(&b);
}

static void add_name(struct dpkg *d, const struct vt_package *p)
{
	vt_span full;

	vt_name_set_add(&d->names, p->name);
	if (p->arch.n && vt_record_join(d->c, p->name, vt_span_str(":"), &full) &&
		vt_record_join(d->c, full, p->arch, &full))
		vt_name_set_add(&d->names, full);
}

/* True if all of it could be read. */
static bool read_entries(struct dpkg *d, vt_span text, bool status)
{
	uint32_t entries = d->entries, broken = d->broken;
	struct vt_package p;
	size_t at = 0;
	vt_err e;

	while ((e = vt_dpkg_next(text, &at, status, vt_collect_arena(d->c), &p)) != VT_END) {
		if (e) {
			d->broken++;
			missed(d, d->database, e == VT_ENOMEM ? VT_MISS_LIMIT : VT_MISS_MALFORMED);
			if (e == VT_ENOMEM)
				return false;
			continue;
		}
		d->entries++;
		d->broken += p.malformed;
		add_name(d, &p);
		vt_belong_package(&d->belong);
		if (vt_package_installed(vt_span_str(d->manager), p.status))
			look_at_files(d, &p, status);
		vt_record_package(d->c,
			&(struct vt_record){.manager = d->manager,
				.package = &p,
				.database = d->database,
				.state = vt_belong_state(&d->belong)});
	}
	if (!vt_dpkg_whole(text, d->has_info && status)) {
		d->broken++;
		missed(d, d->database, VT_MISS_MALFORMED);
	}
	if (d->entries == entries && d->broken == broken) {
		d->broken++; /* a system without any package has no dpkg either */
		missed(d, d->database, VT_MISS_MALFORMED);
	}
	return d->broken == broken;
}

static bool read_file(struct dpkg *d, vt_span path, size_t max, bool status)
{
	vt_buf b = VT_BUF_INIT(max);
	vt_err e = vt_record_read(d->c, path, &b);
	struct vt_node node;
	bool whole = false;

	d->database = path;
	if (!e) {
		if (!vt_tree_stat(vt_collect_tree(d->c), path, true, &node))
			vt_collect_hidden(d->c, node.hidden);
		whole = read_entries(d, vt_buf_span(&b), status);
		vt_collect_hidden(d->c, false);
	} else if (e != VT_END) {
		d->broken++;
	}
	vt_buf_free(&b);
	return whole;
}

/* A list of files without an entry: somebody took the entry away, or the package's files lie here
 * of another installation. */
static vt_err on_info(void *ctx, vt_span name, const struct vt_node *node)
{
	struct dpkg *d = ctx;
	struct vt_package p = {.status = vt_span_str("no entry")};
	vt_span full, locus;

	if (node->type == VT_NODE_FOLDER || !vt_dpkg_list_name(name, ".list", &p.name, &p.arch))
		return VT_OK;
	full = vt_span_of(name.p, name.n - 5);
	if (vt_name_set_has(&d->names, full) || d->names.overflow)
		return VT_OK;
	if (!vt_record_join(d->c, d->folder, vt_span_str("/info/"), &locus) ||
		!vt_record_join(d->c, locus, name, &locus))
		return VT_ENOMEM;
	d->orphans++;
	p.malformed = true;
	vt_record_package(
		d->c, &(struct vt_record){.manager = d->manager, .package = &p, .database = locus});
	return VT_OK;
}

/* updates/0001 and so on: what dpkg has not yet put into status. */
static vt_err on_update(void *ctx, vt_span name, const struct vt_node *node)
{
	struct dpkg *d = ctx;
	vt_span path;

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < '0' || name.p[i] > '9')
			return VT_OK;
	if (node->type == VT_NODE_FOLDER)
		return VT_OK;
	if (!vt_record_join(d->c, d->folder, vt_span_str("/updates/"), &path) ||
		!vt_record_join(d->c, path, name, &path))
		return VT_ENOMEM;
	(void)read_file(d, path, UPDATE_MAX, true);
	return VT_OK;
}

static vt_err on_status_d(void *ctx, vt_span name, const struct vt_node *node)
{
	struct dpkg *d = ctx;
	vt_span path, unused;

	if (node->type == VT_NODE_FOLDER || vt_dpkg_list_name(name, ".md5sums", &unused, &unused))
		return VT_OK;
	if (!vt_record_join(d->c, d->folder, vt_span_str("/status.d/"), &path) ||
		!vt_record_join(d->c, path, name, &path))
		return VT_ENOMEM;
	(void)read_file(d, path, UPDATE_MAX, false);
	return VT_OK;
}

/* True if the folder was there and listed to its end. */
static bool list(struct dpkg *d, const char *sub, vt_tree_entry_fn *fn)
{
	vt_span path;
	vt_err e;

	if (!vt_record_join(d->c, d->folder, vt_span_str(sub), &path))
		return false;
	e = vt_tree_list(vt_collect_tree(d->c), path, fn, d);
	if (e && e != VT_END) {
		d->broken++;
		missed(d, path, vt_collect_miss_of(e));
	}
	return !e;
}

static void read_database(struct vt_collect *c, vt_span root, vt_span folder)
{
	struct dpkg d = {.c = c, .root = root, .folder = folder, .names = VT_NAME_SET_INIT};
	struct vt_node node;
	vt_span path;
	char what[64];
	bool whole;

	d.manager = vt_span_at(folder, folder.n - 4, "opkg", 4) ? "opkg" : "dpkg";
	if (!vt_record_join(c, folder, vt_span_str("/info"), &path))
		return;
	d.has_info = !vt_tree_stat(vt_collect_tree(c), path, true, &node);
	if (!vt_record_join(c, folder, vt_span_str("/status"), &path))
		return;
	whole = read_file(&d, path, VT_DATABASE_MAX, true);
	if (d.has_info && d.entries)
		(void)list(&d, "/updates", on_update);
	if (list(&d, "/status.d", on_status_d))
		whole = d.entries > 0;
	else if (!d.entries && !d.broken)
		missed(&d, path, VT_MISS_ABSENT);
	if (d.has_info && !d.names.overflow)
		(void)list(&d, "/info", on_info);
	if (d.names.overflow)
		missed(&d, folder, VT_MISS_LIMIT);
	/* lists of another set of packages, or files that are not here: of another root */
	if (whole && (d.orphans > d.entries / 4 || !vt_belong_here(&d.belong, root))) {
		whole = false;
		missed(&d, folder, VT_MISS_MALFORMED);
	}
	if (whole && !d.broken && !root.n) {
		(void)snprintf(what, sizeof what, "%s %.*s", d.manager, (int)folder.n,
			(const char *)folder.p);
		vt_collect_source(c, VT_AREA_PACKAGES, what);
	}
	vt_name_set_free(&d.names);
}

static vt_err dpkg_start(struct vt_collect *c, void **out_state)
{
	*out_state = NULL;
	(void)vt_record_folders(c, folders, VT_COUNT(folders), read_database);
	return VT_OK;
}

static vt_err dpkg_visit(struct vt_collect *c, void *state, const struct vt_visit *v)
{
	(void)state;
	vt_record_nested(c, v, folders, VT_COUNT(folders), read_database);
	return VT_OK;
}

const struct vt_collector vt_collector_dpkg = {
	.name = "dpkg",
	.area = VT_AREA_PACKAGES,
	.start = dpkg_start,
	.visit = dpkg_visit,
};
