/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The witness (c2sp.org/tlog-witness v1.0.0): POST add-checkpoint, and for monitors GET <hex
 * SHA-256 of the origin>/checkpoint.
 */
#include <stdlib.h>

#include "proc/service/heads.h"
#include "proc/service/origins.h"
#include "proc/service/run.h"
#include "proc/service/say.h"
#include "tlog/witness.h"

struct witness {
	const struct vt_service_config *c;
	const struct vt_signer *signer;
	struct vt_heads *heads;
	struct vt_origins *origins;
};

static void get(void *ctx, const char *path, struct vt_reply *out, struct vt_server_file *file)
{
	struct witness *w = ctx;
	const char *name;
	size_t log = vt_origins_find(w->origins, path, &name);
	vt_err e = VT_END;

	(void)file;
	if (log != VT_SERVICE_LOGS_MAX && strcmp(name, "checkpoint") == 0)
		e = vt_heads_latest(w->heads, log, &out->body);
	out->type = "text/plain; charset=utf-8";
	out->status = !e ? 200 : e == VT_END ? 404 : 500;
	if (e)
		vt_buf_clear(&out->body);
}

static void post(void *ctx, const char *path, const char *coding, void **out_sink,
	uint64_t *out_max, struct vt_reply *out)
{
	vt_buf *body;

	(void)ctx;
	if (strcmp(path, "/add-checkpoint") != 0) {
		out->status = 404;
		return;
	}
	if (coding) {
		out->status = 415;
		return;
	}
	body = calloc(1, sizeof *body);
	if (!body) {
		out->status = 500;
		return;
	}
	body->max = VT_WITNESS_REQUEST_MAX;
	*out_sink = body;
	*out_max = VT_WITNESS_REQUEST_MAX;
}

static void post_data(void *ctx, void *sink, vt_span bytes)
{
	vt_buf *body = sink;

	(void)ctx;
	/* a body that is not whole must not look like one that is */
	if (vt_buf_add(body, bytes.p, bytes.n)) {
		vt_buf_clear(body);
		body->max = 0;
	}
}

static void post_done(void *ctx, void *sink, struct vt_reply *out)
{
	struct witness *w = ctx;

	vt_heads_add(w->heads, vt_buf_span(sink), out);
}

static void post_drop(void *ctx, void *sink)
{
	(void)ctx;
	vt_buf_free(sink);
	free(sink);
}

static vt_err open_witness(void *ctx, int dir, int *readable, size_t max, size_t *out_n)
{
	struct witness *w = ctx;
	vt_err e = vt_origins_make(w->c, &w->origins);

	(void)readable, (void)max;
	*out_n = 0;
	if (!e)
		e = vt_heads_open(w->c, w->signer, dir, vt_service_clock, &w->heads);
	if (e)
		vt_say("witness: %s/journal cannot be used: %s. It is never mended by itself: it "
		       "is what keeps this witness from signing two histories.",
			w->c->state, vt_err_text(e));
	return e;
}

static bool failed(void *ctx)
{
	const struct witness *w = ctx;

	return vt_heads_broken(w->heads);
}

static void end(void *ctx)
{
	struct witness *w = ctx;

	vt_heads_close(w->heads);
	vt_origins_free(w->origins);
}

vt_err vt_witness_serve(const struct vt_service_config *c, const struct vt_signer *signer)
{
	struct witness w = {.c = c, .signer = signer};
	const struct vt_service_parts parts = {
		.config = c,
		.name = "witness",
		.routes = {.ctx = &w,
			.get = get,
			.post = post,
			.post_data = post_data,
			.post_done = post_done,
			.post_drop = post_drop},
		.ctx = &w,
		.open = open_witness,
		.failed = failed,
		.end = end,
	};

	return vt_service_run(&parts);
}
