/* SPDX-License-Identifier: Apache-2.0 */
/* Proof files (c2sp.org/tlog-proof v1): an index, its inclusion proof and a cosigned checkpoint. */
#ifndef VT_TLOG_PROOF_H
#define VT_TLOG_PROOF_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/merkle.h"
#include "tlog/policy.h"

/* Spans point into the file's bytes. */
struct vt_proof_file {
	vt_span extra; /* base64 text, unauthenticated; empty: no such line */
	uint64_t index;
	struct vt_proof path;
	vt_span checkpoint; /* the signed note, verbatim */
};
VT_MUST_USE vt_err vt_proof_file_parse(vt_span file, struct vt_proof_file *out);
VT_MUST_USE vt_err vt_proof_file_write(vt_buf *b, const struct vt_proof_file *p);

enum vt_proof_verdict {
	VT_PROOF_OK,
	VT_PROOF_BAD_FORMAT,
	VT_PROOF_UNKNOWN_LOG, /* not signed by a log of the policy */
	VT_PROOF_NO_QUORUM,   /* too few cosignatures, or a false one */
	VT_PROOF_NOT_INCLUDED,
};
/* Does the file prove that `entry` is in a log of the policy? The log's head in *out_head. */
enum vt_proof_verdict vt_proof_file_check(vt_span file, vt_span entry, const struct vt_policy *p,
	struct vt_head *out_head, uint64_t *out_index);

#endif
