/* SPDX-License-Identifier: Apache-2.0 */
/* A collector, from its start to its end, and the channel in between. */
#include "proc/supervisor/collect.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "ipc/setup.h"
#include "os/fd.h"
#include "proc/supervisor/collecting.h"
#include "sandbox/spawn.h"

#define SILENCE_MS 900000u /* a collector that says nothing for so long is hung */
/* Nor may it only say that it lives for so long. */
#define PROGRESS_ONLY_MS 86400000u
/* A flood of messages does not keep the supervisor from looking at anything else. */
#define IN_A_ROW 256

vt_err vt_collecting_fail(struct vt_collecting *r, vt_err e, const char *why)
{
	(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "%s", why);
	return e;
}

static uint64_t silence_ms(const struct vt_collecting *r)
{
	return r->request->silence_ms ? r->request->silence_ms : SILENCE_MS;
}

/* A sign of life only if the collector got anywhere. */
static vt_err on_progress(struct vt_collecting *r)
{
	uint64_t entries = vt_read_u64le(&r->in.body);

	if (r->in.body.bad || vt_reader_left(&r->in.body) || entries < r->entries ||
		entries > VT_COLLECTING_COUNT_MAX)
		return VT_EPEER;
	if (entries > r->entries)
		r->heard = vt_clock_ms();
	r->entries = entries;
	return VT_OK;
}

static vt_err on_done(struct vt_collecting *r)
{
	r->done = true;
	if (r->begun || vt_reader_left(&r->in.body))
		return VT_EPEER;
	/* or it would be forgotten that something was to be looked at */
	return r->ended ? VT_OK
			: vt_collecting_fail(r, VT_EFORMAT, "there is nothing in it to look at");
}

static vt_err on_failed(struct vt_collecting *r)
{
	vt_err error;
	vt_span why;

	if (vt_collect_failed_read(&r->in.body, &error, &why))
		return VT_EPEER;
	(void)snprintf(
		r->why, VT_COLLECT_WHY_MAX, "%.*s", (int)why.n, why.n ? (const char *)why.p : "");
	if (!why.n)
		(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "%s", vt_err_text(error));
	switch (error) {
	case VT_EFORMAT:
	case VT_ETRUNCATED:
	case VT_EUNSUPPORTED:
	case VT_ECHECKSUM:
	case VT_EENCRYPTED:
	case VT_ELIMIT:
	case VT_EVERSION: return error;
	case VT_OK:
	case VT_END:
	case VT_EAGAIN:
	case VT_EPEER:
	case VT_ENOMEM:
	case VT_EARG:
	case VT_EIO: break;
	}
	/* the others mean something of this process to who called */
	return VT_EIO;
}

static const struct {
	vt_msg_id id;
	vt_err (*on)(struct vt_collecting *r);
} handlers[] = {
	{VT_MSG_SUBJECT, vt_collecting_subject},
	{VT_MSG_COMPONENT, vt_collecting_component},
	{VT_MSG_OBSERVATION, vt_collecting_observation},
	{VT_MSG_MISSED, vt_collecting_missed},
	{VT_MSG_FILE, vt_collecting_file},
	{VT_MSG_COVERAGE, vt_collecting_coverage},
	{VT_MSG_PROGRESS, on_progress},
	{VT_MSG_COLLECT_DONE, on_done},
	{VT_MSG_COLLECT_FAILED, on_failed},
};

static vt_err on_message(struct vt_collecting *r)
{
	vt_err e = VT_EPEER;

	for (size_t i = 0; i < VT_COUNT(handlers); i++)
		if (handlers[i].id == r->in.id)
			e = handlers[i].on(r);
	if (r->in.id != VT_MSG_PROGRESS)
		r->heard = r->told = vt_clock_ms();
	for (size_t i = 0; i < r->in.nfds; i++)
		vt_fd_close(r->in.fds[i]);
	if (e == VT_EPEER && !r->why[0])
		return vt_collecting_fail(r, e, "the collector answered badly and was ended");
	if (e == VT_ENOMEM || (!e && r->s->arena.used - r->memory > VT_COLLECTING_MEMORY_MAX))
		return vt_collecting_fail(
			r, VT_ELIMIT, "the collector said more than there is memory for");
	return e;
}

/* What is looked at whether the collector is loud or silent. */
static vt_err tend(struct vt_collecting *r)
{
	uint64_t now = vt_clock_ms();

	if (r->failed)
		return r->failed;
	if (now - r->heard > silence_ms(r) ||
		now - r->told > silence_ms(r) * (PROGRESS_ONLY_MS / SILENCE_MS))
		return vt_collecting_fail(r, VT_EPEER, "the collector took too long and was ended");
	if (r->request->progress && !r->request->progress(r->request->ctx, r->entries, r->scanned))
		return vt_collecting_fail(r, VT_EAGAIN, "stopped");
	return VT_OK;
}

