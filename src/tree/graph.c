/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define NAME_BYTES_MAX 4096 /* of one name; tar knows no limit */

struct graph {
	struct vt_tree t;
	const struct vt_graph_ops *ops;
	void *g;
	uint64_t root;
};

struct search {
	const struct graph *f;
	uint64_t *above; /* from the root to the folder that is looked at */
	size_t depth, cap;
	vt_buf todo;
	size_t at;
	unsigned links;
};

static vt_err push(struct search *s, uint64_t id)
{
	if (s->depth == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 32;
		uint64_t *grown = reallocarray(s->above, cap, sizeof *grown);

		if (!grown)
			return VT_ENOMEM;
		s->above = grown;
		s->cap = cap;
	}
	s->above[s->depth++] = id;
	return VT_OK;
}

static vt_err child(const struct graph *f, uint64_t dir, vt_span name, uint64_t *out_id)
{
	vt_err e = f->ops->child(f->g, dir, name, out_id);
	struct vt_names names = {0};
	bool found = false;

	if (e != VT_END || !f->t.fold)
		return e;
	e = f->ops->names(f->g, dir, &names);
	if (!e)
		vt_names_sort(&names);
	for (size_t i = 0; !e && !found && i < names.n; i++)
		if (vt_name_same(vt_name_at(&names, i), name)) {
			*out_id = names.v[i].id;
			found = true;
		}
	vt_names_free(&names);
	return e ? e : found ? VT_OK : VT_END;
}

/* Puts the link's target in front of the rest of the path. */
static vt_err follow_link(struct search *s, uint64_t id)
{
	vt_buf rest = {.max = s->todo.max};
	vt_err e;

	if (++s->links > VT_TREE_LINKS_MAX)
		return VT_ELIMIT;
	e = s->f->ops->link(s->f->g, id, &rest);
	if (!e && rest.n == 0)
		e = VT_END;
	if (!e && rest.p[0] == '/')
		s->depth = 1;
	if (!e)
		e = vt_buf_add_u8(&rest, '/');
	if (!e)
		e = vt_buf_add(&rest, s->todo.p + s->at, s->todo.n - s->at);
	if (e) {
		vt_buf_free(&rest);
		return e;
	}
	vt_buf_free(&s->todo);
	s->todo = rest;
	s->at = 0;
	return VT_OK;
}

static bool is_last(const struct search *s)
{
	for (size_t i = s->at; i < s->todo.n; i++)
		if (s->todo.p[i] != '/')
			return false;
	return true;
}

static vt_err search_path(struct search *s, bool follow, uint64_t *out_id, struct vt_node *out)
{
	vt_span name;
	vt_err e = push(s, s->f->root);

	while (!e) {
		if (vt_path_next(vt_buf_span(&s->todo), &s->at, &name)) {
			*out_id = s->above[s->depth - 1];
			return s->f->ops->node(s->f->g, *out_id, out);
		}
		if (vt_span_eq(name, vt_span_str(".")))
			continue;
		if (vt_span_eq(name, vt_span_str(".."))) {
			s->depth -= s->depth > 1;
			continue;
		}
		e = child(s->f, s->above[s->depth - 1], name, out_id);
		if (!e)
			e = s->f->ops->node(s->f->g, *out_id, out);
		if (e)
			break;
		if (out->type == VT_NODE_LINK && (follow || !is_last(s)))
			e = follow_link(s, *out_id);
		else if (is_last(s))
			return VT_OK;
		else
			e = out->type == VT_NODE_FOLDER ? push(s, *out_id) : VT_END;
	}
	return e;
}

static vt_err find(
	const struct graph *f, vt_span path, bool follow, uint64_t *out_id, struct vt_node *out)
{
	struct search s = {.f = f, .todo = {.max = 2 * (size_t)VT_TREE_PATH_MAX}};
	vt_err e = vt_buf_add(&s.todo, path.p, path.n);

	if (!e)
		e = search_path(&s, follow, out_id, out);
	vt_buf_free(&s.todo);
	free(s.above);
	return e;
}

static vt_err graph_stat(struct vt_tree *t, vt_span path, bool follow, struct vt_node *out)
{
	struct vt_node node = {0};
	uint64_t id = 0;
	vt_err e = find((const struct graph *)t, path, follow, &id, &node);

	if (!e)
		*out = node;
	return e;
}

