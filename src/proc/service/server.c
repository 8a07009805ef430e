/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/base64.h"
#include "os/fd.h"

#define HEADERS_MAX ((size_t)16 << 10)
#define STACK_SIZE ((size_t)512 << 10)
/* An answer may take longer than a request: a chunk of 8 MiB over a slow line. */
#define ANSWER_TIMES 10
/* 16 KB a second */
#define SLOWEST_BYTES_MS 16

/* A connection, while it is open; in a list, so that the reaper finds it. */
struct peer {
	struct peer *next, **link;
	int fd;
	uint64_t deadline; /* vt_clock_ms() */
};

struct vt_server {
	struct vt_routes routes;
	const char *prefix;
	uint64_t request_ms;
	struct MHD_Daemon *daemons[VT_SERVICE_LISTEN_MAX];
	size_t ndaemons;
	pthread_mutex_t lock;
	struct peer *peers;
};

/* A request, from its head to its answer. */
struct request {
	void *sink;
	uint64_t left; /* bytes that the body may still have */
};

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket_ctx,
	enum MHD_ConnectionNotificationCode code)
{
	struct vt_server *s = ctx;
	struct peer *p = *socket_ctx;
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		p = i ? calloc(1, sizeof *p) : NULL;
		*socket_ctx = p;
		if (!p)
			return;
		p->fd = i->connect_fd;
		p->deadline = vt_clock_ms() + s->request_ms;
	} else if (!p) {
		return;
	}
	(void)pthread_mutex_lock(&s->lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		p->next = s->peers;
		p->link = &s->peers;
		if (p->next)
			p->next->link = &p->next;
		s->peers = p;
	} else {
		*p->link = p->next;
		if (p->next)
			p->next->link = p->link;
	}
	(void)pthread_mutex_unlock(&s->lock);
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		free(p);
		*socket_ctx = NULL;
	}
}

static struct peer *peer_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return i ? i->socket_context : NULL;
}

static void give_time(struct vt_server *s, struct MHD_Connection *c, uint64_t times)
{
	struct peer *p = peer_of(c);

	if (!p)
		return;
	(void)pthread_mutex_lock(&s->lock);
	p->deadline = vt_clock_ms() + s->request_ms * times;
	(void)pthread_mutex_unlock(&s->lock);
}

/* A large body has more time, if it comes at a bearable speed. */
static void give_time_for(struct vt_server *s, struct MHD_Connection *c, size_t bytes)
{
	struct peer *p = peer_of(c);

	if (!p)
		return;
	(void)pthread_mutex_lock(&s->lock);
	p->deadline += bytes / SLOWEST_BYTES_MS;
	(void)pthread_mutex_unlock(&s->lock);
}

void vt_server_reap(struct vt_server *s)
{
	uint64_t now = vt_clock_ms();

	(void)pthread_mutex_lock(&s->lock);
	for (struct peer *p = s->peers; p; p = p->next)
		if (p->deadline < now)
			(void)shutdown(p->fd, SHUT_RDWR);
	(void)pthread_mutex_unlock(&s->lock);
}

static void on_completed(void *ctx, struct MHD_Connection *c, void **request_ctx,
	enum MHD_RequestTerminationCode code)
{
	struct vt_server *s = ctx;
	struct request *r = *request_ctx;

	(void)code;
	/* the next request of a connection that stays */
	give_time(s, c, 1);
	if (!r)
		return;
	if (r->sink)
		s->routes.post_drop(s->routes.ctx, r->sink);
	free(r);
	*request_ctx = NULL;
}

/* Takes the reply's body and the file. */
static enum MHD_Result answer(struct vt_server *s, struct MHD_Connection *c, struct vt_reply *r,
	struct vt_server_file *file)
{
	struct MHD_Response *m;
	enum MHD_Result ok = MHD_NO;

	give_time(s, c, ANSWER_TIMES);
	m = file && file->fd >= 0
		? MHD_create_response_from_fd64(file->size, file->fd)
		: MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_COPY);
	if (m) {
		if (r->type)
			(void)MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, r->type);
		if (r->status == MHD_HTTP_METHOD_NOT_ALLOWED)
			(void)MHD_add_response_header(m, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
		if (file && file->fd >= 0)
			(void)MHD_add_response_header(m, MHD_HTTP_HEADER_CACHE_CONTROL,
				file->lasting ? "max-age=31536000, immutable" : "no-cache");
		ok = MHD_queue_response(c, r->status, m);
		MHD_destroy_response(m);
	} else if (file) {
		vt_fd_close(file->fd);
	}
	vt_buf_free(&r->body);
	return ok;
}

static enum MHD_Result refuse(struct vt_server *s, struct MHD_Connection *c, unsigned status)
{
	struct vt_reply r = {.status = status, .type = NULL, .body = VT_BUF_INIT(0)};

