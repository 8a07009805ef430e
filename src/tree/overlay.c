/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define NONE VT_OVERLAY_NONE
#define BUCKETS_MIN 256u

static uint32_t hash(uint32_t parent, vt_span name)
{
	uint32_t h = 2166136261u ^ (parent * 2654435761u);

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ name.p[i]) * 16777619u;
	return h ^ (h >> 15);
}

static vt_span name_of(const struct vt_overlay *o, const struct vt_dent *d)
{
	return vt_span_of(o->text.p + d->name, d->name_n);
}

static void file_node(struct vt_overlay *o, uint32_t id)
{
	struct vt_dent *d = &o->v[id];
	uint32_t *bucket = &o->buckets[hash(d->parent, name_of(o, d)) & (o->nbuckets - 1)];

	d->hash_next = *bucket;
	*bucket = id;
}

static vt_err more_buckets(struct vt_overlay *o)
{
	size_t n = o->nbuckets ? 2 * o->nbuckets : BUCKETS_MIN;
	uint32_t *grown = reallocarray(o->buckets, n, sizeof *grown);

	if (!grown)
		return VT_ENOMEM;
	o->buckets = grown;
	o->nbuckets = n;
	for (size_t i = 0; i < n; i++)
		grown[i] = NONE;
	for (size_t i = 1; i < o->n; i++) /* the newest stands first again */
		file_node(o, (uint32_t)i);
	return VT_OK;
}

/* The newest that is not gone. */
static uint32_t lookup(const struct vt_overlay *o, uint32_t dir, vt_span name)
{
	uint32_t id = o->buckets[hash(dir, name) & (o->nbuckets - 1)];
	uint64_t steps = 1;

	for (; id != NONE; id = o->v[id].hash_next, steps++)
		if (o->v[id].parent == dir && !o->v[id].gone &&
			vt_span_eq(name_of(o, &o->v[id]), name))
			break;
	*o->work += steps;
	return id;
}

/* A new child; `like` has all but its place and name. */
static vt_err add_node(struct vt_overlay *o, uint32_t dir, vt_span name, const struct vt_dent *like,
	uint32_t *out_id)
{
	struct vt_dent *d;
	vt_err e = VT_OK;

	if (o->n >= VT_OVERLAY_NODES_MAX)
		return VT_ELIMIT;
	if (o->n == o->cap) {
		size_t cap = o->cap ? 2 * o->cap : 256;

		d = reallocarray(o->v, cap, sizeof *d);
		if (!d)
			return VT_ENOMEM;
		o->v = d;
		o->cap = cap;
	}
	if (o->n >= o->nbuckets)
		e = more_buckets(o);
	d = &o->v[o->n];
	*d = *like;
	d->parent = dir;
	d->first = NONE;
	d->name = (uint32_t)o->text.n;
	d->name_n = (uint32_t)name.n;
	if (!e)
		e = vt_buf_add(&o->text, name.p, name.n);
	if (e)
		return e;
	if (o->n) {
		d->next = o->v[dir].first;
		o->v[dir].first = (uint32_t)o->n;
		file_node(o, (uint32_t)o->n);
	} else {
		d->next = NONE;
	}
	*out_id = (uint32_t)o->n++;
	return VT_OK;
}

vt_err vt_overlay_new(struct vt_overlay *o, struct vt_tar *const *tars, uint64_t *work)
{
	struct vt_dent root = {.by_member = NONE, .from_member = NONE, .folder = true};
	uint32_t id;
	vt_err e;

	*o = (struct vt_overlay){.tars = tars, .work = work, .text = {.max = VT_TAR_TEXT_MAX}};
	e = add_node(o, 0, vt_span_str(""), &root, &id);
	if (e)
		vt_overlay_free(o);
	return e;
}

void vt_overlay_free(struct vt_overlay *o)
{
	free(o->v);
	free(o->buckets);
	vt_buf_free(&o->text);
	*o = (struct vt_overlay){0};
}

static void touch(struct vt_overlay *o, uint32_t id, uint32_t layer)
{
	while (o->v[id].touch != layer) {
		o->v[id].touch = layer;
		id = o->v[id].parent;
	}
}

/* A link's target; empty if it is none. */
static vt_span target_of(const struct vt_overlay *o, uint32_t id)
{
	const struct vt_dent *d = &o->v[id];
	const struct vt_tar *t;

	if (d->folder || d->from_member == NONE)
		return vt_span_of(NULL, 0);
	t = o->tars[d->from_layer];
	if (t->v[d->from_member].kind != VT_MEMBER_LINK)
		return vt_span_of(NULL, 0);
	return vt_member_target(t, &t->v[d->from_member]);
}

