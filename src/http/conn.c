/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "os/fd.h"

#define RECORDS_MAX ((size_t)512 << 10)

static void say(struct vt_conn *c, const char *why)
{
	(void)snprintf(c->why, sizeof c->why, "%s", why);
}

/* What TLS has for the other end leaves, in pieces that hold whole records. */
static vt_err flush(struct vt_conn *c, uint64_t deadline)
{
	vt_err e;

	vt_buf_clear(&c->records);
	e = vt_tls_drain(c->tls, &c->records);
	if (!e && c->records.n)
		e = vt_wire_send(&c->wire, vt_buf_span(&c->records), deadline);
	return e;
}

/* Waits for bytes and gives them to TLS. VT_END: the other end has closed. */
static vt_err feed(struct vt_conn *c, uint64_t deadline)
{
	uint8_t bytes[4096];
	size_t n;
	vt_err e = vt_wire_receive(c->wire.fd, bytes, sizeof bytes, deadline, &n);

	if (e)
		return e;
	return n ? vt_tls_feed(c->tls, vt_span_of(bytes, n)) : VT_END;
}

static vt_err agree(struct vt_conn *c, uint64_t deadline)
{
	for (;;) {
		vt_err e = vt_tls_handshake(c->tls), sent = flush(c, deadline);

		if (e != VT_EAGAIN) {
			if (e)
				say(c, vt_tls_why(c->tls));
			return e ? e : sent;
		}
		e = sent ? sent : feed(c, deadline);
		if (e == VT_END || e == VT_EPEER)
			say(c, "the server closed the connection while agreeing on keys");
		else if (e == VT_EAGAIN)
			say(c, "the server did not answer in time while agreeing on keys");
		if (e)
			return e == VT_EIO || e == VT_ENOMEM ? e : VT_EPEER;
	}
}

/* A TCP connection to one address; entered into the ledger before it is asked for. */
static vt_err reach(struct vt_conn *c, const struct vt_address *a, uint64_t deadline)
{
	struct sockaddr_storage to;
	socklen_t size = vt_address_sockaddr(a, c->port, &to), len = sizeof(int);
	int why = 0, yes = 1;
	vt_err e = vt_ledger_append(c->wire.ledger, VT_EGRESS_OPEN, c->wire.peer, (vt_span){0});

	if (e)
		return VT_EIO;
	c->wire.fd =
		socket(a->v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->wire.fd < 0)
		return VT_EPEER;
	(void)setsockopt(c->wire.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(c->wire.fd, (const struct sockaddr *)&to, size) == 0)
		return VT_OK;
	if (errno == EINPROGRESS) {
		e = vt_wire_wait(c->wire.fd, POLLOUT, deadline);
		if (e == VT_EAGAIN)
			why = ETIMEDOUT;
		else if (e || getsockopt(c->wire.fd, SOL_SOCKET, SO_ERROR, &why, &len))
			why = errno;
	} else {
		why = errno;
	}
	if (why == 0)
		return VT_OK;
	vt_fd_close(c->wire.fd);
	c->wire.fd = -1;
	say(c,
		why == ECONNREFUSED        ? "the server refuses connections"
			: why == ETIMEDOUT ? "the server does not answer"
					   : "the server can't be reached");
	return VT_EPEER;
}

vt_err vt_conn_open(struct vt_conn *c, struct vt_ledger *ledger, const struct vt_tls_trust *trust,
	const struct vt_url *url, const struct vt_addresses *addresses, uint32_t timeout_ms,
	const char **out_why)
{
	uint64_t deadline = vt_clock_ms() + timeout_ms;
	char text[VT_ADDRESS_TEXT];
	vt_err e = VT_EPEER;

	*c = (struct vt_conn){.tls_scheme = url->tls, .port = url->port};
	c->records = (vt_buf)VT_BUF_INIT(RECORDS_MAX);
	c->wire = (struct vt_wire){
		.ledger = ledger, .fd = -1, .kind = url->tls ? VT_EGRESS_TLS : VT_EGRESS_TCP};
	say(c, "the server can't be reached");
	(void)snprintf(c->host, sizeof c->host, "%s", url->host);
	for (size_t i = 0; e == VT_EPEER && i < addresses->n; i++) {
		(void)snprintf(c->peer, sizeof c->peer, "%s %s",
			vt_address_text(&addresses->v[i], url->port, text), url->host);
		c->wire.peer = vt_span_str(c->peer);
		e = reach(c, &addresses->v[i], deadline);
	}
	if (!e && url->tls) {
		e = vt_tls_open(trust, url, &c->tls);
		if (!e)
			e = agree(c, vt_clock_ms() + timeout_ms);
	}
	*out_why = c->why;
	if (e)
		vt_conn_close(c);
	return e;
}

void vt_conn_close(struct vt_conn *c)
{
	vt_tls_close(c->tls);
	c->tls = NULL;
	vt_buf_free(&c->records);
	vt_fd_close(c->wire.fd);
	c->wire.fd = -1;
}

bool vt_conn_fits(const struct vt_conn *c, const struct vt_url *url)
{
	uint8_t byte;
	size_t n;

	return c->wire.fd >= 0 && c->tls_scheme == url->tls && c->port == url->port &&
		strcmp(c->host, url->host) == 0 &&
		vt_wire_receive(c->wire.fd, &byte, sizeof byte, 0, &n) == VT_EAGAIN;
}

vt_err vt_conn_send(struct vt_conn *c, vt_span bytes, uint64_t deadline)
{
	vt_err e = VT_OK;

	if (!c->tls)
		return vt_wire_send(&c->wire, bytes, deadline);
	for (size_t at = 0; !e && at < bytes.n; at += VT_TLS_WRITE) {
		vt_span part = vt_span_clip(bytes, at, VT_TLS_WRITE);

		e = vt_ledger_append(c->wire.ledger, VT_EGRESS_PLAIN, c->wire.peer, part);
		if (!e)
			e = vt_tls_write(c->tls, part);
		if (!e)
			e = flush(c, deadline);
	}
	return e;
}

vt_err vt_conn_receive(struct vt_conn *c, void *p, size_t n, uint64_t deadline, size_t *out_n)
{
	if (!c->tls)
		return vt_wire_receive(c->wire.fd, p, n, deadline, out_n);
	for (;;) {
		vt_err e = vt_tls_read(c->tls, p, n, out_n), sent;

		/* It may have to answer a message of the protocol's own. */
		sent = flush(c, deadline);
		if (e != VT_EAGAIN || sent)
			return e && e != VT_EAGAIN ? e : sent;
		e = feed(c, deadline);
		if (e)
			return e == VT_END ? VT_EPEER : e;
	}
}
