/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "ipc/channel.h"
#include "ipc/fetch.h"
#include "ipc/verify.h"
#include "os/fd.h"
#include "proc/verifier/verifier.h"
#include "sandbox/enter.h"

#define MEMORY_MAX ((uint64_t)512 << 20)
/* Where the sandbox wants the channel, and what follows it. */
#define FOLDER (VT_SANDBOX_CHANNEL + 1)
#define CHUNKS (VT_SANDBOX_CHANNEL + 2)

struct child {
	const struct vt_verifier_job *job;
	vt_buf out;
	struct vt_message in; /* large */
	char why[VT_CONFIG_SOURCES_MAX][VT_WIRE_CAUSE_MAX + 1];
	struct vt_verify_result result; /* large too */
};

struct source {
	struct child *c;
	size_t index;
};

static vt_err send(struct child *c, vt_err e)
{
	return e ? e : vt_channel_send(VT_SANDBOX_CHANNEL, vt_buf_span(&c->out), NULL, 0, true);
}

/* A parent that speaks badly has gone mad: there is nothing left to do. */
_Noreturn static void give_up(void)
{
	_exit(1);
}

static vt_err get(void *ctx, const char *path, size_t max, vt_buf *out)
{
	struct source *s = ctx;
	struct child *c = s->c;
	const struct vt_wire_get g = {(unsigned)s->index, max, vt_span_str(path)};
	struct vt_wire_got got;
	size_t before = out->n;

	if (send(c, vt_verify_get_write(&c->out, &g)))
		give_up();
	for (;;) {
		vt_span piece;
		vt_err e;

		if (vt_channel_recv(VT_SANDBOX_CHANNEL, &c->in, false, true))
			give_up();
		if (c->in.id == VT_MSG_VERIFY_GOT)
			break;
		if (c->in.id != VT_MSG_VERIFY_DATA || vt_piece_read(&c->in.body, &piece) ||
			piece.n > max - (out->n - before))
			give_up();
		e = vt_buf_add(out, piece.p, piece.n);
		if (e)
			give_up();
	}
	if (vt_verify_got_read(&c->in.body, &got))
		give_up();
	(void)snprintf(c->why[s->index], sizeof c->why[0], "%.*s", (int)got.why.n,
		got.why.n ? (const char *)got.why.p : "");
	if (got.error)
		out->n = before;
	return got.error;
}

static const char *why(void *ctx)
{
	const struct source *s = ctx;

	return s->c->why[s->index];
}

static vt_err send_text(struct child *c, vt_msg_id id, vt_span text)
{
	vt_err e = VT_OK;

	for (size_t at = 0; !e && at < text.n; at += VT_WIRE_PIECE)
		e = send(c, vt_piece_write(&c->out, id, vt_span_clip(text, at, VT_WIRE_PIECE)));
	return e;
}

static vt_err send_trusted(struct child *c)
{
	vt_buf text = VT_BUF_INIT(VT_TRUSTED_MAX);
	vt_err e = vt_trusted_write(&text, c->result.trusted);

	if (!e)
		e = send_text(c, VT_MSG_VERIFY_TRUSTED, vt_buf_span(&text));
	vt_buf_free(&text);
	return e;
}

static vt_err send_plan(struct child *c)
{
	vt_buf text = VT_BUF_INIT(VT_VERIFY_ARENA_MAX);
	vt_err e = vt_plan_write(&text, &c->result.plan);

	if (!e)
		e = send_text(c, VT_MSG_VERIFY_PLAN, vt_buf_span(&text));
	vt_buf_free(&text);
	return e;
}

