/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine guard ... serve: the kernel asks before a program starts. Its path is compared here, its
 * bytes in the scanner's sandboxed workers. What can't be answered in time is let through, loudly:
 * a guard that hangs must not take the system with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/remedy/guard_rules.h"
#include "cli/signals.h"
#include "cli/where.h"
#include "os/fd.h"
#include "proc/supervisor/pool.h"
#include "remedy/watch.h"

#define WAITING_MAX 1024
#define KNOWN 8192 /* answers that are remembered */
#define PATH_MAX_ 2048

/* What identifies a file's content well enough, as long as nobody can set ctime. */
struct identity {
	uint64_t dev, ino, size;
	int64_t mtime, ctime;
};
struct known {
	struct identity id;
	bool used, allow;
};
struct waiting {
	struct vt_question q;
	struct identity id;
	uint64_t until;
	bool used;
};
struct serving {
	struct vt_guarding *g;
	struct vt_watch watch;
	struct vt_pool *pool; /* NULL: no content rules */
	struct waiting *waiting;
	struct known *known;
	size_t nwaiting;
	uint64_t asked, denied, let_through;
	vt_err fatal;
};

static const char *path_of(int fd, char buf[PATH_MAX_])
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, buf, PATH_MAX_ - 1);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static struct identity identity_of(int fd)
{
	struct identity id;
	struct stat st;

	memset(&id, 0, sizeof id);
	if (fstat(fd, &st) == 0) {
		id.dev = (uint64_t)st.st_dev;
		id.ino = (uint64_t)st.st_ino;
		id.size = (uint64_t)st.st_size;
		id.mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		id.ctime = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
	}
	return id;
}

static struct known *known_at(struct serving *s, const struct identity *id)
{
	uint64_t h = (id->ino * 0x9e3779b97f4a7c15u) ^ (id->dev * 0xff51afd7ed558ccdu);

	return &s->known[(h >> 20) % KNOWN];
}

static void remember(struct serving *s, const struct identity *id, bool allow)
{
	*known_at(s, id) = (struct known){*id, true, allow};
}

static void deny(struct serving *s, const struct vt_question *q, vt_span rule)
{
	char path[PATH_MAX_], why[600];

	(void)snprintf(why, sizeof why, "process %ld was not let start it: %.*s", (long)q->pid,
		(int)vt_min_size(rule.n, 400), (const char *)rule.p);
	vt_guard_alert(s->g, "denied", path_of(q->fd, path), why);
	s->denied++;
	vt_watch_answer(&s->watch, q, false);
}

/* Never silently: an owner has to know what the guard did not see. */
static void let_through(struct serving *s, const struct vt_question *q, const char *why)
{
	char path[PATH_MAX_];

	vt_guard_alert(s->g, "let-through", path_of(q->fd, path), why);
	s->let_through++;
	vt_watch_answer(&s->watch, q, true);
}

static void submit(struct serving *s, const struct vt_question *q, const struct identity *id)
{
	size_t i = 0;
	int copy;
	vt_err e;

	while (i < WAITING_MAX && s->waiting[i].used)
		i++;
	copy = i < WAITING_MAX ? fcntl(q->fd, F_DUPFD_CLOEXEC, 3) : -1;
	if (copy < 0) {
		let_through(s, q, "too many programs wait to be looked at");
		return;
	}
	e = vt_pool_submit(s->pool, copy, i, id->size);
	if (!e)
		e = vt_pool_flush(s->pool);
	if (e) {
		vt_fd_close(copy);
		let_through(s, q, "the scanner does not take it");
		return;
	}
	s->waiting[i] = (struct waiting){*q, *id, vt_clock_ms() + s->g->s->wait_ms, true};
	s->nwaiting++;
}

static void question(void *ctx, const struct vt_question *q)
{
	struct serving *s = ctx;
	struct identity id = identity_of(q->fd);
	const struct known *k = known_at(s, &id);
	char path[PATH_MAX_];
	vt_span rule;

	s->asked++;
	/* our own workers are started by this very process: asking them would wait for itself */
	if (q->pid == getpid()) {
		vt_watch_answer(&s->watch, q, true);
		return;
	}
	rule = vt_guard_path_rule(s->g, vt_span_str(path_of(q->fd, path)));
	if (rule.n) {
		deny(s, q, rule);
	} else if (k->used && memcmp(&k->id, &id, sizeof id) == 0) {
		if (k->allow)
			vt_watch_answer(&s->watch, q, true);
		else
			deny(s, q, vt_span_str("its content, which was looked at before"));
	} else if (!s->pool) {
		vt_watch_answer(&s->watch, q, true);
	} else {
		submit(s, q, &id);
	}
}

