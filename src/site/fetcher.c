/* SPDX-License-Identifier: Apache-2.0 */
#include "site/fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "ipc/channel.h"
#include "ipc/fetch.h"
#include "os/fd.h"
#include "sandbox/spawn.h"
#include "store/folder.h"

#define TIMEOUT_MS 30000u
#define SLOWEST 1000u
/* Its own steps (names, connecting, keys, answer) have the timeout each. */
#define STEPS 6u
#define GRACE_MS 10000u
/* Changes of resolv.conf, hosts and certificates are seen by a new process. */
#define LIFE_MS ((uint64_t)10 * 60 * 1000)

struct vt_fetcher {
	char *updater, *certificates;
	int folder;
	uint32_t timeout_ms, slowest;
	enum vt_isolation isolation;
	int channel; /* negative: no process */
	pid_t pid;
	uint64_t born;
	vt_buf out;
	struct vt_message in; /* large */
	char why[VT_WIRE_WHY_MAX + 256];
};

static vt_err fail(struct vt_fetcher *f, vt_err e, const char *why)
{
	(void)snprintf(f->why, sizeof f->why, "%s", why);
	return e;
}

/* Closes the channel; the process then signs the ledger and ends, or is ended. Its exit code or -1.
 */
static int end_process(struct vt_fetcher *f, bool at_once)
{
	uint64_t deadline = vt_clock_ms() + GRACE_MS;
	int status = 0;
	pid_t r;

	if (f->channel < 0)
		return -1;
	vt_fd_close(f->channel);
	f->channel = -1;
	if (at_once)
		(void)kill(f->pid, SIGKILL);
	for (;;) {
		r = waitpid(f->pid, &status, WNOHANG);
		if (r == f->pid || (r < 0 && errno != EINTR))
			break;
		if (vt_clock_ms() >= deadline)
			(void)kill(f->pid, SIGKILL);
		(void)poll(NULL, 0, 2);
	}
	return r == f->pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static vt_err receive(struct vt_fetcher *f)
{
	uint64_t deadline = vt_clock_ms() + (uint64_t)f->timeout_ms * STEPS + GRACE_MS;

	for (;;) {
		vt_err e = vt_channel_recv(f->channel, &f->in, false, false);
		uint64_t now = vt_clock_ms();
		struct pollfd p = {.fd = f->channel, .events = POLLIN};

		if (e == VT_END)
			return fail(f, VT_EPEER, "the updater ended without an answer");
		if (e == VT_EPEER)
			return fail(f, e, "the updater answered badly and was ended");
		if (e != VT_EAGAIN)
			return e;
		if (now >= deadline)
			return fail(f, VT_EPEER, "the updater does not answer and was ended");
		(void)poll(&p, 1, (int)vt_min_u64(deadline - now, 60000));
	}
}

static vt_err read_done(struct vt_fetcher *f, struct vt_wire_fetch_done *out)
{
	if (f->in.id != VT_MSG_FETCH_DONE || vt_fetch_done_read(&f->in.body, out))
		return fail(f, VT_EPEER, "the updater answered badly and was ended");
	(void)snprintf(f->why, sizeof f->why, "%.*s", (int)out->why.n, (const char *)out->why.p);
	return VT_OK;
}

static vt_err send_message(struct vt_fetcher *f, const int *fds, size_t nfds)
{
	vt_err e = vt_channel_send(f->channel, vt_buf_span(&f->out), fds, nfds, true);

	return e == VT_EPEER ? fail(f, e, "the updater ended without an answer") : e;
}

static vt_err send_setup(struct vt_fetcher *f)
{
	const struct vt_wire_fetch_setup setup = {.timeout_ms = f->timeout_ms,
		.slowest = f->slowest,
		.certificates = f->certificates != NULL};
	struct vt_wire_fetch_done done;
	int fds[2] = {f->folder, -1};
	vt_err e = vt_fetch_setup_write(&f->out, &setup);

	if (!e && f->certificates) {
		fds[1] = open(f->certificates, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fds[1] < 0)
			return fail(f, VT_EIO, "the file of certificates can't be read");
	}
	if (!e)
		e = send_message(f, fds, f->certificates ? 2 : 1);
	vt_fd_close(fds[1]);
	if (!e)
		e = receive(f);
	if (!e)
		e = read_done(f, &done);
	return e ? e : done.error;
}

static vt_err cannot_start(struct vt_fetcher *f, vt_err e)
{
	(void)snprintf(f->why, sizeof f->why, "the updater can't be started: %.512s: %s",
		f->updater, strerror(errno));
	return e;
}

static vt_err start_process(struct vt_fetcher *f)
{
	for (;;) {
		int ends[2], code;
		vt_err e = vt_channel_pair(ends);

		if (e)
			return fail(f, e, strerror(errno));
		e = vt_spawn_networked(f->updater, ends[1], &f->isolation, &f->pid);
		vt_fd_close(ends[1]);
		if (e) {
			vt_fd_close(ends[0]);
			return cannot_start(f, e);
		}
		f->channel = ends[0];
		f->born = vt_clock_ms();
		e = send_setup(f);
		if (!e)
			return VT_OK;
		code = end_process(f, false);
		/* Where exec(2) is refused inside of new namespaces, with fewer. */
		if (code != VT_EXIT_NO_EXEC || f->isolation == VT_ISOLATION_NONE)
			return e;
		f->isolation++;
	}
}

vt_err vt_fetcher_start(const struct vt_fetcher_config *c, struct vt_fetcher **out)
{
	struct vt_fetcher *f = calloc(1, sizeof *f);
	vt_err e;

	if (!f)
		return VT_ENOMEM;
	f->folder = f->channel = -1;
	f->out = (vt_buf)VT_BUF_INIT(VT_MSG_MAX);
	f->timeout_ms = c->timeout_ms ? c->timeout_ms : TIMEOUT_MS;
	f->slowest = c->slowest ? c->slowest : SLOWEST;
	f->updater = strdup(c->updater);
	f->certificates = c->certificates ? strdup(c->certificates) : NULL;
	e = f->updater && (f->certificates || !c->certificates)
		? vt_store_open(c->ledger, true, &f->folder)
		: VT_ENOMEM;
	if (e) {
		vt_fetcher_stop(f);
		return e;
	}
	/* The process starts with the first request, which can say what is wrong. */
	*out = f;
	return VT_OK;
}

void vt_fetcher_stop(struct vt_fetcher *f)
{
	if (!f)
		return;
	(void)end_process(f, false);
	vt_fd_close(f->folder);
	vt_buf_free(&f->out);
	free(f->updater);
	free(f->certificates);
	free(f);
}

const char *vt_fetcher_why(const struct vt_fetcher *f)
{
	return f->why;
}

static vt_err send_request(struct vt_fetcher *f, const struct vt_wire_fetch *r, vt_span body)
{
	vt_err e = vt_fetch_write(&f->out, r);

	if (e)
		return fail(f, e, "the URL or the body is too long");
	e = send_message(f, NULL, 0);
	for (size_t at = 0; !e && at < body.n; at += VT_WIRE_PIECE) {
		e = vt_piece_write(
			&f->out, VT_MSG_FETCH_BODY, vt_span_clip(body, at, VT_WIRE_PIECE));
		if (!e)
			e = send_message(f, NULL, 0);
	}
	return e;
}

/* What the updater says is believed as little as what the server said. */
static vt_err receive_answer(
	struct vt_fetcher *f, size_t max, struct vt_wire_fetch_done *done, vt_buf *out)
{
	size_t before = out->n;
	vt_err e;

	for (;;) {
		vt_span piece;

		e = receive(f);
		if (e || f->in.id == VT_MSG_FETCH_DONE)
			break;
		if (f->in.id != VT_MSG_FETCH_DATA || vt_piece_read(&f->in.body, &piece) ||
			piece.n > max - (out->n - before))
			return fail(f, VT_EPEER, "the updater answered badly and was ended");
		e = vt_buf_add(out, piece.p, piece.n);
		if (e)
			return fail(f, e, "the answer does not fit");
	}
	return e ? e : read_done(f, done);
}

/* An updater with nothing to do ends by itself after a while. */
static bool has_ended(struct vt_fetcher *f)
{
	return vt_channel_recv(f->channel, &f->in, false, false) != VT_EAGAIN;
}

static vt_err exchange(struct vt_fetcher *f, const struct vt_wire_fetch *r, vt_span body,
	struct vt_wire_fetch_done *done, vt_buf *out)
{
	size_t before = out->n;
	vt_err e;

	/* It may end between the look and the request: then it has not read it, and says 0. */
	for (unsigned attempt = 0;; attempt++) {
		int code;

		if (f->channel >= 0 && (vt_clock_ms() - f->born > LIFE_MS || has_ended(f)))
			(void)end_process(f, false);
		e = f->channel < 0 ? start_process(f) : VT_OK;
		if (e)
			return e;
		e = send_request(f, r, body);
		if (!e)
			e = receive_answer(f, (size_t)r->max, done, out);
		if (!e || e == VT_EARG)
			return e;
		/* After anything but a whole exchange it would be out of step. */
		code = end_process(f, true);
		if (code != 0 || attempt)
			return e;
		out->n = before;
	}
}

static vt_err request(struct vt_fetcher *f, const struct vt_wire_fetch *r, vt_span body,
	unsigned *out_status, vt_buf *out)
{
	struct vt_wire_fetch_done done = {0};
	size_t before = out->n;
	vt_err e;

	f->why[0] = 0;
	e = exchange(f, r, body, &done, out);
	if (!e)
		e = done.error;
	if (e) {
		out->n = before;
		if (!f->why[0])
			(void)fail(f, e, vt_err_text(e));
		return e == VT_EARG || e == VT_ELIMIT || e == VT_ENOMEM ? e : VT_EPEER;
	}
	*out_status = done.status;
	return VT_OK;
}

vt_err vt_fetcher_get(
	struct vt_fetcher *f, const char *url, size_t max, unsigned *out_status, vt_buf *out)
{
	const struct vt_wire_fetch r = {.url = vt_span_str(url), .max = max};

	return request(f, &r, (vt_span){0}, out_status, out);
}

vt_err vt_fetcher_post(struct vt_fetcher *f, const char *url, const char *type, vt_span body,
	size_t max, unsigned *out_status, vt_buf *out)
{
	const struct vt_wire_fetch r = {.post = true,
		.url = vt_span_str(url),
		.type = vt_span_str(type),
		.size = body.n,
		.max = max};

	return request(f, &r, body, out_status, out);
}
