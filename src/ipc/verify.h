/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages between `vitrine update` and its verifying child. The child asks for one file at a
 * time (GET; DATA and at last one GOT come back), and ends with what came of it: pieces of texts,
 * FAILURE for each source that did not do, one DONE.
 */
#ifndef VT_IPC_VERIFY_H
#define VT_IPC_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ipc/channel.h"

#define VT_WIRE_FILE_MAX 256 /* of a path in the log */
#define VT_WIRE_CAUSE_MAX 1024
#define VT_WIRE_KIND_MAX 16

struct vt_wire_get {
	unsigned source;
	uint64_t max;
	vt_span path;
};
VT_MUST_USE vt_err vt_verify_get_write(vt_buf *b, const struct vt_wire_get *g);
VT_MUST_USE vt_err vt_verify_get_read(vt_reader *body, struct vt_wire_get *out);

/* VERIFY_DATA, _TRUSTED, _PLAN, _EVIDENCE are pieces: vt_piece_write(), vt_piece_read(). */

struct vt_wire_got {
	vt_err error; /* VT_OK: the file is whole */
	vt_span why;
};
VT_MUST_USE vt_err vt_verify_got_write(vt_buf *b, const struct vt_wire_got *g);
VT_MUST_USE vt_err vt_verify_got_read(vt_reader *body, struct vt_wire_got *out);

struct vt_wire_refused {
	unsigned source;
	unsigned refusal; /* enum vt_refusal, for the reader to check */
	vt_span why;
};
VT_MUST_USE vt_err vt_verify_failure_write(vt_buf *b, const struct vt_wire_refused *f);
VT_MUST_USE vt_err vt_verify_failure_read(vt_reader *body, struct vt_wire_refused *out);

struct vt_wire_verify_done {
	vt_err error; /* this machine's own trouble */
	unsigned refusal, source;
	bool trusted_changed, plan_changed;
	uint64_t newer_waits, chunks, bytes;
	vt_span kind; /* of the evidence; empty: none */
	vt_span why;
};
VT_MUST_USE vt_err vt_verify_done_write(vt_buf *b, const struct vt_wire_verify_done *d);
VT_MUST_USE vt_err vt_verify_done_read(vt_reader *body, struct vt_wire_verify_done *out);

#endif