static vt_err send_result(struct child *c, vt_err error)
{
	const struct vt_verify_result *r = &c->result;
	struct vt_wire_verify_done done = {.error = error,
		.refusal = r->refusal,
		.source = (unsigned)r->source,
		.newer_waits = (uint64_t)r->newer_waits,
		.chunks = r->chunks,
		.bytes = r->bytes,
		.why = vt_span_str(r->why)};
	vt_err e = VT_OK;

	if (error)
		return send(c, vt_verify_done_write(&c->out, &done));
	done.trusted_changed = r->trusted_changed;
	done.plan_changed = r->plan_changed;
	if (r->trusted_changed)
		e = send_trusted(c);
	if (!e && r->refusal == VT_REFUSED_NOT)
		e = send_plan(c);
	if (!e && r->evidence.n) {
		done.kind = vt_span_str(r->evidence_kind);
		e = send_text(c, VT_MSG_VERIFY_EVIDENCE, vt_buf_span(&r->evidence));
	}
	for (size_t i = 0; !e && i < r->nfailures; i++) {
		size_t source = 0;

		while (source + 1 < c->job->nsources &&
			c->job->places[source] != r->failures[i].place)
			source++;
		e = send(c,
			vt_verify_failure_write(&c->out,
				&(struct vt_wire_refused){(unsigned)source, r->failures[i].refusal,
					vt_span_str(r->failures[i].why)}));
	}
	return e ? e : send(c, vt_verify_done_write(&c->out, &done));
}

/* Secrets of whoever started the update: not for somebody who takes this process over. */
static void forget_environment(void)
{
	for (char **v = environ; v && *v; v++)
		memset(*v, 0, strlen(*v));
}

/* Nothing is open afterwards but the channel and the two folders. */
static vt_err lock_up(int folder, int channel, int chunks)
{
	static const int readable[] = {FOLDER};
	const struct vt_sandbox s = {.role = VT_ROLE_VERIFIER,
		.memory = MEMORY_MAX,
		.folder = CHUNKS,
		.readable = readable,
		.nreadable = 1};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned layers;

	/* none of the numbers that are to be filled is in use by what comes there */
	folder = fcntl(folder, F_DUPFD_CLOEXEC, 10);
	channel = fcntl(channel, F_DUPFD_CLOEXEC, 10);
	chunks = fcntl(chunks, F_DUPFD_CLOEXEC, 10);
	if (null < 0 || folder < 0 || channel < 0 || chunks < 0 || dup2(null, 0) < 0 ||
		dup2(null, 1) < 0 || dup2(null, 2) < 0 || dup2(channel, VT_SANDBOX_CHANNEL) < 0 ||
		dup2(folder, FOLDER) < 0 || dup2(chunks, CHUNKS) < 0)
		return VT_EIO;
	vt_fd_close_from(CHUNKS + 1);
	forget_environment();
	return vt_sandbox_enter(&s, &layers);
}

void vt_verifier_child(const struct vt_verifier_job *job, int channel, int chunks)
{
	struct child *c = calloc(1, sizeof *c);
	vt_arena arena = VT_ARENA_INIT(VT_VERIFY_ARENA_MAX);
	struct vt_verify_source sources[VT_CONFIG_SOURCES_MAX];
	struct source from[VT_CONFIG_SOURCES_MAX];
	struct vt_verify_job verify = {.config = job->config,
		.trusted = job->trusted,
		.settings = job->settings,
		.old_plan = job->old_plan,
		.now = job->now,
		.store = FOLDER,
		.nsources = job->nsources,
		.sources = sources,
		.arena = &arena};
	vt_err e;

	if (!c || job->nsources > VT_CONFIG_SOURCES_MAX || lock_up(job->folder, channel, chunks))
		_exit(2);
	c->job = job;
	c->out = (vt_buf)VT_BUF_INIT(VT_MSG_MAX);
	for (size_t i = 0; i < job->nsources; i++) {
		from[i] = (struct source){c, i};
		sources[i] = (struct vt_verify_source){job->places[i], get, &from[i], why};
	}
	e = vt_verify_run(&verify, &c->result);
	_exit(send_result(c, e) ? 3 : 0);
}
