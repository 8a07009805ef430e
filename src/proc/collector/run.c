/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/collector/run.h"

#include <stdlib.h>

#include "base/num.h"
#include "inventory/judge.h"
#include "os/fd.h"

#define ARENA_MAX ((size_t)1 << 30)
#define PROGRESS_MS 200

static const struct vt_collector *const collectors[] = {
#define VT_COLLECTOR(name) &vt_collector_##name,
#include "collect/collectors.def"
#undef VT_COLLECTOR
};
#define COLLECTORS VT_COUNT(collectors)

vt_err vt_run_init(struct vt_collect *c, int channel, const struct vt_wire_collect *job,
	const struct vt_catalogue *catalogue)
{
	*c = (struct vt_collect){
		.channel = channel,
		.job = job,
		.catalogue = catalogue,
		.message = VT_BUF_INIT(VT_MSG_MAX),
		.raw = VT_BUF_INIT((size_t)VT_ATTRS * VT_FACT_VALUE_MAX * 4),
		.arena = VT_ARENA_INIT(ARENA_MAX),
		.hits = calloc(catalogue->nrules + 1, sizeof *c->hits),
	};
	return c->hits ? VT_OK : VT_ENOMEM;
}

void vt_run_free(struct vt_collect *c)
{
	vt_arena_free(&c->arena);
	vt_buf_free(&c->message);
	vt_buf_free(&c->raw);
	free(c->hits);
}

/* Platforms by what each always has. */
static enum vt_platform platform_of(struct vt_tree *t)
{
	static const struct {
		const char *path;
		enum vt_platform platform;
	} marks[] = {
		{"/Windows/System32/config", VT_PLATFORM_WINDOWS},
		{"/windows/system32/config", VT_PLATFORM_WINDOWS},
		{"/WINDOWS/system32/config", VT_PLATFORM_WINDOWS},
		{"/System/Library/CoreServices/SystemVersion.plist", VT_PLATFORM_MACOS},
		{"/etc", VT_PLATFORM_LINUX},
		{"/usr", VT_PLATFORM_LINUX},
		{"/bin", VT_PLATFORM_LINUX},
	};
	struct vt_node n;

	for (size_t i = 0; i < VT_COUNT(marks); i++)
		if (!vt_tree_stat(t, vt_span_str(marks[i].path), true, &n))
			return marks[i].platform;
	return VT_PLATFORM_UNKNOWN;
}

static const char *platform_word(enum vt_platform p)
{
	static const char *const words[] = {
		[VT_PLATFORM_UNKNOWN] = "",
		[VT_PLATFORM_LINUX] = "linux",
		[VT_PLATFORM_WINDOWS] = "windows",
		[VT_PLATFORM_MACOS] = "macos",
	};

	return words[p];
}

static void send_progress(struct vt_collect *c)
{
	uint64_t now = vt_clock_ms();
	vt_err e;

	if (now - c->last_sent < PROGRESS_MS || c->failed)
		return;
	c->last_sent = now;
	e = vt_msg_begin(&c->message, VT_MSG_PROGRESS);
	if (!e)
		e = vt_buf_add_u64(&c->message, c->entries);
	if (!e)
		e = vt_channel_send(c->channel, vt_buf_span(&c->message), NULL, 0, true);
	c->failed = e;
}

struct walk {
	struct vt_collect *c;
	const bool *on;
	void **states;
};

static bool is_excluded(const struct vt_collect *c, vt_span path)
{
	for (uint32_t i = 0; i < c->job->nexcludes; i++)
		if (vt_glob_match(c->job->excludes[i], path, false))
			return true;
	return false;
}

static vt_err on_entry(void *ctx, const struct vt_visit *v)
{
	struct walk *w = ctx;
	struct vt_collect *c = w->c;
	vt_err e = VT_OK;

	if (!(++c->entries & 1023))
		send_progress(c);
	if (c->failed)
		return c->failed;
	if (c->job->nexcludes && is_excluded(c, v->path)) {
		vt_collect_missed(c, VT_AREA_CONTENT, v->path, VT_MISS_EXCLUDED);
		return v->node->type == VT_NODE_FOLDER ? VT_END : VT_OK;
	}
	c->hidden = v->node->hidden;
	for (size_t i = 0; i < COLLECTORS && !e; i++)
		if (w->on[i] && collectors[i]->visit) {
			vt_arena_reset(&c->arena);
			e = collectors[i]->visit(c, w->states[i], v);
		}
	c->hidden = false;
	return e ? e : c->failed;
}

