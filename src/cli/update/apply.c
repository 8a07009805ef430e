/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/update/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/progress.h"
#include "cli/update/build.h"
#include "cli/update/directives.h"
#include "cli/update/live.h"
#include "cli/update/tryout.h"
#include "cli/where.h"
#include "os/fd.h"
#include "store/folder.h"

#define ARENA_MAX ((size_t)16 << 20)
#define PLAN_MAX ((size_t)64 << 20)

struct apply {
	const struct vt_apply_job *job;
	struct vt_apply_result *out;
	vt_arena arena;
	int state, sets, into, lock;
	char *compiler, *worker;
	struct vt_generation now;
	bool has_now;
	struct vt_build build;
};

/* A sentence that is too long is cut. */
__attribute__((format(printf, 2, 3))) static void explain(struct apply *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(a->out->why, sizeof a->out->why, fmt, args);
	va_end(args);
}

static void failed(struct apply *a, vt_err e, const char *what)
{
	a->out->outcome = VT_APPLY_FAILED;
	explain(a, "%s: %s", what, e == VT_EIO && errno ? strerror(errno) : vt_err_text(e));
}

static void refused(struct apply *a, const char *id, const char *why)
{
	a->out->outcome = VT_APPLY_REFUSED;
	a->out->refusal = id;
	explain(a, "%s", why);
}

static vt_err open_all(struct apply *a)
{
	vt_err e = vt_store_open(a->job->state, true, &a->state);

	if (!e)
		e = vt_live_open(a->job->state, true, &a->sets);
	if (!e)
		e = vt_store_lock(a->sets, true, &a->lock);
	if (!e)
		e = vt_where_program("vitrine-compiler", &a->compiler);
	if (!e)
		e = vt_where_program("vitrine-worker", &a->worker);
	if (e) {
		failed(a, e, a->job->state);
		return e;
	}
	a->has_now = vt_live_read(a->sets, "live", &a->arena, &a->now) == VT_OK;
	return VT_OK;
}

static void close_all(struct apply *a)
{
	vt_build_free(&a->build);
	vt_fd_close(a->into);
	vt_fd_close(a->lock);
	vt_fd_close(a->sets);
	vt_fd_close(a->state);
	free(a->compiler);
	free(a->worker);
	vt_arena_free(&a->arena);
}

/* What the plan asks for, and not which state asks: rules are withdrawn at once, too. */
static bool is_content_of(const struct vt_generation *g, const struct vt_plan *p)
{
	vt_hash content;

	return g->has_content && vt_plan_digest(p, &content) == VT_OK &&
		vt_hash_eq(&content, &g->content);
}

static bool is_same(const struct apply *a)
{
	return a->has_now && is_content_of(&a->now, a->job->plan) &&
		!(a->job->merge && a->now.delta);
}

/* Crashes put this very content out of use: it would only crash again. */
static bool is_bad(struct apply *a)
{
	struct vt_generation bad;

	return vt_live_bad(a->sets, &a->arena, &bad) == VT_OK && is_content_of(&bad, a->job->plan);
}

