/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/progress.h"
#include "cli/roots.h"
#include "cli/signals.h"
#include "cli/spool.h"
#include "cli/text.h"
#include "os/fd.h"

#define TICK_MS 100
#define NO_SLOT SIZE_MAX

/* A file that is with the pool; its index is the file's id there. */
struct slot {
	char *path; /* NULL: the slot is free */
	size_t path_n;
	size_t next_free;
	bool cut; /* only the beginning was handed over */
};

struct scan {
	const struct vt_scan_plan *plan;
	struct vt_outputs *outputs;
	struct vt_pool *pool;
	struct vt_walk *walk;
	struct vt_roots roots;
	struct slot *slots;
	size_t nslots, free_slot;
	struct vt_report local; /* for files that no worker sees, and for added gaps */
	struct vt_summary sum;
	struct vt_progress progress;
	double next_tick;
	vt_err fatal; /* ends the scan; what it was has been printed, or is VT_EPEER */
};

static bool is_stopped(const struct scan *s)
{
	return s->fatal || vt_signals_stop();
}

static void count(struct scan *s, const struct vt_result *r)
{
	const struct vt_report *rep = r->report;
	bool unread = false;

	s->sum.files++;
	s->sum.bytes += rep->file_bytes;
	s->sum.objects += rep->objects;
	s->sum.object_bytes += rep->object_bytes;
	s->sum.detections += rep->ndetections + rep->detections_dropped;
	s->sum.by_verdict[r->verdict]++;
	for (size_t i = 0; i < rep->ngaps; i++) {
		s->sum.gaps[rep->gaps[i].reason]++;
		unread = unread ||
			(rep->gaps[i].reason == VT_REASON_UNREADABLE && rep->gaps[i].path.n == 0);
	}
	s->sum.errors += unread;
}

static void record(struct scan *s, vt_span path, const struct vt_report *report, int error)
{
	struct vt_result r = {
		.path = path,
		.verdict = vt_report_verdict(report),
		.report = report,
		.error = error,
	};

	count(s, &r);
	if (s->plan->on_terminal && (r.verdict != VT_CLEAN || s->plan->shows_clean))
		vt_progress_clear(&s->progress);
	if (error && s->plan->print_errors) {
		vt_progress_clear(&s->progress);
		fputs("vitrine scan: ", stderr);
		vt_put_visible(stderr, path);
		fprintf(stderr, ": %s\n", strerror(error));
	}
	if (!s->fatal)
		s->fatal = vt_outputs_file(s->outputs, &r);
}

/* A file that no worker looks at. */
static void record_gap(struct scan *s, const struct vt_walk_item *item)
{
	vt_report_reset(&s->local);
	s->fatal = vt_report_gap(&s->local, item->reason, (vt_span){0});
	if (!s->fatal)
		record(s, item->path, &s->local, item->error);
}

static vt_err copy_report(struct vt_report *to, const struct vt_report *from)
{
	vt_err e = VT_OK;

	vt_report_reset(to);
	for (size_t i = 0; !e && i < from->ndetections; i++)
		e = vt_report_detection(to, &from->detections[i]);
	for (size_t i = 0; !e && i < from->ngaps; i++)
		e = vt_report_gap(to, from->gaps[i].reason, from->gaps[i].path);
	to->file_bytes = from->file_bytes;
	to->object_bytes = from->object_bytes;
	to->objects = from->objects;
	return e;
}

/* An answer of the pool. */
static void deliver(void *ctx, uint64_t id, const struct vt_report *report)
{
	struct scan *s = ctx;
	struct slot *slot;

	if (id >= s->nslots || !s->slots[id].path)
		return;
	slot = &s->slots[id];
	/* Ctrl-C reaches workers of the same terminal too: their end says nothing of the file. */
	if (!vt_signals_stop()) {
		if (slot->cut && copy_report(&s->local, report) == VT_OK &&
			vt_report_gap(&s->local, VT_REASON_LIMIT_FILE_SIZE, (vt_span){0}) == VT_OK)
			report = &s->local;
		record(s, vt_span_of(slot->path, slot->path_n), report, 0);
		vt_crashes_note(s->plan->crashes, vt_span_of(slot->path, slot->path_n), report);
	}
	free(slot->path);
	slot->path = NULL;
	slot->next_free = s->free_slot;
	s->free_slot = (size_t)id;
}

