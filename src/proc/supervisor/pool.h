/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of sandboxed worker processes. The owner opens files and submits their descriptors; the
 * pool spreads them over its workers in batches, decodes the answers and replaces a worker that
 * crashes, hangs, or speaks badly. One thread; the owner calls vt_pool_run() often.
 */
#ifndef VT_PROC_SUPERVISOR_POOL_H
#define VT_PROC_SUPERVISOR_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/core/budget.h"
#include "engine/core/verdict.h"

struct vt_pool;

struct vt_pool_config {
	const char *worker_path; /* the vitrine-worker executable */
	unsigned workers;        /* processes, at least 1 */
	const int *images;       /* descriptors of database images, kept by the caller */
	size_t nimages;
	struct vt_limits limits;
	bool all_match;
	bool pua;
	uint32_t grace_ms; /* past limits.time_ms without an answer a worker is killed */
};

/*
 * Called from vt_pool_run() once for each submitted file, in any order. The report is the pool's;
 * copy what is to outlive the call. A worker's death is a report with a WORKER_* gap.
 */
typedef void vt_pool_result_fn(void *ctx, uint64_t id, const struct vt_report *report);

VT_MUST_USE vt_err vt_pool_new(const struct vt_pool_config *config, vt_pool_result_fn *result,
	void *ctx, struct vt_pool **out);
/* Kills and reaps all workers, closes descriptors not yet answered. NULL is fine. */
void vt_pool_free(struct vt_pool *p);

/*
 * Hands over a file; the pool closes fd. `size` is what fstat said: it decides the batching only.
 * VT_EAGAIN: enough is queued, call vt_pool_run() first (fd stays the caller's).
 */
VT_MUST_USE vt_err vt_pool_submit(struct vt_pool *p, int fd, uint64_t id, uint64_t size);
/* Sends what waits for its batch to fill. Call when nothing more will come for a while. */
VT_MUST_USE vt_err vt_pool_flush(struct vt_pool *p);
/*
 * Waits up to timeout_ms (-1: until something happens) for answers, and delivers them. VT_EIO if
 * workers can't be started at all; or the error for which they refuse the images. Returns early on
 * a signal, and with -1 when nothing is pending.
 */
VT_MUST_USE vt_err vt_pool_run(struct vt_pool *p, int timeout_ms);
/* Files submitted and not yet answered. */
uint64_t vt_pool_pending(const struct vt_pool *p);
/* Bytes scanned so far by all workers, those inside of unfinished files too (for progress). */
uint64_t vt_pool_bytes(const struct vt_pool *p);

#endif