static vt_err graph_open(struct vt_tree *t, vt_span path, uint64_t max, int *out_fd)
{
	const struct graph *f = (const struct graph *)t;
	struct vt_node node = {0};
	uint64_t id = 0;
	vt_err e = find(f, path, true, &id, &node);

	if (e)
		return e;
	if (node.type != VT_NODE_FILE)
		return VT_EUNSUPPORTED;
	return node.size > max ? VT_ELIMIT : f->ops->open(f->g, id, max, out_fd);
}

static vt_err graph_link(struct vt_tree *t, vt_span path, vt_buf *out)
{
	const struct graph *f = (const struct graph *)t;
	struct vt_node node = {0};
	uint64_t id = 0;
	vt_err e = find(f, path, false, &id, &node);

	if (e)
		return e;
	return node.type == VT_NODE_LINK ? f->ops->link(f->g, id, out) : VT_EUNSUPPORTED;
}

/* What a name in a folder may be; anything else is an attack or damage. */
static bool name_ok(vt_span n)
{
	return n.n && n.n <= NAME_BYTES_MAX && !memchr(n.p, 0, n.n) && !memchr(n.p, '/', n.n) &&
		!vt_span_eq(n, vt_span_str(".")) && !vt_span_eq(n, vt_span_str(".."));
}

static vt_err graph_list(struct vt_tree *t, vt_span path, vt_tree_entry_fn *fn, void *ctx)
{
	const struct graph *f = (const struct graph *)t;
	struct vt_names names = {0};
	struct vt_node node = {0};
	uint64_t id = 0;
	vt_err e = find(f, path, true, &id, &node);

	if (!e && node.type != VT_NODE_FOLDER)
		e = VT_END;
	if (!e)
		e = f->ops->names(f->g, id, &names);
	if (!e)
		vt_names_sort(&names);
	for (size_t i = 0; !e && i < names.n; i++) {
		vt_span name = vt_name_at(&names, i);

		if (!name_ok(name))
			continue;
		e = f->ops->node(f->g, names.v[i].id, &node);
		if (!e)
			e = fn(ctx, name, &node);
		else if (e != VT_ENOMEM)
			e = VT_OK; /* a damaged entry is as good as none */
	}
	vt_names_free(&names);
	return e;
}

/* Walking ------------------------------------------------------------------------------------ */

struct level {
	struct vt_names names;
	size_t at, path_n;
};

/* Folders that were entered: a damaged file system may have one in two places, or in itself. */
struct seen {
	uint64_t *v; /* id + 1; 0: free */
	size_t n, cap;
};

struct walk {
	const struct graph *f;
	const struct vt_walk_fns *fns;
	vt_buf path;
	struct level *levels;
	size_t nlevels, cap;
	struct seen seen;
};

static size_t seen_slot(const struct seen *s, uint64_t key)
{
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (s->cap - 1);

	while (s->v[at] && s->v[at] != key)
		at = (at + 1) & (s->cap - 1);
	return at;
}

/* VT_END: it was there. */
static vt_err seen_add(struct seen *s, uint64_t id)
{
	size_t slot;

	if (2 * s->n >= s->cap) {
		struct seen grown = {.cap = s->cap ? 2 * s->cap : 256, .n = s->n};

		grown.v = calloc(grown.cap, sizeof *grown.v);
		if (!grown.v)
			return VT_ENOMEM;
		for (size_t i = 0; i < s->cap; i++)
			if (s->v[i])
				grown.v[seen_slot(&grown, s->v[i])] = s->v[i];
		free(s->v);
		*s = grown;
	}
	slot = seen_slot(s, id + 1);
	if (s->v[slot])
		return VT_END;
	s->v[slot] = id + 1;
	s->n++;
	return VT_OK;
}

static void missed(struct walk *w, enum vt_miss why)
{
	w->fns->missed(w->fns->ctx, vt_buf_span(&w->path), why);
}

static enum vt_miss miss_of(vt_err e)
{
	return e == VT_EIO             ? VT_MISS_UNREADABLE
		: e == VT_ELIMIT       ? VT_MISS_LIMIT
		: e == VT_EUNSUPPORTED ? VT_MISS_UNSUPPORTED
		: e == VT_EENCRYPTED   ? VT_MISS_ENCRYPTED
				       : VT_MISS_MALFORMED;
}