/* Draws and flushes ten times a second, whatever else happens. */
static void tick(struct scan *s)
{
	double now = vt_now();

	if (now < s->next_tick)
		return;
	s->next_tick = now + TICK_MS / 1000.0;
	if (!s->fatal)
		s->fatal = vt_outputs_flush(s->outputs);
	vt_progress_tick(&s->progress, s->sum.files, vt_pool_bytes(s->pool), s->sum.detections);
}

static void run_pool(struct scan *s, int timeout_ms)
{
	vt_err e = vt_pool_run(s->pool, timeout_ms);

	if (e && e != VT_EAGAIN && !s->fatal && !vt_signals_stop()) {
		vt_progress_clear(&s->progress);
		fprintf(stderr, "vitrine scan: workers do not run: %s\n", vt_err_text(e));
		s->fatal = e;
	}
	tick(s);
}

static vt_err take_slot(struct scan *s, vt_span path, bool cut, size_t *out)
{
	struct slot *slot;

	if (s->free_slot == NO_SLOT) {
		size_t n = s->nslots ? 2 * s->nslots : 256;

		slot = realloc(s->slots, n * sizeof *slot);
		if (!slot)
			return VT_ENOMEM;
		s->slots = slot;
		for (size_t i = n; i-- > s->nslots;) {
			s->slots[i] = (struct slot){.next_free = s->free_slot};
			s->free_slot = i;
		}
		s->nslots = n;
	}
	slot = &s->slots[s->free_slot];
	slot->path = strndup((const char *)path.p, path.n);
	if (!slot->path)
		return VT_ENOMEM;
	slot->path_n = path.n;
	slot->cut = cut;
	*out = s->free_slot;
	s->free_slot = slot->next_free;
	return VT_OK;
}

/* Hands an open file to the pool, letting it work while it is full. */
static void submit(struct scan *s, const struct vt_walk_item *item, bool cut)
{
	bool submitted = false;
	size_t id;
	vt_err e = take_slot(s, item->path, cut, &id);

	while (!e && !is_stopped(s)) {
		e = vt_pool_submit(s->pool, item->fd, id, item->size);
		submitted = !e;
		if (e != VT_EAGAIN)
			break;
		e = VT_OK;
		run_pool(s, TICK_MS);
	}
	if (e) {
		fprintf(stderr, "vitrine scan: %s\n", vt_err_text(e));
		s->fatal = e;
	}
	if (!submitted)
		vt_fd_close(item->fd);
	else if (vt_now() >= s->next_tick)
		run_pool(s, 0);
}

static void scan_stdin(struct scan *s)
{
	const struct vt_limits *l = &s->plan->pool.limits;
	struct vt_walk_item item = {.path = vt_span_str("-"), .fd = -1};
	bool cut;
	vt_err e = vt_spool_stdin(
		vt_min_u64(l->file_size, l->total_bytes), &item.fd, &item.size, &cut);

	if (!e) {
		submit(s, &item, cut);
	} else if (e != VT_EAGAIN) {
		item.reason = VT_REASON_UNREADABLE;
		item.error = errno;
		record_gap(s, &item);
	}
}

static void scan_root(struct scan *s, const char *root)
{
	struct vt_walk_item item;
	vt_err e;

	e = vt_walk_start(s->walk, root);
	while (!e && !is_stopped(s)) {
		e = vt_walk_next(s->walk, &item);
		if (e)
			break;
		if (item.fd >= 0)
			submit(s, &item, false);
		else
			record_gap(s, &item);
	}
	if (e && e != VT_END) {
		fputs("vitrine scan: ", stderr);
		vt_put_visible(stderr, vt_span_str(root));
		fprintf(stderr, ": %s\n", vt_err_text(e));
		s->fatal = e;
	}
}

