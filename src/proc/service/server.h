/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP for the services, by libmicrohttpd, a thread a connection: one that waits for the disk or
 * for a slow client keeps nobody else waiting. Bounds on connections (in all, and of one address),
 * on headers, bodies and on the time that a request may take from its connection's last answer to
 * its end.
 */
#ifndef VT_PROC_SERVICE_SERVER_H
#define VT_PROC_SERVICE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "proc/service/config.h"
#include "proc/service/heads.h"

/* A file to be sent in place of a body. */
struct vt_server_file {
	int fd; /* the server closes it; negative: none */
	uint64_t size;
	bool lasting; /* never changes: caches may keep it */
};

/* What a service answers. Called from many threads at once. */
struct vt_routes {
	void *ctx;
	/* GET and HEAD; `path` has no prefix and begins with '/'. */
	void (*get)(void *ctx, const char *path, struct vt_reply *out, struct vt_server_file *file);
	/*
	 * POST: opens a sink for the body (*out_sink), or sets out->status at once. `coding` is the
	 * Content-Encoding, NULL for none. *out_max: the most bytes that the body may have.
	 */
	void (*post)(void *ctx, const char *path, const char *coding, void **out_sink,
		uint64_t *out_max, struct vt_reply *out);
	void (*post_data)(void *ctx, void *sink, vt_span bytes);
	void (*post_done)(void *ctx, void *sink, struct vt_reply *out);
	void (*post_drop)(void *ctx, void *sink); /* always, last */
};

/* A listening socket for "127.0.0.1:80" or a path, over which an old socket goes. VT_EIO. */
VT_MUST_USE vt_err vt_server_listen(const char *listen, int *out_fd);

struct vt_server;
/* Takes the sockets over, also on an error. VT_EIO, VT_ENOMEM. */
VT_MUST_USE vt_err vt_server_start(const struct vt_service_config *c, const struct vt_routes *r,
	const int *sockets, struct vt_server **out);
/* Ends connections whose request takes too long. Call about once a second. */
void vt_server_reap(struct vt_server *s);
/* Waits for requests that are being answered. */
void vt_server_stop(struct vt_server *s);

#endif