static vt_err on_leave(void *ctx, vt_span path)
{
	struct walk *w = ctx;

	for (size_t i = 0; i < COLLECTORS; i++)
		if (w->on[i] && collectors[i]->leave)
			collectors[i]->leave(w->c, w->states[i], path);
	return w->c->failed;
}

static void on_missed(void *ctx, vt_span path, enum vt_miss why)
{
	struct walk *w = ctx;

	vt_collect_missed(w->c, VT_AREA_CONTENT, path, why);
}

static vt_err walk(struct walk *w)
{
	const struct vt_walk_fns fns = {
		.entry = on_entry, .leave = on_leave, .missed = on_missed, .ctx = w};
	bool any = false;
	vt_err e;

	for (size_t i = 0; i < COLLECTORS; i++)
		any |= w->on[i] && collectors[i]->visit;
	if (!any)
		return VT_OK;
	e = vt_tree_walk(w->c->tree, vt_span_str("/"), &fns);
	if (w->c->failed)
		return w->c->failed;
	if (e)
		vt_collect_broken(w->c, VT_AREA_CONTENT, vt_span_str("/"), vt_collect_miss_of(e));
	else
		vt_collect_source(w->c, VT_AREA_CONTENT, "walk");
	return VT_OK;
}

/* Is this one to run over the present subject? */
static bool is_on(const struct vt_collect *c, const struct vt_collector *v)
{
	if (!(c->asked & 1u << v->area))
		return false;
	if (c->kind == VT_SUBJECT_SYSTEM)
		return v->live_only == (c->job->what == VT_COLLECT_PROCESSES);
	return !v->live_only;
}

static vt_err collect(struct vt_collect *c)
{
	void *states[COLLECTORS] = {0};
	bool on[COLLECTORS] = {0};
	struct walk w = {.c = c, .on = on, .states = states};
	vt_err e = VT_OK;

	for (size_t i = 0; i < COLLECTORS && !c->failed; i++) {
		vt_err started = VT_OK;

		on[i] = is_on(c, collectors[i]);
		c->hidden = false;
		vt_arena_reset(&c->arena);
		if (on[i] && collectors[i]->start)
			started = collectors[i]->start(c, &states[i]);
		if (started) {
			on[i] = false;
			vt_collect_broken(c, collectors[i]->area, vt_span_str(collectors[i]->name),
				vt_collect_miss_of(started));
		}
		send_progress(c);
	}
	e = walk(&w);
	for (size_t i = 0; i < COLLECTORS; i++)
		if (on[i] && collectors[i]->finish)
			collectors[i]->finish(c, states[i]);
	return e ? e : c->failed;
}

static vt_err send_coverage(struct vt_collect *c)
{
	vt_err e = vt_coverage_write(&c->message, c->coverage, c->asked);

	return e ? e : vt_channel_send(c->channel, vt_buf_span(&c->message), NULL, 0, true);
}

vt_err vt_run_subject(struct vt_collect *c, struct vt_subject *subject, struct vt_tree *tree,
	enum vt_miss why_not)
{
	vt_err e;

	c->tree = tree;
	c->kind = subject->kind;
	c->platform = tree ? platform_of(tree) : VT_PLATFORM_UNKNOWN;
	memset(c->coverage, 0, sizeof c->coverage);
	memset(c->hits, 0, c->catalogue->nrules * sizeof *c->hits);
	c->asked = 0;
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (c->job->areas & 1u << a && vt_area_applies(c->kind, (enum vt_area)a))
			c->asked |= 1u << a;
	if (c->platform == VT_PLATFORM_WINDOWS)
		vt_tree_fold(tree);
	if (!subject->platform.n)
		subject->platform = vt_span_str(platform_word(c->platform));
	e = vt_subject_write(&c->message, subject);
	if (!e)
		e = vt_channel_send(c->channel, vt_buf_span(&c->message), NULL, 0, true);
	if (e)
		return e;
	if (tree)
		e = collect(c);
	for (unsigned a = 0; !tree && a < VT_AREAS; a++)
		if (c->asked & 1u << a)
			vt_collect_broken(c, (enum vt_area)a, subject->name, why_not);
	return e ? e : c->failed ? c->failed : send_coverage(c);
}
