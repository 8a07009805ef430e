/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "ipc/channel.h"
#include "ipc/fetch.h"
#include "ipc/verify.h"
#include "os/fd.h"
#include "proc/verifier/verifier.h"
#include "sandbox/spawn.h"
#include "tlog/tile.h"

/* Between two messages; checking takes milliseconds. */
#define SILENCE_MS 300000
#define HISTORY "history/"
#define CHUNK "chunk/"
#define EVIDENCE_MAX ((size_t)4 << 20)

struct parent {
	const struct vt_verifier_job *job;
	struct vt_verifier_result *out;
	int channel;
	vt_buf file, message;
	struct vt_message in; /* large */
};

bool vt_verifier_path_ok(vt_span path)
{
	struct vt_tile t;
	uint64_t n;
	uint8_t hash[VT_HASH_SIZE];

	if (vt_span_eq(path, vt_span_str("checkpoint")) || vt_tile_path_parse(path, &t) == VT_OK)
		return true;
	if (vt_span_at(path, 0, HISTORY, sizeof HISTORY - 1))
		return vt_decimal_get(vt_span_clip(path, sizeof HISTORY - 1, path.n), &n);
	return path.n == VT_CHUNK_PATH_SIZE - 1 && vt_span_at(path, 0, CHUNK, sizeof CHUNK - 1) &&
		path.p[8] == '/' && path.p[6] == path.p[9] && path.p[7] == path.p[10] &&
		vt_hex_get(vt_span_of(path.p + 9, path.n - 9), hash, sizeof hash);
}

static vt_err fail(struct parent *p, vt_err e, const char *why)
{
	(void)snprintf(p->out->why, sizeof p->out->why, "%s", why);
	return e;
}

static vt_err send(struct parent *p, vt_err e)
{
	return e ? e : vt_channel_send(p->channel, vt_buf_span(&p->message), NULL, 0, true);
}

