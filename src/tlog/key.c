/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/key.h"

#include "base/base64.h"
#include "crypto/hash.h"
#include "tlog/kind.h"
#include "tlog/lines.h"

/* Type and key; larger than any row of kind.c, so that other types are told from nonsense. */
#define ENCODED_MAX 2048

/* The next character of valid UTF-8 (RFC 3629); false where it is not valid. s.n > 0. */
static bool next_char(vt_span s, uint32_t *out, size_t *out_n)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t c = s.p[0];
	size_t n = c < 0x80             ? 1
		: c >= 0xc2 && c < 0xe0 ? 2
		: c >= 0xe0 && c < 0xf0 ? 3
		: c >= 0xf0 && c < 0xf5 ? 4
					: 0;
	uint32_t v;

	if (n == 0 || n > s.n)
		return false;
	v = n == 1 ? c : (uint32_t)(c & (0xff >> (n + 1)));
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return false;
		v = v << 6 | (s.p[i] & 0x3fu);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return false;
	*out = v;
	*out_n = n;
	return true;
}

bool vt_note_text_ok(vt_span s)
{
	while (s.n) {
		uint32_t c;
		size_t n;

		if (!next_char(s, &c, &n) || (c < 0x20 && c != '\n'))
			return false;
		s = vt_span_of(s.p + n, s.n - n);
	}
	return true;
}

/* Unicode's White_Space property. */
static bool is_space(uint32_t c)
{
	return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
		c == 0x205f || c == 0x3000;
}

bool vt_key_name_ok(vt_span name)
{
	if (name.n == 0)
		return false;
	while (name.n) {
		uint32_t c;
		size_t n;

		if (!next_char(name, &c, &n) || c < 0x20 || c == '+' || is_space(c))
			return false;
		name = vt_span_of(name.p + n, name.n - n);
	}
	return true;
}

/* signed-note, "Signatures": SHA-256(name || 0x0A || type || public key)[:4] */
static void key_id(const char *name, uint8_t type, const uint8_t *pub, size_t n, uint8_t out[4])
{
	const uint8_t middle[2] = {'\n', type};
	struct vt_sha256_stream s;
	uint8_t digest[32];

	vt_sha256_start(&s);
	vt_sha256_add(&s, vt_span_str(name));
	vt_sha256_add(&s, vt_span_of(middle, sizeof middle));
	vt_sha256_add(&s, vt_span_of(pub, n));
	vt_sha256_finish(&s, digest);
	memcpy(out, digest, 4);
}

vt_err vt_key_make(
	vt_span name, enum vt_key_type type, const uint8_t pub[VT_PUBLIC_SIZE], struct vt_key *out)
{
	const struct vt_key_kind *kind = vt_key_kind_of(type);
	struct vt_key k = {.type = type};

	if (!kind)
		return VT_EUNSUPPORTED;
	if (name.n > VT_KEY_NAME_MAX || !vt_key_name_ok(name))
		return VT_EARG;
	memcpy(k.name, name.p, name.n);
	memcpy(k.pub, pub, kind->public_size);
	key_id(k.name, (uint8_t)type, pub, kind->public_size, k.id);
	*out = k;
	return VT_OK;
}

vt_err vt_key_parse(vt_span vkey, struct vt_key *out)
{
	uint8_t encoded[ENCODED_MAX], id[4];
	const struct vt_key_kind *kind;
	struct vt_key k;
	vt_span name;
	size_t n;

	if (!vt_span_find(vkey, 0, "+", 1, &n))
		return VT_EFORMAT;
	name = vt_span_of(vkey.p, n);
	vkey = vt_span_of(vkey.p + n + 1, vkey.n - n - 1);
	if (name.n > VT_KEY_NAME_MAX || !vt_key_name_ok(name) || !vt_span_at(vkey, 8, "+", 1) ||
		!vt_hex_get(vt_span_of(vkey.p, 8), id, sizeof id))
		return VT_EFORMAT;
	if (!vt_base64_get(vt_span_of(vkey.p + 9, vkey.n - 9), encoded, sizeof encoded, &n) ||
		n < 2)
		return VT_EFORMAT;
	kind = vt_key_kind_of(encoded[0]);
	if (!kind)
		return VT_EUNSUPPORTED;
	if (n != 1 + kind->public_size)
		return VT_EFORMAT;
	if (vt_key_make(name, kind->type, encoded + 1, &k))
		return VT_EFORMAT;
	if (memcmp(k.id, id, sizeof id) != 0)
		return VT_ECHECKSUM;
	*out = k;
	return VT_OK;
}

vt_err vt_key_write(vt_buf *b, const struct vt_key *k)
{
	uint8_t encoded[1 + VT_PUBLIC_SIZE] = {(uint8_t)k->type};
	vt_err e = vt_buf_addf(b, "%s+", k->name);

	memcpy(encoded + 1, k->pub, VT_PUBLIC_SIZE);
	if (!e)
		e = vt_hex_add(b, vt_span_of(k->id, sizeof k->id));
	if (!e)
		e = vt_buf_add_u8(b, '+');
	if (!e)
		e = vt_base64_add(b, vt_span_of(encoded, sizeof encoded));
	return e;
}

vt_err vt_signer_make(vt_span name, enum vt_key_type type, const uint8_t seed[VT_SEED_SIZE],
	struct vt_signer *out)
{
	uint8_t pub[VT_PUBLIC_SIZE];
	struct vt_key key;
	vt_err e;

	vt_sign_public(seed, pub);
	e = vt_key_make(name, type, pub, &key);
	if (e)
		return e;
	out->key = key;
	memcpy(out->seed, seed, VT_SEED_SIZE);
	return VT_OK;
}
