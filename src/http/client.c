/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "http/conn.h"
#include "http/response.h"
#include "os/fd.h"

#define REQUEST_MAX ((size_t)64 << 20 | 4096)
#define READ_BYTES ((size_t)32 << 10)
#define RATE_MS 10000
#define INTERIM_MAX 4                  /* answers with status 1xx before the answer */
#define DRAIN_MAX ((uint64_t)64 << 10) /* of a body that nobody wants */

struct vt_http {
	struct vt_http_config config;
	struct vt_names names;
	struct vt_tls_trust *trust; /* NULL: `trust_error` says why */
	vt_err trust_error;
	struct vt_conn conn;
	vt_buf request;
	vt_buf in; /* received, not used yet */
	char why[320];
};

/* One exchange. */
struct exchange {
	struct vt_http *h;
	const struct vt_http_request *r;
	struct vt_url url;
	struct vt_response response;
	uint64_t got;          /* bytes of the body */
	bool any;              /* something came back */
	uint64_t window_start; /* of the rate's measure, ms */
	uint64_t window_bytes;
};

static vt_err fail(struct vt_http *h, vt_err e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static vt_err fail(struct vt_http *h, vt_err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(h->why, sizeof h->why, fmt, ap);
	va_end(ap);
	return e;
}

static vt_err ledger_failed(struct vt_http *h)
{
	return fail(h, VT_EIO, "the egress ledger can't be written, so nothing is sent");
}

vt_err vt_http_open(const struct vt_http_config *c, struct vt_http **out)
{
	struct vt_http *h = calloc(1, sizeof *h);
	vt_err e;

	if (!h)
		return VT_ENOMEM;
	h->config = *c;
	h->conn.wire.fd = -1;
	h->request = (vt_buf)VT_BUF_INIT(REQUEST_MAX);
	h->in = (vt_buf)VT_BUF_INIT(VT_HEAD_MAX + READ_BYTES);
	h->trust_error = vt_tls_trust_open(c->certificates, &h->trust);
	e = vt_names_open(c->ledger, c->timeout_ms, &h->names);
	if (e || h->trust_error == VT_ENOMEM) {
		vt_http_close(h);
		return VT_ENOMEM;
	}
	*out = h;
	return VT_OK;
}

void vt_http_close(struct vt_http *h)
{
	if (!h)
		return;
	vt_conn_close(&h->conn);
	vt_names_close(&h->names);
	vt_tls_trust_close(h->trust);
	vt_buf_free(&h->request);
	vt_buf_free(&h->in);
	free(h);
}

const char *vt_http_why(const struct vt_http *h)
{
	return h->why;
}

/* The whole template. Nothing in it depends on this machine, the time or what came before. */
static vt_err write_request(vt_buf *b, const struct vt_http_request *r, const struct vt_url *u)
{
	char port[8] = "";
	vt_err e;

	if (u->port_given)
		(void)snprintf(port, sizeof port, ":%u", (unsigned)u->port);
	vt_buf_clear(b);
	e = vt_buf_addf(b,
		"%s %.*s HTTP/1.1\r\nHost: %s%s%s%s\r\nUser-Agent: vitrine\r\nAccept: */*\r\n"
		"Connection: keep-alive\r\n",
		r->post ? "POST" : "GET", (int)u->path.n, (const char *)u->path.p, u->v6 ? "[" : "",
		u->host, u->v6 ? "]" : "", port);
	if (!e && r->post)
		e = vt_buf_addf(b, "Content-Length: %zu\r\nContent-Type: %.*s\r\n", r->body.n,
			(int)r->type.n, (const char *)r->type.p);
	if (!e)
		e = vt_buf_add(b, "\r\n", 2);
	return e || !r->post ? e : vt_buf_add(b, r->body.p, r->body.n);
}

static bool type_ok(vt_span s)
{
	static const char *const types[] = {
		"application/octet-stream", "text/plain", "text/plain; charset=utf-8"};

	for (size_t i = 0; i < VT_COUNT(types); i++)
		if (vt_span_eq(s, vt_span_str(types[i])))
			return true;
	return false;
}

static vt_err check_rate(struct exchange *x, size_t n)
{
	uint64_t now = vt_clock_ms(), ms = now - x->window_start;

	x->window_bytes += n;
	if (ms < RATE_MS)
		return VT_OK;
	if (x->window_bytes * 1000 / ms < x->h->config.slowest)
		return fail(x->h, VT_EPEER,
			"the server sends %" PRIu64 " bytes a second; less than %" PRIu32
			" is refused",
			x->window_bytes * 1000 / ms, x->h->config.slowest);
	x->window_start = now;
	x->window_bytes = 0;
	return VT_OK;
}

/* Receives behind what is there already. VT_END: the server has closed. */
static vt_err receive(struct exchange *x)
{
	struct vt_http *h = x->h;
	size_t room = vt_min_size(READ_BYTES, h->in.max - h->in.n), n = 0;
	uint64_t now = vt_clock_ms();
	vt_err e = room ? vt_buf_reserve(&h->in, room) : VT_ELIMIT;

	if (e)
		return e;
	e = vt_conn_receive(&h->conn, h->in.p + h->in.n, room, now + h->config.timeout_ms, &n);
	if (e == VT_EAGAIN)
		return fail(h, VT_EPEER, "the server sent nothing for %g seconds",
			h->config.timeout_ms / 1000.0);
	if (e == VT_EPEER && h->conn.tls && *vt_tls_why(h->conn.tls))
		return fail(h, e, "%s", vt_tls_why(h->conn.tls));
	if (e == VT_EPEER)
		return fail(h, e, "the connection broke in the middle of the answer");
	if (e)
		return e == VT_EIO ? ledger_failed(h) : e;
	if (n == 0)
		return VT_END;
	/* How long it thinks is the timeout's business; how fast it then speaks is this one's. */
	if (!x->any)
		x->window_start = vt_clock_ms();
	x->any = true;
	h->in.n += n;
	return check_rate(x, n);
}

static void consume(vt_buf *b, size_t n)
{
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

static vt_err read_head(struct exchange *x)
{
	struct vt_http *h = x->h;
	const char *why = "?";

	for (unsigned i = 0; i <= INTERIM_MAX;) {
		size_t n;
		vt_err e;

		if (vt_response_head_end(vt_buf_span(&h->in), &n)) {
			e = n > VT_HEAD_MAX
				? VT_EFORMAT
				: vt_response_parse(vt_span_clip(vt_buf_span(&h->in), 0, n),
					  &x->response, &why);
			if (e)
				return fail(h, VT_EPEER, "the server speaks badly: %s", why);
			consume(&h->in, n);
			if (x->response.status >= 200)
				return VT_OK;
			i++;
			continue;
		}
		if (h->in.n > VT_HEAD_MAX)
			return fail(
				h, VT_EPEER, "the server speaks badly: a head of more than 16 KiB");
		e = receive(x);
		if (e == VT_END)
			return fail(h, VT_EPEER, "the server closed without an answer");
		if (e)
			return e;
	}
	return fail(h, VT_EPEER, "the server speaks badly: too many interim answers");
}

/* Hands a piece over, if anybody wants it. */
static vt_err take(struct exchange *x, vt_span data)
{
	bool wanted = x->r->post || x->response.status == 200;

	x->got += data.n;
	if (wanted && x->got > x->r->max)
		return fail(
			x->h, VT_ELIMIT, "the answer is longer than %" PRIu64 " bytes", x->r->max);
	if (!wanted || data.n == 0)
		return VT_OK;
	return x->r->fn(x->r->ctx, data);
}

static vt_err read_body(struct exchange *x)
{
	struct vt_http *h = x->h;
	struct vt_body body;
	bool wanted = x->r->post || x->response.status == 200;
	vt_err e = VT_OK;

	vt_body_start(&body, &x->response);
	if (wanted && body.framing == VT_FRAMING_LENGTH && body.left > x->r->max)
		return fail(h, VT_ELIMIT, "the answer is longer than %" PRIu64 " bytes", x->r->max);
	while (!e && !body.done) {
		size_t used;
		vt_span data;

		/* A body that nobody wants is not waited for. */
		if (!wanted && (x->got > DRAIN_MAX || body.left > DRAIN_MAX)) {
			x->response.keep = false;
			return VT_OK;
		}
		if (h->in.n == 0) {
			e = receive(x);
			if (e == VT_END && vt_body_end(&body))
				e = fail(h, VT_EPEER, "the answer ends too early");
			else if (e == VT_END)
				return VT_OK;
			continue;
		}
		if (vt_body_feed(&body, vt_buf_span(&h->in), &used, &data))
			return fail(h, VT_EPEER, "the server speaks badly: chunks out of shape");
		e = take(x, data);
		consume(&h->in, used);
	}
	return e;
}

static vt_err connect_to(struct exchange *x)
{
	struct vt_http *h = x->h;
	struct vt_addresses addresses;
	const char *why = "?";
	vt_err e;

	vt_conn_close(&h->conn);
	vt_buf_clear(&h->in);
	if (x->url.tls && !h->trust)
		return fail(h, VT_EPEER, "no certificates to check https servers by: %s",
			h->trust_error == VT_EFORMAT ? "the file has none"
						     : "install ca-certificates, or name a file");
	e = vt_names_find(&h->names, &x->url, &addresses, &why);
	if (!e)
		e = vt_conn_open(&h->conn, h->config.ledger, h->trust, &x->url, &addresses,
			h->config.timeout_ms, &why);
	if (e == VT_EIO)
		return ledger_failed(h);
	return e ? fail(h, VT_EPEER, "%s:%u: %s", x->url.host, (unsigned)x->url.port, why) : VT_OK;
}

/* Sends the request and reads the answer on the connection that is there. */
static vt_err talk(struct exchange *x)
{
	struct vt_http *h = x->h;
	vt_err e = vt_conn_send(&h->conn, vt_buf_span(&h->request),
		vt_clock_ms() + h->config.timeout_ms +
			h->request.n / (h->config.slowest + 1) * 1000);

	if (e == VT_EIO)
		return ledger_failed(h);
	if (e)
		return fail(h, VT_EPEER, "the server does not take the request");
	x->any = false;
	x->window_bytes = 0;
	e = read_head(x);
	return e ? e : read_body(x);
}

vt_err vt_http_do(struct vt_http *h, const struct vt_http_request *r, unsigned *out_status)
{
	struct exchange x = {.h = h, .r = r};
	const char *why;
	bool reused;
	vt_err e;

	h->why[0] = 0;
	if (vt_url_parse(r->url, &x.url, &why))
		return fail(h, VT_EARG, "%s", why);
	if (r->post && !type_ok(r->type))
		return fail(h, VT_EARG, "a body of a type that is not sent");
	e = write_request(&h->request, r, &x.url);
	if (e)
		return fail(h, e, "the request is too long");
	/* A request with a body gets a fresh connection: it must not be sent twice. */
	reused = !r->post && h->in.n == 0 && vt_conn_fits(&h->conn, &x.url);
	if (!reused)
		e = connect_to(&x);
	if (!e)
		e = talk(&x);
	if (e == VT_EPEER && reused && !x.any) {
		/* The server had closed it meanwhile. */
		e = connect_to(&x);
		if (!e)
			e = talk(&x);
	}
	if (e || !x.response.keep)
		vt_conn_close(&h->conn);
	if (!e)
		*out_status = x.response.status;
	else if (!h->why[0])
		(void)fail(h, e, "%s", vt_err_text(e));
	return e;
}