/* While the list's writer thinks, the workers get what is there. */
static void wait_for_list(struct scan *s)
{
	if (vt_pool_flush(s->pool) != VT_OK)
		s->fatal = VT_EIO;
	else if (vt_pool_pending(s->pool))
		run_pool(s, TICK_MS);
	tick(s);
}

static void scan_all(struct scan *s)
{
	vt_err e = VT_OK;

	while (!e && !is_stopped(s)) {
		const char *root;
		bool listed;

		e = vt_roots_next(
			&s->roots, vt_pool_pending(s->pool) ? 0 : TICK_MS, &root, &listed);
		if (e == VT_EAGAIN) {
			wait_for_list(s);
			e = VT_OK;
		} else if (!e && !listed && strcmp(root, "-") == 0) {
			scan_stdin(s);
		} else if (!e) {
			scan_root(s, root);
		}
	}
	if (e && e != VT_END) {
		fprintf(stderr, "vitrine scan: %s: %s\n", s->plan->files_from,
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
		s->sum.errors++;
	}
	if (!is_stopped(s) && vt_pool_flush(s->pool) != VT_OK)
		s->fatal = VT_EIO;
	while (!is_stopped(s) && vt_pool_pending(s->pool))
		run_pool(s, TICK_MS);
}

static int exit_status(const struct scan *s)
{
	if (s->outputs->broken_pipe)
		return VT_EXIT_BROKEN_PIPE;
	if (vt_signals_stop())
		return 128 + vt_signals_stop();
	if (s->sum.by_verdict[VT_DETECTED] + s->sum.by_verdict[VT_SUSPICIOUS])
		return VT_EXIT_FOUND;
	if (s->fatal || s->sum.errors || (s->plan->strict && s->sum.by_verdict[VT_INCOMPLETE]))
		return VT_EXIT_ERROR;
	return VT_EXIT_CLEAN;
}

static int finish(struct scan *s)
{
	vt_err e;

	vt_progress_clear(&s->progress);
	s->sum.seconds = vt_now() - s->progress.started;
	s->sum.interrupted = is_stopped(s);
	s->sum.exit_status = exit_status(s);
	if (s->fatal != VT_EPEER) {
		e = vt_outputs_end(s->outputs, &s->sum);
		if (!s->fatal)
			s->fatal = e;
	}
	return exit_status(s);
}

static vt_err start(struct scan *s)
{
	const struct vt_scan_plan *p = s->plan;
	vt_err e = vt_walk_new(&p->walk, &s->walk);

	if (e)
		return e;
	s->sum.skipped = vt_walk_skipped(s->walk);
	s->sum.databases = p->databases;
	s->sum.started = time(NULL);
	e = vt_roots_open(&s->roots, p->paths, p->files_from, p->nul_separated);
	if (e) {
		fprintf(stderr, "vitrine scan: %s: %s\n", p->files_from, strerror(errno));
		return e;
	}
	e = vt_pool_new(&p->pool, deliver, s, &s->pool);
	if (e)
		fprintf(stderr, "vitrine scan: %s: %s\n", p->pool.worker_path, vt_err_text(e));
	return e;
}

int vt_scan_run(const struct vt_scan_plan *plan, struct vt_outputs *outputs)
{
	struct scan s = {.plan = plan, .outputs = outputs, .free_slot = NO_SLOT};
	int status = VT_EXIT_ERROR;

	vt_report_init(&s.local);
	vt_progress_start(&s.progress, plan->progress, plan->total_bytes);
	if (start(&s) == VT_OK) {
		scan_all(&s);
		status = finish(&s);
	}
	vt_pool_free(s.pool);
	vt_walk_free(s.walk);
	vt_roots_close(&s.roots);
	for (size_t i = 0; i < s.nslots; i++)
		free(s.slots[i].path);
	free(s.slots);
	vt_report_free(&s.local);
	return status;
}
