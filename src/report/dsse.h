/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DSSE envelopes (github.com/secure-systems-lab/dsse): a payload of a type, and Ed25519 signatures
 * over its pre-authentication encoding. What is signed is bytes: nobody parses before they are
 * verified.
 */
#ifndef VT_REPORT_DSSE_H
#define VT_REPORT_DSSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "crypto/sign.h"

#define VT_DSSE_MAX ((size_t)256 << 20) /* bytes of an envelope */
#define VT_DSSE_SIGNATURES_MAX 32

struct vt_dsse_signature {
	vt_span keyid; /* a hint, not signed */
	uint8_t sig[VT_SIG_SIZE];
};

struct vt_dsse {
	vt_span type, payload;
	size_t n;
	struct vt_dsse_signature v[VT_DSSE_SIGNATURES_MAX];
};

/* "DSSEv1 LEN TYPE LEN PAYLOAD": what is signed. */
VT_MUST_USE vt_err vt_dsse_encode(vt_span type, vt_span payload, vt_buf *out);
/* Adds a signature of the key to the envelope. VT_ELIMIT. */
VT_MUST_USE vt_err vt_dsse_sign(struct vt_dsse *d, vt_span keyid, const uint8_t seed[VT_SEED_SIZE]);
VT_MUST_USE vt_err vt_dsse_write(const struct vt_dsse *d, vt_buf *out);
/*
 * Spans live in `a`. Base 64 of either alphabet, with or without padding; members that the
 * specification does not have are ignored. Signatures that are not 64 bytes are no Ed25519 ones and
 * left out. VT_EFORMAT, VT_ELIMIT, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_dsse_read(vt_span json, vt_arena *a, struct vt_dsse *out);
/* Is there a signature by this key? *out_index says which (may be NULL). */
VT_MUST_USE bool vt_dsse_verify(
	const struct vt_dsse *d, const uint8_t pub[VT_PUBLIC_SIZE], size_t *out_index);

#endif
