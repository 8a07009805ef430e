/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request and the decision of a witness (c2sp.org/tlog-witness v1.0.0, add-checkpoint). Pure:
 * the service around it keeps the state and writes it down before it replies.
 */
#ifndef VT_TLOG_WITNESS_H
#define VT_TLOG_WITNESS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

#define VT_WITNESS_REQUEST_MAX ((size_t)64 << 10)

struct vt_add_checkpoint {
	uint64_t old_size;
	struct vt_proof proof;
	vt_span note; /* points into the body */
};
VT_MUST_USE vt_err vt_add_checkpoint_parse(vt_span body, struct vt_add_checkpoint *out);
VT_MUST_USE vt_err vt_add_checkpoint_write(vt_buf *b, const struct vt_add_checkpoint *r);

/* What a witness remembers of a log. Size 0: nothing yet. */
struct vt_witnessed {
	uint64_t size;
	vt_hash root;
};
/*
 * The HTTP status for a parsed request about a log with this key: 200 (then *out_now is the new
 * state), 400, 403, 409 or 422. 404 is the caller's, who looks the origin up. With 409 for an old
 * size that does not match *out_size_conflict is set, and the body is the state's size.
 */
unsigned vt_witness_decide(const struct vt_add_checkpoint *r, const struct vt_key *log,
	const struct vt_witnessed *state, struct vt_witnessed *out_now, bool *out_size_conflict);

#endif