static void result(void *ctx, uint64_t id, const struct vt_report *report)
{
	struct serving *s = ctx;
	struct waiting *w = &s->waiting[vt_min_u64(id, WAITING_MAX - 1)];

	if (!w->used)
		return; /* answered when its time was over */
	w->used = false;
	s->nwaiting--;
	if (report->ndetections) {
		remember(s, &w->id, false);
		deny(s, &w->q, report->detections[0].rule);
	} else if (report->ngaps) {
		/* a limit or an unknown archive inside is no reason to stop a program */
		let_through(s, &w->q, "not all of it could be looked at");
	} else {
		remember(s, &w->id, true);
		vt_watch_answer(&s->watch, &w->q, true);
	}
}

static void overdue(struct serving *s)
{
	uint64_t now = vt_clock_ms();

	for (size_t i = 0; i < WAITING_MAX && s->nwaiting; i++) {
		struct waiting *w = &s->waiting[i];

		if (!w->used || now < w->until)
			continue;
		w->used = false;
		s->nwaiting--;
		let_through(s, &w->q, "it was not looked at in time");
	}
}

static vt_err start_pool(struct serving *s, int image, char **out_worker)
{
	struct vt_pool_config c = {
		.workers = 2, .images = &image, .nimages = 1, .limits = vt_limits_default()};
	vt_err e;

	if (image < 0)
		return VT_OK;
	e = vt_where_program("vitrine-worker", out_worker);
	if (e) {
		fputs(VT_GUARD_COMMAND ": vitrine-worker is missing\n", stderr);
		return e;
	}
	c.worker_path = *out_worker;
	c.limits.time_ms = s->g->s->wait_ms;
	c.grace_ms = 1000;
	e = vt_pool_new(&c, result, s, &s->pool);
	if (e)
		vt_complain(VT_GUARD_COMMAND, *out_worker, "%s", vt_err_text(e));
	return e;
}

static vt_err start_watch(struct serving *s, const char *worker)
{
	const struct vt_strings *paths = &s->g->s->paths;
	vt_err e = vt_watch_open(&s->watch);

	if (e) {
		vt_complain(VT_GUARD_COMMAND, "fanotify", "%s",
			e == VT_EUNSUPPORTED ? "this kernel does not ask before programs start"
					     : strerror(errno));
		return e;
	}
	for (size_t i = 0; i < paths->n && !e; i++)
		e = vt_watch_add(&s->watch, paths->v[i], false);
	if (!paths->n)
		e = vt_watch_add_all(&s->watch);
	if (!e && worker)
		(void)!vt_watch_spare(&s->watch, worker);
	if (e)
		vt_complain(VT_GUARD_COMMAND, paths->n ? paths->v[0] : "/", "can't be watched: %s",
			strerror(errno));
	return e;
}

static void loop(struct serving *s)
{
	struct pollfd p = {.fd = s->watch.fd, .events = POLLIN};
	vt_err e = VT_OK;

	while (!e && !vt_signals_stop()) {
		(void)poll(&p, 1, s->nwaiting ? 2 : 500);
		e = vt_watch_read(&s->watch, question, s);
		if (!e && s->pool)
			e = vt_pool_run(s->pool, 0);
		overdue(s);
	}
	if (e)
		vt_complain(VT_GUARD_COMMAND, "serve", "%s: programs start unseen from now on",
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	s->fatal = e;
}

int vt_guard_serve(struct vt_guarding *g)
{
	struct serving s = {.g = g, .watch.fd = -1};
	vt_arena a = VT_ARENA_INIT((size_t)64 << 20);
	char *worker = NULL;
	int image = -1;
	vt_err e = VT_ENOMEM;

	s.waiting = calloc(WAITING_MAX, sizeof *s.waiting);
	s.known = calloc(KNOWN, sizeof *s.known);
	if (!s.waiting || !s.known)
		goto out;
	vt_signals_install();
	e = vt_guard_rules(g, &a, &image);
	if (!e)
		e = start_pool(&s, image, &worker);
	if (!e)
		e = start_watch(&s, worker);
	if (e)
		goto out;
	printf("Guarding: programs of %zu mounts, %s content rules.\n", s.watch.marks,
		s.pool ? "with" : "without");
	(void)fflush(stdout);
	loop(&s);
	printf("%" PRIu64 " asked, %" PRIu64 " denied, %" PRIu64 " let through unseen\n", s.asked,
		s.denied, s.let_through);
	e = s.fatal;
out:
	/* closing it answers all that waits with yes */
	vt_watch_close(&s.watch);
	vt_pool_free(s.pool);
	vt_fd_close(image);
	vt_arena_free(&a);
	free(worker);
	free(s.waiting);
	free(s.known);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