static vt_err enter(struct walk *w, uint64_t id)
{
	struct level *l;
	vt_err e = seen_add(&w->seen, id);

	if (e == VT_ENOMEM)
		return e;
	if (e || w->path.n >= VT_TREE_PATH_MAX) {
		missed(w, e ? VT_MISS_MALFORMED : VT_MISS_LIMIT);
		return VT_OK;
	}
	if (w->nlevels == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 32;

		l = reallocarray(w->levels, cap, sizeof *l);
		if (!l)
			return VT_ENOMEM;
		w->levels = l;
		w->cap = cap;
	}
	l = &w->levels[w->nlevels];
	*l = (struct level){.path_n = w->path.n};
	e = w->f->ops->names(w->f->g, id, &l->names);
	w->nlevels++;
	if (e == VT_ENOMEM)
		return e;
	if (e) /* what was read of it is still looked at */
		missed(w, miss_of(e));
	vt_names_sort(&l->names);
	return VT_OK;
}

static vt_err visit(struct walk *w, vt_span name, uint64_t id, size_t keep)
{
	struct vt_node node = {0};
	struct vt_visit v;
	vt_err e;

	if (!name_ok(name)) {
		w->path.n = keep;
		w->path.p[keep] = 0;
		missed(w, VT_MISS_ESCAPES);
		return VT_OK;
	}
	e = vt_path_join(&w->path, keep, name);
	if (e == VT_ELIMIT) {
		missed(w, VT_MISS_LIMIT);
		return VT_OK;
	}
	if (!e)
		e = w->f->ops->node(w->f->g, id, &node);
	if (e == VT_ENOMEM)
		return e;
	if (e) {
		missed(w, miss_of(e));
		return VT_OK;
	}
	v = (struct vt_visit){.path = vt_buf_span(&w->path),
		.name = vt_span_of(w->path.p + w->path.n - name.n, name.n),
		.node = &node,
		.tree = (struct vt_tree *)(uintptr_t)&w->f->t,
		.place = &id};
	e = w->fns->entry(w->fns->ctx, &v);
	if (node.type == VT_NODE_FOLDER && !e)
		return enter(w, id);
	return e == VT_END ? VT_OK : e;
}

static vt_err step(struct walk *w)
{
	struct level *l = &w->levels[w->nlevels - 1];
	vt_err e = VT_OK;

	if (l->at < l->names.n) {
		size_t i = l->at++;

		return visit(w, vt_name_at(&l->names, i), l->names.v[i].id, l->path_n);
	}
	w->path.n = l->path_n;
	w->path.p[l->path_n] = 0;
	vt_names_free(&l->names);
	w->nlevels--;
	if (w->fns->leave)
		e = w->fns->leave(w->fns->ctx, vt_buf_span(&w->path));
	return e;
}

static vt_err graph_walk(struct vt_tree *t, vt_span from, const struct vt_walk_fns *fns)
{
	struct walk w = {
		.f = (const struct graph *)t, .fns = fns, .path = {.max = VT_TREE_PATH_MAX}};
	enum vt_miss why = VT_MISS_MALFORMED;
	struct vt_node node = {0};
	uint64_t id = 0;
	vt_err e;

	while (from.n > 1 && from.p[from.n - 1] == '/')
		from.n--;
	e = find(w.f, from, true, &id, &node);
	if (!e && node.type != VT_NODE_FOLDER)
		e = VT_END;
	if (!e)
		e = vt_buf_add(&w.path, from.p, from.n);
	if (!e && w.f->ops->lacks && w.f->ops->lacks(w.f->g, &why))
		missed(&w, why);
	if (!e)
		e = enter(&w, id);
	while (!e && w.nlevels)
		e = step(&w);
	while (w.nlevels)
		vt_names_free(&w.levels[--w.nlevels].names);
	free(w.levels);
	free(w.seen.v);
	vt_buf_free(&w.path);
	return e;
}

static vt_err graph_visit_open(const struct vt_visit *v, uint64_t max, int *out_fd)
{
	const struct graph *f = (const struct graph *)v->tree;

	return f->ops->open(f->g, *(const uint64_t *)v->place, max, out_fd);
}

static void graph_free(struct vt_tree *t)
{
	struct graph *f = (struct graph *)t;

	if (f->ops->free)
		f->ops->free(f->g);
	free(f);
}

static const struct vt_tree_ops tree_ops = {
	.free = graph_free,
	.stat = graph_stat,
	.open = graph_open,
	.link = graph_link,
	.list = graph_list,
	.walk = graph_walk,
	.visit_open = graph_visit_open,
};

vt_err vt_graph_tree(const struct vt_graph_ops *ops, void *g, uint64_t root, struct vt_tree **out)
{
	struct graph *f = calloc(1, sizeof *f);

	if (!f)
		return VT_ENOMEM;
	*f = (struct graph){.t = {.ops = &tree_ops}, .ops = ops, .g = g, .root = root};
	*out = &f->t;
	return VT_OK;
}