	return answer(s, c, &r, NULL);
}

/* What is behind the prefix; NULL if the path is not below it. */
static const char *below(const struct vt_server *s, const char *path)
{
	size_t n = strlen(s->prefix);

	return strncmp(path, s->prefix, n) == 0 && path[n] == '/' ? path + n : NULL;
}

static enum MHD_Result get(struct vt_server *s, struct MHD_Connection *c, const char *path)
{
	struct vt_reply r = {.status = 404, .body = VT_BUF_INIT((size_t)1 << 20)};
	struct vt_server_file file = {.fd = -1};

	s->routes.get(s->routes.ctx, path, &r, &file);
	return answer(s, c, &r, &file);
}

/* The head of a POST: everything that can be refused before its body is read. */
static enum MHD_Result begin_post(
	struct vt_server *s, struct MHD_Connection *c, const char *path, struct request *r)
{
	const char *length =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *coding =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_ENCODING);
	struct vt_reply reply = {.status = 0, .body = VT_BUF_INIT((size_t)1 << 20)};
	uint64_t n;

	s->routes.post(s->routes.ctx, path, coding, &r->sink, &r->left, &reply);
	if (reply.status)
		return answer(s, c, &reply, NULL);
	if (length && (!vt_decimal_get(vt_span_str(length), &n) || n > r->left))
		return refuse(s, c, MHD_HTTP_CONTENT_TOO_LARGE);
	return MHD_YES;
}

static enum MHD_Result begin(struct vt_server *s, struct MHD_Connection *c, const char *url,
	const char *method, void **request_ctx)
{
	const char *path = below(s, url);
	bool reads = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
		strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	struct request *r;

	if (!path)
		return refuse(s, c, MHD_HTTP_NOT_FOUND);
	if (!reads && strcmp(method, MHD_HTTP_METHOD_POST) != 0)
		return refuse(s, c, MHD_HTTP_METHOD_NOT_ALLOWED);
	r = calloc(1, sizeof *r);
	if (!r)
		return MHD_NO;
	*request_ctx = r;
	return reads ? MHD_YES : begin_post(s, c, path, r);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *io_size,
	void **request_ctx)
{
	struct vt_server *s = ctx;
	struct request *r = *request_ctx;
	struct vt_reply reply = {.status = 500, .body = VT_BUF_INIT((size_t)1 << 20)};

	(void)version;
	if (!r)
		return begin(s, c, url, method, request_ctx);
	if (*io_size) {
		/* a body that is longer than it may be, without a length: no more of it */
		if (*io_size > r->left || !r->sink)
			return MHD_NO;
		r->left -= *io_size;
		give_time_for(s, c, *io_size);
		s->routes.post_data(s->routes.ctx, r->sink, vt_span_of(data, *io_size));
		*io_size = 0;
		return MHD_YES;
	}
	give_time(s, c, ANSWER_TIMES);
	if (!r->sink)
		return get(s, c, below(s, url));
	s->routes.post_done(s->routes.ctx, r->sink, &reply);
	return answer(s, c, &reply, NULL);
}

static void quiet(void *ctx, const char *fmt, va_list args)
{
	(void)ctx, (void)fmt, (void)args;
}

static struct MHD_Daemon *start_one(struct vt_server *s, const struct vt_service_config *c, int fd)
{
	unsigned most = c->connections / (unsigned)c->nlisten;

	return MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG,
		0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, most ? most : 1,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, c->per_address, MHD_OPTION_CONNECTION_TIMEOUT,
		c->request_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADERS_MAX,
		MHD_OPTION_THREAD_STACK_SIZE, STACK_SIZE, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_END);
}

vt_err vt_server_start(const struct vt_service_config *c, const struct vt_routes *r,
	const int *sockets, struct vt_server **out)
{
	struct vt_server *s = calloc(1, sizeof *s);
	size_t i = 0;

	if (s) {
		s->routes = *r;
		s->prefix = c->prefix;
		s->request_ms = (uint64_t)c->request_s * 1000;
		(void)pthread_mutex_init(&s->lock, NULL);
		for (; i < c->nlisten; i++) {
			s->daemons[i] = start_one(s, c, sockets[i]);
			if (!s->daemons[i])
				break;
			s->ndaemons++;
		}
	}
	if (s && i == c->nlisten) {
		*out = s;
		return VT_OK;
	}
	for (; i < c->nlisten; i++)
		vt_fd_close(sockets[i]);
	vt_server_stop(s);
	return s ? VT_EIO : VT_ENOMEM;
}

void vt_server_stop(struct vt_server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->ndaemons; i++)
		MHD_stop_daemon(s->daemons[i]);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
