/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/certificate.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"

#define JKS_MAGIC 0xfeedfeedu
#define JCEKS_MAGIC 0xcecececeu

static void copy_name(const X509_NAME *name, int nid, char *out, size_t max)
{
	unsigned char *utf8 = NULL;
	int at = -1, next, n;

	out[0] = 0;
	while ((next = X509_NAME_get_index_by_NID(name, nid, at)) >= 0)
		at = next;
	if (at < 0)
		return;
	n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (n > 0) {
		size_t k = vt_min_size((size_t)n, max - 1);

		memcpy(out, utf8, k);
		out[k] = 0;
	}
	OPENSSL_free(utf8);
}

vt_err vt_certificate_read(vt_span der, struct vt_certificate *out)
{
	const unsigned char *at = der.p;
	struct vt_certificate c = {0};
	vt_buf hex = VT_BUF_INIT(64);
	uint8_t digest[32];
	X509 *x;
	vt_err e;

	if (der.n == 0 || der.n > LONG_MAX)
		return VT_EFORMAT;
	x = d2i_X509(NULL, &at, (long)der.n);
	if (!x) {
		ERR_clear_error();
		return VT_EFORMAT;
	}
	copy_name(X509_get_subject_name(x), NID_commonName, c.cn, sizeof c.cn);
	copy_name(X509_get_subject_name(x), NID_organizationName, c.org, sizeof c.org);
	vt_sha256(vt_span_of(der.p, (size_t)(at - der.p)), digest);
	e = vt_hex_add(&hex, vt_span_of(digest, sizeof digest));
	if (!e) {
		memcpy(c.fingerprint, hex.p, 64);
		*out = c;
	}
	vt_buf_free(&hex);
	X509_free(x);
	ERR_clear_error();
	return e;
}

/* Base 64 with whatever line breaks; an empty span if it is none. */
static vt_span decode(vt_span text, vt_arena *a)
{
	uint8_t *clean = vt_arena_alloc(a, text.n + 1);
	uint8_t *bytes = vt_arena_alloc(a, text.n + 1);
	size_t n = 0, got;

	if (!clean || !bytes)
		return vt_span_of("", 0);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] > ' ')
			clean[n++] = text.p[i];
	if (!vt_base64_get(vt_span_of(clean, n), bytes, text.n, &got))
		return vt_span_of("", 0);
	return vt_span_of(bytes, got);
}

/* The next block of a label that ends in "CERTIFICATE"; false if there is none. */
static bool pem_next(vt_span text, size_t *io_at, vt_span *out_body)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	size_t at, label, stop;
	vt_span name;

	while (vt_span_find(text, *io_at, begin, sizeof begin - 1, &at)) {
		at += sizeof begin - 1;
		*io_at = at;
		if (!vt_span_find(text, at, "-----", 5, &label))
			return false;
		name = vt_span_of(text.p + at, label - at);
		if (name.n > 64)
			continue;
		*io_at = label + 5;
		if (!vt_line_is(name, "CERTIFICATE") && !vt_line_is(name, "TRUSTED CERTIFICATE") &&
			!vt_line_is(name, "X509 CERTIFICATE"))
			continue;
		if (!vt_span_find(text, label + 5, end, sizeof end - 1, &stop))
			stop = text.n;
		*out_body = vt_span_of(text.p + label + 5, stop - label - 5);
		*io_at = stop;
		return true;
	}
	return false;
}

vt_err vt_pem_each(vt_span text, vt_arena *a, vt_certificate_fn *fn, void *ctx, unsigned *out_bad)
{
	unsigned bad = 0;
	size_t at = 0;
	vt_span body;

	while (pem_next(text, &at, &body)) {
		vt_span der = decode(body, a);

		if (der.n)
			fn(ctx, vt_span_of("", 0), der);
		else
			bad++;
	}
	*out_bad = bad;
	return VT_OK;
}

