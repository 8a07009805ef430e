/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/signed.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/num.h"

#define SIGNED_MAX ((size_t)8 << 20)
#define SPC_INDIRECT_DATA "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04" /* 1.3.6.1.4.1.311.2.1.4 */

/* No configuration file is looked for: there is none in a sandbox. */
static void quiet_start(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

static const EVP_MD *method(enum vt_digest_kind kind)
{
	switch (kind) {
	case VT_DIGEST_MD5: return EVP_md5();
	case VT_DIGEST_SHA1: return EVP_sha1();
	case VT_DIGEST_SHA256: return EVP_sha256();
	case VT_DIGEST_SHA384: return EVP_sha384();
	case VT_DIGEST_SHA512: return EVP_sha512();
	case VT_DIGEST_NONE: break;
	}
	return NULL;
}

struct vt_hasher {
	EVP_MD_CTX *ctx;
	bool bad;
};

struct vt_hasher *vt_hasher_new(enum vt_digest_kind kind)
{
	struct vt_hasher *h = calloc(1, sizeof *h);

	quiet_start();
	if (!h)
		return NULL;
	h->ctx = EVP_MD_CTX_new();
	h->bad = !h->ctx || !method(kind) || EVP_DigestInit_ex(h->ctx, method(kind), NULL) != 1;
	return h;
}

void vt_hasher_add(struct vt_hasher *h, vt_span bytes)
{
	if (!h->bad && bytes.n)
		h->bad = EVP_DigestUpdate(h->ctx, bytes.p, bytes.n) != 1;
}

size_t vt_hasher_finish(struct vt_hasher *h, uint8_t out[VT_DIGEST_MAX])
{
	unsigned n = 0;

	if (h->bad || EVP_DigestFinal_ex(h->ctx, out, &n) != 1)
		n = 0;
	EVP_MD_CTX_free(h->ctx);
	free(h);
	ERR_clear_error();
	return n;
}

/* One DER element: its content and what is behind it. */
static bool der_next(vt_span *s, uint8_t tag, vt_span *out)
{
	size_t at = 2, n;

	if (s->n < 2 || s->p[0] != tag)
		return false;
	n = s->p[1];
	if (n & 0x80) {
		size_t bytes = n & 0x7f;

		if (bytes == 0 || bytes > 4 || s->n < 2 + bytes)
			return false;
		for (n = 0; bytes; bytes--)
			n = n << 8 | s->p[at++];
	}
	if (!vt_span_sub(*s, at, n, out))
		return false;
	*s = vt_span_of(s->p + at + n, s->n - at - n);
	return true;
}

/*
 * SpcIndirectDataContent ::= SEQUENCE { data SEQUENCE, messageDigest SEQUENCE { algorithm SEQUENCE
 * { OID, ... }, digest OCTET STRING } } (Windows Authenticode Portable Executable Signature Format)
 */
static bool read_indirect(vt_span s, struct vt_signed *out)
{
	static const struct {
		enum vt_digest_kind kind;
		uint8_t n;
		const char *oid;
	} kinds[] = {
		{VT_DIGEST_MD5, 8, "\x2a\x86\x48\x86\xf7\x0d\x02\x05"},
		{VT_DIGEST_SHA1, 5, "\x2b\x0e\x03\x02\x1a"},
		{VT_DIGEST_SHA256, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x01"},
		{VT_DIGEST_SHA384, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x02"},
		{VT_DIGEST_SHA512, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x03"},
	};
	vt_span data, info, algorithm, oid, digest;

	if (!der_next(&s, 0x30, &data) || !der_next(&s, 0x30, &info) ||
		!der_next(&info, 0x30, &algorithm) || !der_next(&algorithm, 0x06, &oid) ||
		!der_next(&info, 0x04, &digest) || digest.n == 0 || digest.n > VT_DIGEST_MAX)
		return false;
	for (size_t i = 0; i < VT_COUNT(kinds); i++)
		if (vt_span_eq(oid, vt_span_of(kinds[i].oid, kinds[i].n)))
			out->kind = kinds[i].kind;
	memcpy(out->digest, digest.p, digest.n);
	out->digest_n = digest.n;
	return true;
}

/* The bytes that were signed, when they are inside; and the file's digest, if it is Authenticode.
 */
static bool find_content(PKCS7 *p7, vt_span *out, struct vt_signed *s)
{
	const PKCS7 *inner = p7->d.sign->contents;
	const ASN1_OBJECT *type = inner ? inner->type : NULL;
	const ASN1_TYPE *v;
	vt_span all, oid = {0};

	if (!type)
		return false;
	oid = vt_span_of(OBJ_get0_data(type), OBJ_length(type));
	v = OBJ_obj2nid(type) == NID_pkcs7_data ? NULL : inner->d.other;
	if (!v || v->type != V_ASN1_SEQUENCE || !v->value.sequence)
		return false;
	all = vt_span_of(ASN1_STRING_get0_data(v->value.sequence),
		(size_t)ASN1_STRING_length(v->value.sequence));
	if (!der_next(&all, 0x30, out))
		return false;
	if (vt_span_eq(oid, vt_span_str(SPC_INDIRECT_DATA)))
		(void)read_indirect(*out, s);
	return true;
}

/* The most specific entry of a name, as UTF-8. */
static vt_span name_part(X509 *cert, int nid, vt_arena *arena)
{
	X509_NAME *name = X509_get_subject_name(cert);
	vt_span out = {0};
	int at = -1, next;
	unsigned char *text = NULL;
	int n;

	while ((next = X509_NAME_get_index_by_NID(name, nid, at)) >= 0)
		at = next;
	if (at < 0)
		return out;
	n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (n > 0) {
		const char *copy = vt_arena_copy(arena, vt_span_of(text, (size_t)n));

		out = vt_span_of(copy, copy ? (size_t)n : 0);
	}
	OPENSSL_free(text);
	return out;
}

/* By hand: PKCS7_verify() of OpenSSL 3.0 leaks where the digests are unknown. */
static vt_err check_signature(
	PKCS7 *p7, PKCS7_SIGNER_INFO *info, X509 *cert, vt_span content, bool *out_valid)
{
	uint8_t sink[4096];
	BIO *chain, *bio = BIO_new_mem_buf(content.p, (int)content.n);

	if (!bio)
		return VT_ENOMEM;
	chain = PKCS7_dataInit(p7, bio);
	if (!chain) {
		BIO_free(bio);
		return VT_OK;
	}
	while (BIO_read(chain, sink, sizeof sink) > 0) /* through the digests */
		;
	*out_valid = PKCS7_signatureVerify(chain, p7, info, cert) == 1;
	BIO_free_all(chain);
	return VT_OK;
}

static vt_err read_signer(PKCS7 *p7, vt_span content, vt_arena *arena, struct vt_signed *out)
{
	STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(p7);
	PKCS7_SIGNER_INFO *info = infos ? sk_PKCS7_SIGNER_INFO_value(infos, 0) : NULL;
	X509 *cert;

	if (!info || !info->issuer_and_serial)
		return VT_EFORMAT;
	cert = X509_find_by_issuer_and_serial(
		p7->d.sign->cert, info->issuer_and_serial->issuer, info->issuer_and_serial->serial);
	if (!cert)
		return VT_EFORMAT;
	out->cn = name_part(cert, NID_commonName, arena);
	out->org = name_part(cert, NID_organizationName, arena);
	if (!content.p || content.n > INT_MAX)
		return VT_OK;
	return check_signature(p7, info, cert, content, &out->valid);
}

vt_err vt_signed_read(vt_span der, vt_span detached, vt_arena *arena, struct vt_signed *out)
{
	struct vt_signed s = {0};
	const unsigned char *p = der.p;
	vt_span content = detached;
	PKCS7 *p7;
	vt_err e = VT_EFORMAT;

	quiet_start();
	if (der.n == 0 || der.n > SIGNED_MAX)
		return VT_EFORMAT;
	p7 = d2i_PKCS7(NULL, &p, (long)der.n);
	if (p7 && PKCS7_type_is_signed(p7) && p7->d.sign) {
		if (!detached.p && !find_content(p7, &content, &s))
			content = vt_span_of(NULL, 0);
		e = read_signer(p7, content, arena, &s);
	}
	PKCS7_free(p7);
	ERR_clear_error();
	if (!e)
		*out = s;
	return e;
}
