/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes (c2sp.org/signed-note v1.0.0): a text, an empty line, signature lines. Cosignatures
 * (c2sp.org/tlog-cosignature) are signature lines of another key type and verify here as well.
 */
#ifndef VT_TLOG_NOTE_H
#define VT_TLOG_NOTE_H

#include "tlog/key.h"

#define VT_NOTE_MAX ((size_t)1 << 20)
#define VT_NOTE_SIGS_MAX 64

/* Spans point into the note's bytes. */
struct vt_note_line {
	vt_span name, base64; /* base64: key id and signature; not decoded yet but for the id */
	uint8_t id[4];
};
struct vt_note {
	vt_span text; /* with its last newline: what is signed */
	size_t nlines;
	struct vt_note_line lines[VT_NOTE_SIGS_MAX];
};

/* VT_EFORMAT; VT_ELIMIT past the maxima. At least one signature line, of any key. */
VT_MUST_USE vt_err vt_note_parse(vt_span bytes, struct vt_note *out);

enum vt_signed {
	VT_SIGNED_NO,  /* no line by this key */
	VT_SIGNED_YES, /* each line by this key verifies */
	VT_SIGNED_BAD, /* a line by this key that does not verify: refuse the note */
};
/* *out_time: seconds since 1970 of the newest cosignature; 0 for key types without a time. */
enum vt_signed vt_note_verify(
	const struct vt_note *note, const struct vt_key *key, uint64_t *out_time);
/* The same with the times of the oldest and of the newest line by this key. */
enum vt_signed vt_note_verify_times(const struct vt_note *note, const struct vt_key *key,
	uint64_t *out_oldest, uint64_t *out_newest);

/*
 * Appends the signature line for `text`. `time` is for cosignatures, and ignored otherwise.
 * VT_ELIMIT, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_note_sign(
	vt_buf *b, const struct vt_signer *signer, vt_span text, uint64_t time);

#endif
