/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_API_COMPAT 0x10100000L /* the low-level functions: see hash.h */
#include "crypto/hash.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

void vt_md5(vt_span s, uint8_t out[16])
{
	MD5_CTX c;

	(void)MD5_Init(&c);
	(void)MD5_Update(&c, s.p, s.n);
	(void)MD5_Final(out, &c);
}

void vt_sha1(vt_span s, uint8_t out[20])
{
	SHA_CTX c;

	(void)SHA1_Init(&c);
	(void)SHA1_Update(&c, s.p, s.n);
	(void)SHA1_Final(out, &c);
}

void vt_sha256(vt_span s, uint8_t out[32])
{
	SHA256_CTX c;

	(void)SHA256_Init(&c);
	(void)SHA256_Update(&c, s.p, s.n);
	(void)SHA256_Final(out, &c);
}

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct vt_sha256_stream), "state fits");

void vt_sha256_start(struct vt_sha256_stream *s)
{
	SHA256_CTX c;

	(void)SHA256_Init(&c);
	memcpy(s->state, &c, sizeof c);
}

void vt_sha256_add(struct vt_sha256_stream *s, vt_span bytes)
{
	SHA256_CTX c;

	memcpy(&c, s->state, sizeof c);
	(void)SHA256_Update(&c, bytes.p, bytes.n);
	memcpy(s->state, &c, sizeof c);
}

void vt_sha256_finish(struct vt_sha256_stream *s, uint8_t out[32])
{
	SHA256_CTX c;

	memcpy(&c, s->state, sizeof c);
	(void)SHA256_Final(out, &c);
}