static vt_err idle(struct vt_collecting *r)
{
	struct pollfd p = {.fd = r->channel, .events = POLLIN};
	bool scanning = r->pool && vt_pool_pending(r->pool) > 0;
	vt_err e = VT_OK;

	if (!e && scanning) {
		e = vt_pool_flush(r->pool);
		if (!e || e == VT_EAGAIN)
			e = vt_pool_run(r->pool, 5);
		e = e == VT_EAGAIN ? VT_OK : e;
	}
	if (!e && poll(&p, 1, scanning ? 0 : 200) < 0 && errno != EINTR)
		e = VT_EIO;
	return e ? e : tend(r);
}

/* The channel is closed: how did it end? */
static vt_err crashed(struct vt_collecting *r)
{
	int status;

	(void)kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0)
		if (errno != EINTR)
			return vt_collecting_fail(r, VT_EPEER, "the collector crashed");
	r->pid = -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "the collector crashed (%s%s)",
			strsignal(WTERMSIG(status)),
			WTERMSIG(status) == SIGSYS ? ": it tried what it must not" : "");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == VT_EXIT_MEMORY)
		(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "the collector ran out of memory");
	else
		(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "the collector ended too early");
	return VT_EPEER;
}

static vt_err receive(struct vt_collecting *r)
{
	unsigned in_a_row = 0;

	while (!r->done) {
		vt_err e = vt_channel_recv(r->channel, &r->in, true, false);

		if (e == VT_EAGAIN)
			e = idle(r);
		else if (e == VT_END || e == VT_EPEER)
			e = crashed(r);
		else if (!e)
			e = on_message(r);
		if (!e && ++in_a_row % IN_A_ROW == 0)
			e = tend(r);
		if (e)
			return e;
	}
	while (r->pool && vt_pool_pending(r->pool)) {
		vt_err e = idle(r);

		r->heard = r->told = vt_clock_ms();
		if (e)
			return e;
	}
	return VT_OK;
}

static vt_err send_job(struct vt_collecting *r)
{
	const struct vt_collect_request *q = r->request;
	struct vt_wire_collect job = q->job;
	int fds[VT_COLLECT_CATALOGUES_MAX + 2];
	size_t n = 0;
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	vt_err e;

	if (q->ncatalogues > VT_COLLECT_CATALOGUES_MAX)
		return vt_collecting_fail(r, VT_EARG, "too many catalogues");
	job.ncatalogues = (uint32_t)q->ncatalogues;
	job.spool = q->spool >= 0;
	job.files = r->pool != NULL;
	fds[n++] = q->subject;
	for (size_t i = 0; i < q->ncatalogues; i++)
		fds[n++] = q->catalogues[i];
	if (job.spool)
		fds[n++] = q->spool;
	e = vt_collect_write(&b, &job);
	if (!e)
		e = vt_channel_send(r->channel, vt_buf_span(&b), fds, n, true);
	vt_buf_free(&b);
	return e;
}

static vt_err start(struct vt_collecting *r)
{
	enum vt_isolation isolation = VT_ISOLATION_USER;
	int ends[2];
	vt_err e = vt_channel_pair(ends);

	if (e)
		return vt_collecting_fail(r, e, "no channel can be made");
	e = vt_spawn_reader(r->request->collector_path, ends[1],
		r->request->job.what == VT_COLLECT_PROCESSES, &isolation, &r->pid);
	vt_fd_close(ends[1]);
	r->channel = ends[0];
	if (e)
		return vt_collecting_fail(r, e, "vitrine-collector can't be started");
	if (r->request->scan.nimages)
		e = vt_pool_new(&r->request->scan, vt_collecting_scanned, r, &r->pool);
	return e ? vt_collecting_fail(r, e, "the scanner's workers can't be started") : send_job(r);
}

static void end(struct vt_collecting *r)
{
	vt_fd_close(r->channel);
	if (r->pid > 0) {
		(void)kill(r->pid, SIGKILL);
		while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	vt_pool_free(r->pool);
	vt_collecting_close_files(r);
	free(r->not_scanned);
	vt_buf_free(&r->text);
}

vt_err vt_collect_run(
	const struct vt_collect_request *request, struct vt_survey *s, char why[VT_COLLECT_WHY_MAX])
{
	struct vt_collecting *r = calloc(1, sizeof *r);
	vt_err e;

	if (!r)
		return VT_ENOMEM;
	why[0] = '\0';
	r->request = request;
	r->s = s;
	r->why = why;
	r->channel = -1;
	r->pid = -1;
	r->first = (uint32_t)s->nsubjects;
	r->memory = s->arena.used;
	r->heard = r->told = vt_clock_ms();
	r->text = (vt_buf)VT_BUF_INIT((size_t)1 << 20);
	e = start(r);
	if (!e)
		e = receive(r);
	vt_collecting_settle(r);
	if (e)
		vt_collecting_spoil(r);
	end(r);
	free(r);
	return e;
}