static vt_err receive(struct parent *p)
{
	struct pollfd f = {.fd = p->channel, .events = POLLIN};
	vt_err e;
	int r;

	do
		r = poll(&f, 1, SILENCE_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return fail(p, VT_EPEER, "the verifying process does not go on and was ended");
	e = vt_channel_recv(p->channel, &p->in, false, true);
	if (e == VT_END)
		return fail(p, VT_EPEER, "the verifying process ended without a result");
	return e ? fail(p, VT_EPEER, "the verifying process spoke badly and was ended") : VT_OK;
}

static vt_err spoke_badly(struct parent *p)
{
	return fail(p, VT_EPEER, "the verifying process spoke badly and was ended");
}

/* One file of a source for the child, which knows nothing but its bytes. */
static vt_err serve(struct parent *p)
{
	struct vt_wire_get g;
	struct vt_wire_got got = {0};
	char path[VT_WIRE_FILE_MAX + 1];
	vt_span bytes;
	vt_err e;

	if (vt_verify_get_read(&p->in.body, &g) || g.source >= p->job->nsources ||
		!vt_verifier_path_ok(g.path))
		return spoke_badly(p);
	(void)snprintf(path, sizeof path, "%.*s", (int)g.path.n, (const char *)g.path.p);
	vt_buf_clear(&p->file);
	p->file.max = (size_t)vt_min_u64(g.max, VT_CHUNK_PACKED_MAX + VT_BUNDLE_MAX);
	got.error = p->job->get(p->job->ctx, g.source, path, p->file.max, &p->file);
	if (got.error)
		got.why = vt_span_str(p->job->why(p->job->ctx, g.source));
	bytes = vt_buf_span(&p->file);
	e = VT_OK;
	for (size_t at = 0; !e && !got.error && at < bytes.n; at += VT_WIRE_PIECE)
		e = send(p,
			vt_piece_write(&p->message, VT_MSG_VERIFY_DATA,
				vt_span_clip(bytes, at, VT_WIRE_PIECE)));
	if (!e)
		e = send(p, vt_verify_got_write(&p->message, &got));
	return e ? fail(p, e, "the verifying process ended without a result") : VT_OK;
}

static vt_err take_piece(struct parent *p, vt_buf *out)
{
	vt_span piece;

	if (vt_piece_read(&p->in.body, &piece))
		return spoke_badly(p);
	return vt_buf_add(out, piece.p, piece.n) == VT_OK ? VT_OK : spoke_badly(p);
}

static bool refusal_of(unsigned n, enum vt_refusal *out)
{
	*out = (enum vt_refusal)n;
	return n < VT_REFUSALS;
}

static vt_err take_failure(struct parent *p)
{
	struct vt_verifier_failure *f = &p->out->failures[p->out->nfailures];
	struct vt_wire_refused w;

	if (p->out->nfailures == VT_COUNT(p->out->failures) ||
		vt_verify_failure_read(&p->in.body, &w) || w.source >= p->job->nsources ||
		!refusal_of(w.refusal, &f->refusal))
		return spoke_badly(p);
	f->source = w.source;
	(void)snprintf(f->why, sizeof f->why, "%.*s", (int)w.why.n, (const char *)w.why.p);
	p->out->nfailures++;
	return VT_OK;
}

static vt_err take_done(struct parent *p)
{
	struct vt_verifier_result *r = p->out;
	struct vt_wire_verify_done d;

	if (vt_verify_done_read(&p->in.body, &d) || !refusal_of(d.refusal, &r->refusal) ||
		d.source >= p->job->nsources + (p->job->nsources == 0) ||
		d.newer_waits > INT64_MAX || d.trusted_changed != (r->trusted.n > 0) ||
		(!d.error && (r->refusal == VT_REFUSED_NOT) != (r->plan.n > 0)))
		return spoke_badly(p);
	r->source = d.source;
	r->trusted_changed = d.trusted_changed;
	r->plan_changed = d.plan_changed;
	r->newer_waits = (int64_t)d.newer_waits;
	r->chunks = d.chunks;
	r->bytes = d.bytes;
	(void)snprintf(r->kind, sizeof r->kind, "%.*s", (int)d.kind.n, (const char *)d.kind.p);
	(void)snprintf(r->why, sizeof r->why, "%.*s", (int)d.why.n, (const char *)d.why.p);
	if (d.error)
		(void)snprintf(r->why, sizeof r->why,
			"verifying failed on this machine: %s (is the disk full?)",
			vt_err_text(d.error));
	return d.error ? d.error : VT_END;
}

/* VT_END: the child said what came of it. */
static vt_err take_message(struct parent *p)
{
	switch ((int)p->in.id) {
	case VT_MSG_VERIFY_GET: return serve(p);
	case VT_MSG_VERIFY_TRUSTED: return take_piece(p, &p->out->trusted);
	case VT_MSG_VERIFY_PLAN: return take_piece(p, &p->out->plan);
	case VT_MSG_VERIFY_EVIDENCE: return take_piece(p, &p->out->evidence);
	case VT_MSG_VERIFY_FAILURE: return take_failure(p);
	case VT_MSG_VERIFY_DONE: return take_done(p);
	default: return spoke_badly(p);
	}
}

static vt_err converse(struct parent *p, pid_t pid)
{
	int status = 0;
	vt_err e;

	do {
		e = receive(p);
		if (!e)
			e = take_message(p);
	} while (!e);
	vt_fd_close(p->channel);
	p->channel = -1;
	if (e != VT_END)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (e == VT_EPEER && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		(void)snprintf(p->out->why, sizeof p->out->why,
			"the verifying process was ended by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else if (e == VT_EPEER && WIFEXITED(status) && WEXITSTATUS(status) == 2)
		(void)fail(p, e, "the verifying process can't lock itself up on this kernel");
	return e == VT_END ? VT_OK : e;
}

static vt_err start(struct parent *p, pid_t *out_pid)
{
	int ends[2], chunks = -1;
	vt_err e = vt_channel_pair(ends);

	if (e)
		return fail(p, e, strerror(errno));
	if (!mkdirat(p->job->folder, "chunk", 0755) || errno == EEXIST)
		chunks = openat(
			p->job->folder, "chunk", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (chunks < 0)
		e = fail(p, VT_EIO, strerror(errno));
	if (!e && vt_spawn_fork(out_pid))
		e = fail(p, VT_EIO, strerror(errno));
	if (!e && *out_pid == 0)
		vt_verifier_child(p->job, ends[1], chunks);
	vt_fd_close(ends[1]);
	vt_fd_close(chunks);
	p->channel = ends[0];
	return e;
}

vt_err vt_verifier_run(const struct vt_verifier_job *job, struct vt_verifier_result *out)
{
	struct parent *p = calloc(1, sizeof *p);
	pid_t pid;
	vt_err e;

	*out = (struct vt_verifier_result){.trusted = VT_BUF_INIT(VT_TRUSTED_MAX),
		.plan = VT_BUF_INIT(VT_VERIFY_ARENA_MAX),
		.evidence = VT_BUF_INIT(EVIDENCE_MAX)};
	if (!p)
		return VT_ENOMEM;
	p->job = job;
	p->out = out;
	p->channel = -1;
	p->message = (vt_buf)VT_BUF_INIT(VT_MSG_MAX);
	e = start(p, &pid);
	if (!e)
		e = converse(p, pid);
	vt_fd_close(p->channel);
	vt_buf_free(&p->file);
	vt_buf_free(&p->message);
	free(p);
	return e;
}

void vt_verifier_free(struct vt_verifier_result *r)
{
	vt_buf_free(&r->trusted);
	vt_buf_free(&r->plan);
	vt_buf_free(&r->evidence);
}