static bool is_last(vt_span todo, size_t at)
{
	vt_span name;

	return vt_path_next(todo, &at, &name) != VT_OK;
}

/*
 * Finds the folder of a path, following links, and the path's last name. Folders that are not there
 * are made if `make`, else VT_END. What stands in the way and leads nowhere is replaced.
 */
struct route {
	uint32_t dir;
	uint32_t layer;
	bool make;
	unsigned links;
	vt_buf todo;
	size_t at;
	vt_span name; /* in todo */
};

static vt_err route_link(struct vt_overlay *o, struct route *r, vt_span target)
{
	vt_buf rest = {.max = r->todo.max};
	vt_err e = vt_buf_add(&rest, target.p, target.n);

	if (!e)
		e = vt_buf_add_u8(&rest, '/');
	if (!e)
		e = vt_buf_add(&rest, r->todo.p + r->at, r->todo.n - r->at);
	if (e) {
		vt_buf_free(&rest);
		return e;
	}
	if (target.p[0] == '/')
		r->dir = 0;
	vt_buf_free(&r->todo);
	r->todo = rest;
	r->at = 0;
	*o->work += rest.n / 64;
	return VT_OK;
}

static vt_err route_step(struct vt_overlay *o, struct route *r, vt_span name)
{
	struct vt_dent folder = {.by_layer = r->layer,
		.by_member = NONE,
		.from_member = NONE,
		.touch = NONE,
		.folder = true};
	uint32_t id = lookup(o, r->dir, name);
	vt_span target;

	if (id != NONE && o->v[id].folder) {
		r->dir = id;
		return VT_OK;
	}
	target = id == NONE ? vt_span_of(NULL, 0) : target_of(o, id);
	if (target.n && ++r->links <= VT_TREE_LINKS_MAX)
		return route_link(o, r, target);
	if (!r->make)
		return VT_END;
	if (id != NONE)
		o->v[id].gone = true;
	return add_node(o, r->dir, name, &folder, &r->dir);
}

/* Free r->todo in any case. */
static vt_err route(struct vt_overlay *o, struct route *r, vt_span path)
{
	vt_span name;
	vt_err e;

	r->todo.max = 2 * (size_t)VT_TREE_PATH_MAX;
	e = vt_buf_add(&r->todo, path.p, path.n);
	while (!e) {
		e = vt_path_next(vt_buf_span(&r->todo), &r->at, &name);
		if (e)
			return e;
		if (is_last(vt_buf_span(&r->todo), r->at)) {
			r->name = name;
			return VT_OK;
		}
		if (vt_span_eq(name, vt_span_str("..")))
			r->dir = o->v[r->dir].parent;
		else if (!vt_span_eq(name, vt_span_str(".")))
			e = route_step(o, r, name);
	}
	return e;
}

/* Takes away all below `dir` that this layer did not put there. */
static vt_err clear_below(struct vt_overlay *o, uint32_t dir, uint32_t layer)
{
	uint32_t *stack = NULL;
	size_t n = 0, cap = 0;

	for (;;) {
		for (uint32_t c = o->v[dir].first; c != NONE; c = o->v[c].next) {
			++*o->work;
			if (o->v[c].gone)
				continue;
			if (o->v[c].touch != layer) {
				o->v[c].gone = true;
				continue;
			}
			if (!o->v[c].folder)
				continue;
			if (n == cap) {
				uint32_t *grown =
					reallocarray(stack, cap ? 2 * cap : 64, sizeof *grown);

				if (!grown) {
					free(stack);
					return VT_ENOMEM;
				}
				stack = grown;
				cap = cap ? 2 * cap : 64;
			}
			stack[n++] = c;
		}
		if (n == 0)
			break;
		dir = stack[--n];
	}
	free(stack);
	return VT_OK;
}

#define PREFIX ".wh."
#define OPAQUE ".wh..wh..opq"
enum mark { MARK_NONE, MARK_GONE, MARK_OPAQUE, MARK_OTHER };

/*
 * ".wh." alone, and with "." or ".." behind it, name nothing that could be taken away: they are
 * files of that name, never a reason to take their folder away.
 */
