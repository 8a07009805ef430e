/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between supervisor and worker, other than reports. */
#ifndef VT_IPC_SETUP_H
#define VT_IPC_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/core/budget.h"
#include "ipc/channel.h"

#define VT_MAX_IMAGES 16

struct vt_setup {
	struct vt_limits limits;
	bool all_match;
	bool pua;
};

VT_MUST_USE vt_err vt_setup_write(vt_buf *b, const struct vt_setup *s);
/* VT_EVERSION if the sender speaks another protocol; VT_EPEER. */
VT_MUST_USE vt_err vt_setup_read(vt_reader *body, struct vt_setup *out);

/* Where a worker failed to start. */
enum vt_start_step { VT_STEP_SETUP, VT_STEP_SANDBOX, VT_STEP_IMAGE, VT_STEP_SCANNER, VT_STEPS };

VT_MUST_USE vt_err vt_fail_write(vt_buf *b, enum vt_start_step step, vt_err e);
VT_MUST_USE vt_err vt_fail_read(vt_reader *body, enum vt_start_step *out_step, vt_err *out);

/* A process that ends because memory ran out says so with this exit code. */
#define VT_EXIT_MEMORY 71

struct vt_batch {
	uint64_t first; /* number of the first file; the others follow one by one */
	size_t n;
	uint64_t sizes[VT_MSG_FDS];
};

VT_MUST_USE vt_err vt_batch_write(vt_buf *b, const struct vt_batch *batch);
VT_MUST_USE vt_err vt_batch_read(vt_reader *body, size_t nfds, struct vt_batch *out);

#endif
