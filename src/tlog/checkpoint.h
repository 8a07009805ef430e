/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints (c2sp.org/tlog-checkpoint v1.0.0): origin, size, root. Extension lines are refused.
 */
#ifndef VT_TLOG_CHECKPOINT_H
#define VT_TLOG_CHECKPOINT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

struct vt_checkpoint {
	vt_span origin; /* points into the text, or at the caller's */
	uint64_t size;
	vt_hash root;
};

/* Reads a note's text, up to its last newline. VT_EFORMAT. */
VT_MUST_USE vt_err vt_checkpoint_parse(vt_span text, struct vt_checkpoint *out);
VT_MUST_USE vt_err vt_checkpoint_write(vt_buf *b, const struct vt_checkpoint *c);

/* A checkpoint with who signed it. */
struct vt_head {
	struct vt_note note;
	struct vt_checkpoint at;
};
/*
 * Parses the note and its text, and asks for the signature of a log key whose name is the origin.
 * VT_EFORMAT; VT_ECHECKSUM: not signed by that key, or another origin.
 */
VT_MUST_USE vt_err vt_head_parse(vt_span note, const struct vt_key *log, struct vt_head *out);

#endif