static enum mark mark_of(vt_span name, vt_span *out_victim)
{
	if (!vt_span_at(name, 0, PREFIX, 4))
		return MARK_NONE;
	*out_victim = vt_span_of(name.p + 4, name.n - 4);
	if (vt_span_eq(name, vt_span_str(OPAQUE)))
		return MARK_OPAQUE;
	if (out_victim->n == 0 || vt_span_eq(*out_victim, vt_span_str(".")) ||
		vt_span_eq(*out_victim, vt_span_str("..")))
		return MARK_NONE;
	return vt_span_at(*out_victim, 0, PREFIX, 4) ? MARK_OTHER : MARK_GONE;
}

/* A whiteout; in a layer's own tree it is nothing, unless it has content. */
static vt_err take_away(
	struct vt_overlay *o, uint32_t dir, uint32_t layer, enum mark mark, vt_span victim)
{
	uint32_t id;

	if (mark == MARK_OPAQUE)
		return clear_below(o, dir, layer);
	id = mark == MARK_GONE ? lookup(o, dir, victim) : NONE;
	if (id == NONE)
		return VT_OK;
	if (o->v[id].touch != layer)
		o->v[id].gone = true;
	else if (o->v[id].folder)
		return clear_below(o, id, layer);
	return VT_OK;
}

/* Where the content of a hard link is: with whom it is linked to, at this moment. */
static vt_err find_target(
	struct vt_overlay *o, uint32_t layer, const struct vt_member *m, struct vt_dent *d)
{
	struct route r = {.layer = layer};
	uint32_t id = NONE;
	vt_err e = route(o, &r, vt_member_target(o->tars[layer], m));

	if (!e)
		id = lookup(o, r.dir, r.name);
	vt_buf_free(&r.todo);
	d->from_member = NONE;
	if (id != NONE && !o->v[id].folder) {
		d->from_layer = o->v[id].from_layer;
		d->from_member = o->v[id].from_member;
	}
	return e == VT_ENOMEM ? e : VT_OK;
}

static vt_err place(struct vt_overlay *o, struct route *r, uint32_t member, uint32_t *out_id)
{
	const struct vt_member *m = &o->tars[r->layer]->v[member];
	struct vt_dent d = {.by_layer = r->layer,
		.from_layer = r->layer,
		.by_member = member,
		.from_member = member,
		.touch = NONE,
		.folder = m->kind == VT_MEMBER_FOLDER};
	uint32_t id = lookup(o, r->dir, r->name);
	vt_err e = VT_OK;

	if (m->kind == VT_MEMBER_HARD)
		e = find_target(o, r->layer, m, &d);
	if (e)
		return e;
	if (id != NONE && d.folder && o->v[id].folder) {
		o->v[id].by_layer = o->v[id].from_layer = r->layer;
		o->v[id].by_member = o->v[id].from_member = member;
		*out_id = id;
	} else {
		e = add_node(o, r->dir, r->name, &d, out_id);
		if (!e && id != NONE)
			o->v[id].gone = true;
	}
	if (!e)
		touch(o, *out_id, r->layer);
	return e;
}

static vt_err apply(struct vt_overlay *o, uint32_t layer, uint32_t member, uint32_t *out_id)
{
	const struct vt_tar *t = o->tars[layer];
	const struct vt_member *m = &t->v[member];
	vt_span path = vt_member_path(t, m), base = path, victim = {0};
	struct route r = {.layer = layer};
	enum mark mark;
	vt_err e;

	*out_id = NONE;
	if (*o->work > VT_OVERLAY_WORK_MAX)
		return VT_ELIMIT;
	if (path.n == 0) { /* the root itself */
		if (m->kind == VT_MEMBER_FOLDER) {
			o->v[0].by_layer = o->v[0].from_layer = layer;
			o->v[0].by_member = o->v[0].from_member = member;
			*out_id = 0;
		}
		return VT_OK;
	}
	while (base.n && memchr(base.p, '/', base.n)) {
		base.p++;
		base.n--;
	}
	mark = o->whiteouts || o->own ? mark_of(base, &victim) : MARK_NONE;
	if (mark != MARK_NONE && o->own && m->size == 0)
		return VT_OK;
	r.make = mark == MARK_NONE || o->own;
	e = route(o, &r, path);
	if (e == VT_END && !r.make)
		e = VT_OK; /* nothing there to take away */
	else if (!e && r.make)
		e = place(o, &r, member, out_id);
	else if (!e)
		e = take_away(o, r.dir, layer, mark, victim);
	vt_buf_free(&r.todo);
	return e;
}

