/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures over code: PKCS #7 and CMS SignedData (RFC 5652) as Authenticode and Apple use them.
 * Says who signed and whether the signature fits its content, not whether anybody should believe
 * the certificate: no chain is built, no time is compared.
 */
#ifndef VT_CRYPTO_SIGNED_H
#define VT_CRYPTO_SIGNED_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum vt_digest_kind {
	VT_DIGEST_NONE,
	VT_DIGEST_MD5,
	VT_DIGEST_SHA1,
	VT_DIGEST_SHA256,
	VT_DIGEST_SHA384,
	VT_DIGEST_SHA512
};
#define VT_DIGEST_MAX 64

/* Of what comes in pieces. NULL without memory. */
struct vt_hasher;
struct vt_hasher *vt_hasher_new(enum vt_digest_kind kind);
void vt_hasher_add(struct vt_hasher *h, vt_span bytes);
/* Frees it; the digest's length, 0 if something failed. */
size_t vt_hasher_finish(struct vt_hasher *h, uint8_t out[VT_DIGEST_MAX]);

struct vt_signed {
	vt_span cn, org; /* subject of the certificate that SignerInfo names, UTF-8, in the arena */
	bool valid;      /* the signature is that certificate's, and of this content */
	/* Authenticode: the digest of the file that was signed (SpcIndirectDataContent). */
	enum vt_digest_kind kind;
	size_t digest_n;
	uint8_t digest[VT_DIGEST_MAX];
};

/*
 * Reads DER. `detached`: the content, if it is not inside (p NULL: it is). VT_EFORMAT: no
 * SignedData, or without its signer's certificate. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_signed_read(
	vt_span der, vt_span detached, vt_arena *arena, struct vt_signed *out);

#endif