/* "%30%82..." in quotes: a byte, or % and two digits. */
static vt_span unpercent(vt_span s, vt_arena *a)
{
	uint8_t *p = vt_arena_alloc(a, s.n + 1);
	size_t n = 0;

	if (!p)
		return vt_span_of("", 0);
	for (size_t i = 0; i < s.n; i++) {
		uint8_t low[2], byte;

		if (s.p[i] != '%' || s.n - i < 3) {
			p[n++] = s.p[i];
			continue;
		}
		for (int k = 0; k < 2; k++) {
			uint8_t c = s.p[i + 1 + (size_t)k];

			low[k] = c >= 'A' && c <= 'F' ? (uint8_t)(c | 32) : c;
		}
		if (!vt_hex_get(vt_span_of(low, 2), &byte, 1))
			return vt_span_of("", 0);
		p[n++] = byte;
		i += 2;
	}
	return vt_span_of(p, n);
}

/* One object, read to its end: only certificates have one as their value; extensions and keys have
 * values of their own. */
struct p11_object {
	vt_span label, class, value;
	bool has_value;
};

static unsigned p11_end(const struct p11_object *o, vt_certificate_fn *fn, void *ctx)
{
	if (!o->has_value || (o->class.n && !vt_line_is(o->class, "certificate")))
		return 0;
	if (o->value.n == 0)
		return 1;
	fn(ctx, o->label, o->value);
	return 0;
}

vt_err vt_p11kit_each(
	vt_span text, vt_arena *a, vt_certificate_fn *fn, void *ctx, unsigned *out_bad)
{
	struct p11_object o = {0};
	vt_span line, key, value;
	vt_reader r = vt_reader_of(text);
	unsigned bad = 0, more;
	bool any = false;
	vt_err e;

	while (vt_line_next(&r, &line)) {
		line = vt_line_trim(line);
		if (vt_line_is(line, "[p11-kit-object-v1]")) {
			bad += p11_end(&o, fn, ctx);
			o = (struct p11_object){0};
			any = true;
		}
		if (!any || !vt_line_split(line, ':', &key, &value))
			continue;
		value = unpercent(vt_line_unquote(value), a);
		if (vt_line_is(key, "label"))
			o.label = value;
		if (vt_line_is(key, "class"))
			o.class = value;
		if (vt_line_is(key, "value")) {
			o.value = value;
			o.has_value = true;
		}
	}
	if (!any)
		return VT_EFORMAT;
	bad += p11_end(&o, fn, ctx);
	e = vt_pem_each(text, a, fn, ctx, &more);
	*out_bad = bad + more;
	return e;
}

/* A length of two bytes and as much text. */
static vt_span jks_text(vt_reader *r)
{
	return vt_read_span(r, vt_read_u16be(r));
}

static void jks_certificate(
	vt_reader *r, uint32_t version, vt_span label, vt_certificate_fn *fn, void *ctx)
{
	vt_span der;

	if (version == 2)
		(void)jks_text(r); /* "X.509" */
	der = vt_read_span(r, vt_read_u32be(r));
	if (!r->bad)
		fn(ctx, label, der);
}

vt_err vt_jks_each(vt_span bytes, vt_certificate_fn *fn, void *ctx, unsigned *out_bad)
{
	vt_reader r = vt_reader_of(bytes);
	uint32_t magic = vt_read_u32be(&r), version = vt_read_u32be(&r);
	uint32_t count = vt_read_u32be(&r);

	if (r.bad || (magic != JKS_MAGIC && magic != JCEKS_MAGIC) || version < 1 || version > 2)
		return VT_EFORMAT;
	for (uint32_t i = 0; i < count && !r.bad; i++) {
		uint32_t tag = vt_read_u32be(&r);
		vt_span label = jks_text(&r);
		uint32_t chain = 1;

		(void)vt_read_u64be(&r); /* when */
		if (tag == 1) {
			(void)vt_read_span(&r, vt_read_u32be(&r)); /* the key, encrypted */
			chain = vt_read_u32be(&r);
		} else if (tag != 2) {
			return VT_EUNSUPPORTED; /* JCEKS's secret keys: Java objects */
		}
		for (uint32_t k = 0; k < chain && !r.bad; k++)
			jks_certificate(&r, version, label, fn, ctx);
	}
	if (r.bad || vt_reader_left(&r) < 20) /* SHA-1 of it all */
		return VT_ETRUNCATED;
	*out_bad = 0;
	return VT_OK;
}