vt_err vt_overlay_layer(struct vt_overlay *o, uint32_t layer, uint32_t *placed)
{
	vt_err e = VT_OK;

	o->v[0].touch = layer;
	for (size_t i = 0; !e && i < o->tars[layer]->n; i++)
		e = apply(o, layer, (uint32_t)i, &placed[i]);
	return e;
}

/* The tree ----------------------------------------------------------------------------------- */

/* The member whose content a node has; NULL: nobody's. */
static const struct vt_member *content_of(
	const struct vt_overlay_view *w, uint64_t id, uint32_t *out_layer)
{
	const struct vt_dent *d = &w->o->v[id];
	size_t low = 0, high = w->nlower;

	if (d->from_member == NONE) {
		while (low < high) {
			size_t mid = low + (high - low) / 2;

			if (w->lower[mid].parent < id)
				low = mid + 1;
			else
				high = mid;
		}
		if (low == w->nlower || w->lower[low].parent != id)
			return NULL;
		d = &w->lower[low];
	}
	*out_layer = d->from_layer;
	return &w->o->tars[d->from_layer]->v[d->from_member];
}

static vt_err view_node(void *g, uint64_t id, struct vt_node *out)
{
	static const enum vt_node_type types[] = {
		[VT_MEMBER_FILE] = VT_NODE_FILE,
		[VT_MEMBER_FOLDER] = VT_NODE_FOLDER,
		[VT_MEMBER_LINK] = VT_NODE_LINK,
		[VT_MEMBER_OTHER] = VT_NODE_OTHER,
		[VT_MEMBER_HARD] = VT_NODE_OTHER,
	};
	const struct vt_overlay_view *w = g;
	const struct vt_member *m;
	uint32_t layer = 0;

	if (id >= w->o->n)
		return VT_EFORMAT;
	m = content_of(w, id, &layer);
	if (!m && !w->o->v[id].folder)
		return VT_EFORMAT; /* a hard link to nothing */
	*out = (struct vt_node){.type = VT_NODE_FOLDER, .mode = 0755};
	if (m)
		*out = (struct vt_node){.type = types[m->kind],
			.mode = m->mode,
			.uid = m->uid,
			.gid = m->gid,
			.size = m->kind == VT_MEMBER_FILE ? m->size : 0,
			.mtime = m->mtime,
			.dev = 1 + (uint64_t)layer,
			.ino = 1 + (uint64_t)(m - w->o->tars[layer]->v)};
	out->hidden = w->hidden && w->hidden[id];
	return VT_OK;
}

static vt_err view_child(void *g, uint64_t dir, vt_span name, uint64_t *out_id)
{
	const struct vt_overlay_view *w = g;
	uint32_t id = lookup(w->o, (uint32_t)dir, name);

	if (id == NONE)
		return VT_END;
	*out_id = id;
	return VT_OK;
}

static vt_err view_names(void *g, uint64_t dir, struct vt_names *out)
{
	const struct vt_overlay_view *w = g;
	vt_err e = VT_OK;

	for (uint32_t c = w->o->v[dir].first; !e && c != NONE; c = w->o->v[c].next)
		if (w->o->own || !w->o->v[c].gone)
			e = vt_names_add(out, name_of(w->o, &w->o->v[c]), c);
	return e;
}

static vt_err view_link(void *g, uint64_t id, vt_buf *out)
{
	const struct vt_overlay_view *w = g;
	uint32_t layer = 0;
	const struct vt_member *m = content_of(w, id, &layer);
	vt_span target;

	if (!m || m->kind != VT_MEMBER_LINK)
		return VT_EUNSUPPORTED;
	target = vt_member_target(w->o->tars[layer], m);
	return vt_buf_add(out, target.p, target.n);
}

static vt_err view_open(void *g, uint64_t id, uint64_t max, int *out_fd)
{
	const struct vt_overlay_view *w = g;
	uint32_t layer = 0;
	const struct vt_member *m = content_of(w, id, &layer);

	return m ? vt_tar_open(w->o->tars[layer], m, w->spool, max, out_fd) : VT_EFORMAT;
}

static bool view_lacks(void *g, enum vt_miss *out_why)
{
	const struct vt_overlay_view *w = g;

	if (w->lacks)
		*out_why = w->why;
	return w->lacks;
}

static const struct vt_graph_ops ops = {
	.lacks = view_lacks,
	.node = view_node,
	.child = view_child,
	.names = view_names,
	.link = view_link,
	.open = view_open,
};

vt_err vt_overlay_tree(struct vt_overlay_view *view, struct vt_tree **out)
{
	return vt_graph_tree(&ops, view, 0, out);
}