static vt_err build(struct apply *a)
{
	struct vt_build *b = &a->build;
	double started = vt_now();
	int store = openat(a->state, "update", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	vt_err e = store < 0 ? VT_EIO : vt_live_new(a->sets, &a->into);

	*b = (struct vt_build){
		.compiler = a->compiler,
		.store = store,
		.sets = a->sets,
		.into = a->into,
		.plan = a->job->plan,
		.log = a->job->log,
		.now = a->has_now ? &a->now : NULL,
		.merge = a->job->merge,
		.arena = &a->arena,
	};
	if (!e)
		e = vt_build_run(b);
	vt_fd_close(store);
	a->out->seconds_compile = vt_now() - started;
	a->out->lines_more = b->more;
	a->out->lines_less = b->less;
	if (e)
		failed(a, e, b->why[0] ? b->why : "new content");
	else if (b->refusal)
		refused(a, b->refusal, b->why);
	return e ? e : b->refusal ? VT_EUNSUPPORTED : VT_OK;
}

static size_t open_new(const struct apply *a, int fds[2])
{
	static const char *const names[] = {"base.vtdb", "delta.vtdb"};
	size_t n = 0;

	for (size_t i = 0; i < (a->build.next.delta ? 2u : 1u); i++) {
		fds[n] = openat(a->into, names[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		n += fds[n] >= 0;
	}
	return n;
}

static vt_err try_out(struct apply *a)
{
	char name[VT_GENERATION_MAX];
	int fresh[2], in_use[2];
	size_t nfresh = open_new(a, fresh), nin_use = 0;
	double started = vt_now();
	struct vt_tryout t = {.worker = a->worker,
		.images = fresh,
		.nimages = nfresh,
		.in_use = in_use,
		.samples = vt_buf_span(&a->build.samples)};
	vt_err e = nfresh ? VT_OK : VT_EIO;

	if (vt_live_images(a->job->state, "live", in_use, &nin_use, name) != VT_OK)
		nin_use = 0;
	t.nin_use = nin_use;
	if (!e)
		e = vt_tryout_run(&t);
	for (size_t i = 0; i < nfresh; i++)
		vt_fd_close(fresh[i]);
	for (size_t i = 0; i < nin_use; i++)
		vt_fd_close(in_use[i]);
	a->out->seconds_tryout = vt_now() - started;
	/* a worker that will not take the image says so at once */
	if (e && e != VT_ENOMEM && e != VT_EIO) {
		refused(a, "tryout-load", "the worker does not take the compiled content");
		return VT_EUNSUPPORTED;
	}
	if (e)
		failed(a, e, "the try-out");
	else if (t.refusal)
		refused(a, t.refusal, t.why);
	return e ? e : t.refusal ? VT_EUNSUPPORTED : VT_OK;
}

/* Directives are documents: they must hold to their formats before anything is switched. */
static vt_err check_documents(struct apply *a)
{
	int store = openat(a->state, "update", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_refused = false;
	char why[512];
	vt_err e = vt_directives_check(store, a->into, a->job->plan, why, sizeof why, &is_refused);

	vt_fd_close(store);
	if (e)
		failed(a, e, "documents of directives");
	else if (is_refused)
		refused(a, "document", why);
	return e ? e : is_refused ? VT_EUNSUPPORTED : VT_OK;
}

static vt_err write_documents(struct apply *a)
{
	int store = openat(a->state, "update", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	vt_err e = vt_directives_write(a->state, store, a->into, a->job->plan);

	vt_fd_close(store);
	return e;
}

/* What is in use, for later runs to compare with. */
static vt_err write_plan(struct apply *a)
{
	vt_buf b = VT_BUF_INIT(PLAN_MAX);
	vt_err e = vt_plan_write(&b, a->job->plan);

	if (!e)
		e = vt_store_write(a->sets, "new/plan", vt_buf_span(&b));
	vt_buf_free(&b);
	return e;
}

static vt_err switch_over(struct apply *a)
{
	vt_err e = write_plan(a);

	a->out->step = VT_STEP_SWITCH;
	a->build.next.applied = (int64_t)time(NULL);
	if (!e)
		e = write_documents(a);
	if (!e)
		e = vt_live_switch(a->sets, &a->build.next);
	if (e) {
		failed(a, e, "switching to the new content");
		return e;
	}
	vt_directives_prune(a->state, a->job->plan);
	snprintf(a->out->generation, sizeof a->out->generation, "%s", a->build.next.name);
	a->out->outcome = VT_APPLY_DONE;
	return VT_OK;
}

static bool has_content(const struct vt_plan *p)
{
	for (size_t i = 0; i < p->nsets; i++) {
		if (p->sets[i].kind == VT_ENTRY_CONTENT)
			return true;
	}
	return false;
}

void vt_update_apply(const struct vt_apply_job *job, struct vt_apply_result *out)
{
	struct apply a = {.job = job,
		.out = out,
		.arena = VT_ARENA_INIT(ARENA_MAX),
		.state = -1,
		.sets = -1,
		.into = -1,
		.lock = -1};
	vt_err e;

	*out = (struct vt_apply_result){.outcome = VT_APPLY_FAILED, .step = VT_STEP_TRYOUT};
	e = open_all(&a);
	if (!e && a.has_now)
		snprintf(out->generation, sizeof out->generation, "%s", a.now.name);
	if (!e && is_same(&a)) {
		out->outcome = VT_APPLY_SAME;
	} else if (!e && is_bad(&a)) {
		refused(&a, "crashed-before", "workers crashed on this very content before");
	} else if (!e && !has_content(job->plan)) {
		refused(&a, "nothing-live", "no set of signatures is live in this state");
	} else if (!e) {
		e = build(&a);
		if (!e)
			e = check_documents(&a);
		if (!e)
			e = try_out(&a);
		if (!e)
			(void)!switch_over(&a);
	}
	close_all(&a);
}
