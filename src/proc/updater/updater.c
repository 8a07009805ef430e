/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/updater/updater.h"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>

#include "base/num.h"
#include "egress/ledger.h"
#include "http/client.h"
#include "ipc/fetch.h"
#include "ipc/setup.h"
#include "os/fd.h"
#include "sandbox/enter.h"

/* With nothing to do it ends, so that others can have the ledger; the client starts another. */
#define IDLE_MS 2000
#define LOCK_MS 50 /* between two looks at whether the ledger is free */
#define MEMORY_MAX ((uint64_t)512 << 20)

struct updater {
	int channel;
	int folder, certificates;
	struct vt_wire_fetch_setup setup;
	struct vt_ledger *ledger;
	struct vt_http *http;
	/* the request */
	struct vt_wire_fetch fetch;
	uint8_t url[VT_WIRE_URL_MAX], type[VT_WIRE_TYPE_MAX];
	vt_buf body;
	vt_buf answer;
	struct vt_message message; /* large */
};

static vt_err send_answer(struct updater *u)
{
	return vt_channel_send(u->channel, vt_buf_span(&u->answer), NULL, 0, true);
}

static vt_err send_done(struct updater *u, vt_err error, unsigned status, const char *why)
{
	const struct vt_wire_fetch_done done = {
		.error = error, .status = error ? 0 : status, .why = vt_span_str(why)};
	vt_err e = vt_fetch_done_write(&u->answer, &done);

	return e ? e : send_answer(u);
}

/* A piece of an answer's body goes to the client. */
static vt_err on_body(void *ctx, vt_span bytes)
{
	struct updater *u = ctx;
	vt_err e = VT_OK;

	for (size_t at = 0; !e && at < bytes.n; at += VT_WIRE_PIECE) {
		e = vt_piece_write(
			&u->answer, VT_MSG_FETCH_DATA, vt_span_clip(bytes, at, VT_WIRE_PIECE));
		if (!e)
			e = send_answer(u);
	}
	return e;
}

static vt_err receive_body(struct updater *u)
{
	vt_err e = VT_OK;

	vt_buf_clear(&u->body);
	while (!e && u->body.n < u->fetch.size) {
		vt_span piece;

		e = vt_channel_recv(u->channel, &u->message, false, true);
		if (!e && u->message.id != VT_MSG_FETCH_BODY)
			e = VT_EPEER;
		if (!e)
			e = vt_piece_read(&u->message.body, &piece);
		if (!e && piece.n > u->fetch.size - u->body.n)
			e = VT_EPEER;
		if (!e)
			e = vt_buf_add(&u->body, piece.p, piece.n);
	}
	return e;
}

static vt_err on_fetch(struct updater *u)
{
	struct vt_http_request request;
	unsigned status = 0;
	vt_err e = vt_fetch_read(&u->message.body, &u->fetch);

	if (e)
		return e;
	/* The message's place is needed for the body. */
	memcpy(u->url, u->fetch.url.p, u->fetch.url.n);
	memcpy(u->type, u->fetch.type.p, u->fetch.type.n);
	e = receive_body(u);
	if (e)
		return e;
	request = (struct vt_http_request){
		.post = u->fetch.post,
		.url = vt_span_of(u->url, u->fetch.url.n),
		.type = vt_span_of(u->type, u->fetch.type.n),
		.body = vt_buf_span(&u->body),
		.max = u->fetch.max,
		.fn = on_body,
		.ctx = u,
	};
	e = vt_http_do(u->http, &request, &status);
	return send_done(u, e, status, e ? vt_http_why(u->http) : "");
}

static const char *ledger_why(vt_err e)
{
	if (e == VT_EAGAIN)
		return "the egress ledger is in use by another process";
	if (e == VT_EFORMAT)
		return "the egress ledger is damaged: 'vitrine egress verify' says where; to go "
		       "on with a new one, move its folder away";
	return e == VT_EIO ? "the egress ledger can't be opened for writing" : vt_err_text(e);
}

/* Somebody else's updater may have it: not for long. */
static vt_err open_ledger(struct updater *u)
{
	uint64_t deadline = vt_clock_ms() + u->setup.timeout_ms;
	vt_err e;

	for (;;) {
		e = vt_ledger_open_at(u->folder, &u->ledger);
		if (e != VT_EAGAIN || vt_clock_ms() >= deadline)
			return e;
		(void)poll(NULL, 0, LOCK_MS);
	}
}

static vt_err open_all(struct updater *u)
{
	struct vt_http_config c = {
		.certificates = u->certificates,
		.timeout_ms = u->setup.timeout_ms,
		.slowest = u->setup.slowest,
	};
	vt_err e = open_ledger(u), told;

	if (e) {
		told = send_done(u, e, 0, ledger_why(e));
		return told ? told : e;
	}
	c.ledger = u->ledger;
	return vt_http_open(&c, &u->http);
}

static vt_err start(struct updater *u)
{
	struct vt_sandbox sandbox = {.role = VT_ROLE_UPDATER, .memory = MEMORY_MAX};
	struct vt_message *m = &u->message;
	unsigned layers;
	vt_err e;

	vt_fd_close_from(u->channel + 1);
	(void)mallopt(M_ARENA_MAX, 1);
	e = vt_channel_recv(u->channel, m, true, true);
	if (e)
		return e;
	if (m->id != VT_MSG_FETCH_SETUP)
		return VT_EPEER;
	e = vt_fetch_setup_read(&m->body, &u->setup);
	if (e || m->nfds != (u->setup.certificates ? 2u : 1u))
		return e ? e : VT_EPEER;
	u->folder = m->fds[0];
	u->certificates = u->setup.certificates ? m->fds[1] : -1;
	e = open_all(u);
	vt_fd_close(u->certificates);
	sandbox.folder = u->folder;
	if (!e)
		e = vt_sandbox_enter(&sandbox, &layers);
	return e ? e : send_done(u, VT_OK, 0, "");
}

static vt_err next_message(struct updater *u)
{
	struct pollfd p = {.fd = u->channel, .events = POLLIN};

	return poll(&p, 1, IDLE_MS) == 0 ? VT_END
					 : vt_channel_recv(u->channel, &u->message, false, true);
}

static vt_err serve(struct updater *u)
{
	vt_err e = start(u);

	while (!e) {
		e = next_message(u);
		if (!e)
			e = u->message.id == VT_MSG_FETCH ? on_fetch(u) : VT_EPEER;
	}
	return e;
}

int vt_updater_run(int channel)
{
	struct updater *u = calloc(1, sizeof *u);
	vt_err e;

	if (!u)
		return VT_EXIT_MEMORY;
	u->channel = channel;
	u->body = (vt_buf)VT_BUF_INIT(VT_WIRE_POST_MAX);
	u->answer = (vt_buf)VT_BUF_INIT(VT_MSG_MAX);
	e = serve(u);
	vt_http_close(u->http);
	vt_ledger_close(u->ledger);
	vt_buf_free(&u->body);
	vt_buf_free(&u->answer);
	free(u);
	return e == VT_END ? 0 : e == VT_ENOMEM ? VT_EXIT_MEMORY : 1;
}
