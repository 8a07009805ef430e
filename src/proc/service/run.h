/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service from its start to SIGTERM: its folder, locked; its sockets; the lock-down; threads;
 * the server. One order for both, because the order is what makes it safe.
 */
#ifndef VT_PROC_SERVICE_RUN_H
#define VT_PROC_SERVICE_RUN_H

#include "proc/service/server.h"

struct vt_service_parts {
	const struct vt_service_config *config;
	const char *name; /* "witness" */
	struct vt_routes routes;
	void *ctx;
	/* Before the lock-down, with the open and locked state folder. Adds folders to read. */
	vt_err (*open)(void *ctx, int dir, int *readable, size_t max, size_t *out_n);
	/* After it: the place for threads. May be NULL. */
	vt_err (*begin)(void *ctx);
	/* About once a second; true: end with an error. */
	bool (*failed)(void *ctx);
	/* Once no request is being answered; always called. */
	void (*end)(void *ctx);
};

/*
 * Serves until SIGTERM or SIGINT: VT_OK then. Messages go to standard error. Other signals and
 * threads of the caller are not expected: this is the process's last work.
 */
VT_MUST_USE vt_err vt_service_run(const struct vt_service_parts *p);

/* The two services. The signer stays the caller's, who wipes it. */
VT_MUST_USE vt_err vt_witness_serve(
	const struct vt_service_config *c, const struct vt_signer *signer);
struct vt_fetcher_config;
/* `fetcher`: how a log at a URL is read. */
VT_MUST_USE vt_err vt_mirror_serve(const struct vt_service_config *c,
	const struct vt_signer *signer, const struct vt_fetcher_config *fetcher);

#endif
