/* SPDX-License-Identifier: Apache-2.0 */
/* A run that only notes what a collector says: one line a fact, for tests. */
#ifndef VT_COLLECT_FAKE_COLLECT_H
#define VT_COLLECT_FAKE_COLLECT_H

#include <stdio.h>

#include "collect/collect.h"
#include "inventory/catalogue.h"
#include "os/fd.h"

struct vt_collect {
	struct vt_tree *tree;
	enum vt_platform platform;
	struct vt_catalogue catalogue;
	vt_arena arena;
	vt_buf text;             /* "file name=a path=/a" */
	bool hidden, live, loci; /* loci: facts begin with "@place " */
	size_t seen, read, misses, facts, scans;
};

static inline struct vt_collect *fake_collect(struct vt_tree *t)
{
	static struct vt_collect c;

	c = (struct vt_collect){
		.tree = t, .arena = VT_ARENA_INIT(64u << 20), .text = {.max = 16u << 20}};
	return &c;
}

static inline void fake_collect_free(struct vt_collect *c)
{
	vt_arena_free(&c->arena);
	vt_buf_free(&c->text);
}

struct vt_tree *vt_collect_tree(struct vt_collect *c)
{
	return c->tree;
}

bool vt_collect_live(const struct vt_collect *c)
{
	return c->live;
}

enum vt_platform vt_collect_platform(const struct vt_collect *c)
{
	return c->platform;
}

vt_arena *vt_collect_arena(struct vt_collect *c)
{
	return &c->arena;
}

void vt_collect_fact(struct vt_collect *c, const struct vt_fact *f)
{
	c->facts++;
	(void)!vt_buf_addf(&c->text, "%s%s", c->hidden ? "hidden " : "", vt_fact_word(f->kind));
	if (c->loci)
		(void)!vt_buf_addf(&c->text, " @%.*s", (int)f->locus.n, (const char *)f->locus.p);
	for (unsigned i = 0; i < VT_ATTRS; i++)
		if (f->v[i].n)
			(void)!vt_buf_addf(&c->text, " %s=%.*s", vt_attr_word((enum vt_attr)i),
				(int)f->v[i].n, (const char *)f->v[i].p);
	(void)!vt_buf_addf(&c->text, "\n");
}

void vt_collect_source(struct vt_collect *c, enum vt_area a, const char *what)
{
	(void)!vt_buf_addf(&c->text, "source %s %s\n", vt_area_word(a), what);
}

void vt_collect_seen(struct vt_collect *c, enum vt_area a, bool read)
{
	(void)a;
	c->seen++;
	c->read += read;
}

void vt_collect_missed(struct vt_collect *c, enum vt_area a, vt_span locus, enum vt_miss why)
{
	(void)a;
	c->seen++;
	c->misses++;
	(void)!vt_buf_addf(&c->text, "missed %s %.*s\n", vt_miss_word(why), (int)locus.n,
		(const char *)locus.p);
}

enum vt_miss vt_collect_miss_of(vt_err e)
{
	return e == VT_ELIMIT ? VT_MISS_LIMIT
		: e == VT_EIO ? VT_MISS_UNREADABLE
			      : VT_MISS_MALFORMED;
}

void vt_collect_scan(struct vt_collect *c, vt_span path, int fd, uint64_t size, bool hidden)
{
	c->scans++;
	(void)!vt_buf_addf(&c->text, "%sscan %.*s %llu\n", hidden ? "hidden " : "", (int)path.n,
		(const char *)path.p, (unsigned long long)size);
	vt_fd_close(fd);
}

void vt_collect_hidden(struct vt_collect *c, bool hidden)
{
	c->hidden = hidden;
}

const struct vt_catalogue *vt_collect_catalogue(const struct vt_collect *c)
{
	return &c->catalogue;
}

/* One collector over the whole tree. */
static inline vt_err fake_entry(void *ctx, const struct vt_visit *v);
static inline vt_err fake_leave(void *ctx, vt_span path);
static inline void fake_missed(void *ctx, vt_span path, enum vt_miss why);

struct fake_run {
	struct vt_collect *c;
	const struct vt_collector *collector;
	void *state;
};

static inline vt_err fake_entry(void *ctx, const struct vt_visit *v)
{
	struct fake_run *r = ctx;
	vt_err e = r->collector->visit(r->c, r->state, v);

	vt_arena_reset(&r->c->arena);
	return e;
}

static inline vt_err fake_leave(void *ctx, vt_span path)
{
	struct fake_run *r = ctx;

	if (r->collector->leave)
		r->collector->leave(r->c, r->state, path);
	return VT_OK;
}

static inline void fake_missed(void *ctx, vt_span path, enum vt_miss why)
{
	struct fake_run *r = ctx;

	vt_collect_missed(r->c, r->collector->area, path, why);
}

static inline vt_err fake_run(struct vt_collect *c, const struct vt_collector *collector)
{
	struct fake_run r = {.c = c, .collector = collector};
	struct vt_walk_fns fns = {
		.entry = fake_entry, .leave = fake_leave, .missed = fake_missed, .ctx = &r};
	vt_err e = collector->start ? collector->start(c, &r.state) : VT_OK;

	if (!e && collector->visit)
		e = vt_tree_walk(c->tree, vt_span_str("/"), &fns);
	if (collector->finish)
		collector->finish(c, r.state);
	return e;
}

#endif
