/* SPDX-License-Identifier: Apache-2.0 */
/* What the collectors of packages share. */
#include "collect/record.h"

#include "base/num.h"
#include "inventory/package/fields.h"

static vt_span cut(vt_span s)
{
	return vt_span_clip(s, 0, VT_FACT_VALUE_MAX);
}

/* "database#part" or "database#name:arch" */
static bool locus_of(struct vt_collect *c, const struct vt_record *r, vt_span *out)
{
	vt_span name = r->part.n ? cut(r->part) : cut(r->package->name);
	vt_span arch = r->part.n ? vt_span_of(NULL, 0) : cut(r->package->arch);
	char *p = vt_arena_alloc(vt_collect_arena(c), r->database.n + name.n + arch.n + 3);
	size_t n = r->database.n;

	if (!p)
		return false;
	memcpy(p, r->database.p, n);
	if (name.n) {
		p[n++] = '#';
		memcpy(p + n, name.p, name.n);
		n += name.n;
	}
	if (arch.n) {
		p[n++] = ':';
		memcpy(p + n, arch.p, arch.n);
		n += arch.n;
	}
	*out = vt_span_of(p, n);
	return true;
}

void vt_record_package(struct vt_collect *c, const struct vt_record *r)
{
	const struct vt_package *p = r->package;
	struct vt_fact f = {.kind = VT_FACT_PACKAGE};

	if (!locus_of(c, r, &f.locus)) {
		vt_collect_missed(c, VT_AREA_PACKAGES, r->database, VT_MISS_LIMIT);
		return;
	}
	f.v[VT_ATTR_MANAGER] = vt_span_str(r->manager);
	f.v[VT_ATTR_NAME] = cut(p->name);
	f.v[VT_ATTR_VERSION] = cut(p->version);
	f.v[VT_ATTR_ARCH] = cut(p->arch);
	f.v[VT_ATTR_STATUS] = cut(p->status);
	f.v[VT_ATTR_VENDOR] = cut(p->vendor);
	f.v[VT_ATTR_SOURCE] = cut(p->source);
	f.v[VT_ATTR_LICENSE] = cut(p->license);
	f.v[VT_ATTR_PATH] = cut(r->path);
	if (r->state)
		f.v[VT_ATTR_STATE] = vt_span_str(r->state);
	vt_collect_fact(c, &f);
	if (p->malformed)
		vt_collect_missed(c, VT_AREA_PACKAGES, f.locus, VT_MISS_MALFORMED);
	else
		vt_collect_seen(c, VT_AREA_PACKAGES, true);
}

bool vt_record_join(struct vt_collect *c, vt_span a, vt_span b, vt_span *out)
{
	char *p = vt_arena_alloc(vt_collect_arena(c), a.n + b.n + 1);

	if (!p)
		return false;
	if (a.n)
		memcpy(p, a.p, a.n);
	if (b.n)
		memcpy(p + a.n, b.p, b.n);
	*out = vt_span_of(p, a.n + b.n);
	return true;
}

vt_err vt_record_read(struct vt_collect *c, vt_span path, vt_buf *out)
{
	vt_err e = vt_tree_read(vt_collect_tree(c), path, out);

	if (e && e != VT_END)
		vt_collect_missed(c, VT_AREA_PACKAGES, path, vt_collect_miss_of(e));
	return e;
}

/* True if a link leads to it. */
static bool is_linked(struct vt_tree *t, vt_span path)
{
	struct vt_node node;

	for (size_t i = 1; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		if (vt_tree_stat(t, vt_span_of(path.p, i), false, &node))
			return false;
		if (node.type == VT_NODE_LINK)
			return true;
	}
	return false;
}

#define FOLDERS_MAX 8u

bool vt_record_folders(
	struct vt_collect *c, const char *const *folders, size_t n, vt_database_fn *fn)
{
	struct vt_tree *t = vt_collect_tree(c);
	struct vt_node done[FOLDERS_MAX], node;
	size_t ndone = 0;
	bool seen_before;

	/* real folders first, then those that a link leads to, if they are others */
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n && ndone < FOLDERS_MAX; i++) {
			vt_span path = vt_span_str(folders[i]);

			if (vt_tree_stat(t, path, true, &node) || node.type != VT_NODE_FOLDER ||
				is_linked(t, path) != (pass == 1))
				continue;
			seen_before = false;
			for (size_t k = 0; pass && k < ndone; k++)
				seen_before = seen_before || !node.ino ||
					(node.ino == done[k].ino && node.dev == done[k].dev);
			if (seen_before)
				continue;
			done[ndone++] = node;
			fn(c, vt_span_str(""), path);
		}
	}
	return ndone > 0;
}

void vt_record_nested(struct vt_collect *c, const struct vt_visit *v, const char *const *folders,
	size_t n, vt_database_fn *fn)
{
	if (v->node->type != VT_NODE_FOLDER)
		return;
	for (size_t i = 0; i < n; i++)
		if (vt_span_eq(v->path, vt_span_str(folders[i])))
			return; /* this system's own */
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(folders[i]);

		if (v->path.n > len && vt_span_at(v->path, v->path.n - len, folders[i], len)) {
			fn(c, vt_span_of(v->path.p, v->path.n - len), v->path);
			return;
		}
	}
}

void vt_belong_package(struct vt_belong *b)
{
	b->p_asked = b->p_there = b->p_looked = 0;
}

bool vt_belong_more(const struct vt_belong *b)
{
	return b->p_asked < VT_BELONG_FILES && b->p_looked < VT_BELONG_LOOK;
}

void vt_belong_ask(
	struct vt_collect *c, struct vt_belong *b, vt_span root, vt_span folder, vt_span name)
{
	/* what images leave out on purpose */
	static const char *const skipped[] = {
		"/usr/share/", "/usr/include/", "/var/cache/", "/run/"};
	struct vt_node node;
	vt_span path;

	b->p_looked++;
	for (size_t i = 0; i < VT_COUNT(skipped); i++)
		if (vt_span_at(folder, 0, skipped[i], strlen(skipped[i])))
			return;
	if (folder.n + name.n < 2 || !vt_record_join(c, root, folder, &path) ||
		!vt_record_join(c, path, name, &path) || memchr(path.p, 0, path.n))
		return;
	b->asked++;
	b->p_asked++;
	if (!vt_tree_stat(vt_collect_tree(c), path, false, &node)) {
		b->there++;
		b->p_there++;
	}
}

const char *vt_belong_state(const struct vt_belong *b)
{
	return b->p_asked && !b->p_there ? "files-missing" : NULL;
}

bool vt_belong_here(const struct vt_belong *b, vt_span root)
{
	return root.n || b->asked == 0 || b->there >= b->asked / 2 + b->asked % 2;
}