static void pkcs12_bags(
	const STACK_OF(PKCS12_SAFEBAG) * bags, vt_certificate_fn *fn, void *ctx, unsigned *io_bad)
{
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
		PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
		unsigned char *der = NULL;
		char *name;
		X509 *x;
		int n;

		if (PKCS12_SAFEBAG_get_nid(bag) != NID_certBag)
			continue;
		x = PKCS12_SAFEBAG_get1_cert(bag);
		n = x ? i2d_X509(x, &der) : -1;
		name = PKCS12_get_friendlyname(bag);
		if (n > 0)
			fn(ctx, vt_span_str(name ? name : ""), vt_span_of(der, (size_t)n));
		else
			++*io_bad;
		OPENSSL_free(name);
		OPENSSL_free(der);
		X509_free(x);
	}
}

/* True if the key's derivation (PBEParameter or PBKDF2-params: an OCTET STRING, the salt, then the
 * INTEGER of rounds) would take minutes: 2^23 rounds or more. */
static bool is_slow(const PKCS7 *safe)
{
	const X509_ALGOR *how = safe->d.encrypted->enc_data->algorithm;
	int type = V_ASN1_UNDEF;
	const void *value = NULL;
	const ASN1_STRING *der;
	vt_span s;

	X509_ALGOR_get0(NULL, &type, &value, how);
	if (type != V_ASN1_SEQUENCE)
		return false;
	der = value;
	s = vt_span_of(ASN1_STRING_get0_data(der), (size_t)ASN1_STRING_length(der));
	for (size_t i = 0; i + 4 < s.n; i++) {
		size_t after = i + 2 + s.p[i + 1];

		if (s.p[i] == 4 && vt_span_has(s, after, 2) && s.p[after] == 2 &&
			s.p[after + 1] > 3)
			return true;
	}
	return false;
}

/* One AuthenticatedSafe: plain, or encrypted with a password that everybody knows. */
static vt_err pkcs12_safe(PKCS7 *safe, vt_certificate_fn *fn, void *ctx, unsigned *io_bad)
{
	static const char *const passwords[] = {NULL, "", "changeit", "changeme"};
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	vt_err e = VT_EFORMAT;

	if (PKCS7_type_is_data(safe)) {
		bags = PKCS12_unpack_p7data(safe);
	} else if (PKCS7_type_is_encrypted(safe)) {
		e = is_slow(safe) ? VT_ELIMIT : VT_EENCRYPTED;
		for (size_t i = 0; e != VT_ELIMIT && i < VT_COUNT(passwords) && !bags; i++)
			bags = PKCS12_unpack_p7encdata(
				safe, passwords[i], passwords[i] ? (int)strlen(passwords[i]) : 0);
	}
	if (bags) {
		pkcs12_bags(bags, fn, ctx, io_bad);
		e = VT_OK;
	}
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return e;
}

vt_err vt_pkcs12_each(vt_span bytes, vt_certificate_fn *fn, void *ctx, unsigned *out_bad)
{
	const unsigned char *at = bytes.p;
	STACK_OF(PKCS7) *safes = NULL;
	unsigned bad = 0;
	vt_err e = VT_EFORMAT;
	PKCS12 *p;

	if (bytes.n == 0 || bytes.n > LONG_MAX)
		return VT_EFORMAT;
	p = d2i_PKCS12(NULL, &at, (long)bytes.n);
	if (p)
		safes = PKCS12_unpack_authsafes(p);
	if (safes)
		e = VT_OK;
	for (int i = 0; safes && i < sk_PKCS7_num(safes); i++) {
		vt_err one = pkcs12_safe(sk_PKCS7_value(safes, i), fn, ctx, &bad);

		if (one)
			e = one;
	}
	sk_PKCS7_pop_free(safes, PKCS7_free);
	PKCS12_free(p);
	ERR_clear_error();
	if (!e)
		*out_bad = bad;
	return e;
}

vt_err vt_certificate_blob(vt_span blob, vt_span *out_der)
{
	vt_reader r = vt_reader_of(blob);

	while (vt_reader_left(&r)) {
		uint32_t id = vt_read_u32le(&r);
		vt_span value;

		(void)vt_read_u32le(&r); /* encoding, 1 */
		value = vt_read_span(&r, vt_read_u32le(&r));
		if (r.bad)
			return VT_ETRUNCATED;
		if (id == 32) { /* CERT_CERT_PROP_ID */
			*out_der = value;
			return VT_OK;
		}
	}
	return VT_END;
}
