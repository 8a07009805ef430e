/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/key.h"

#include "base/base64.h"
#include "crypto/hash.h"
#include "tlog/kind.h"
#include "tlog/lines.h"

/* Type and key; larger than any row of kind.c, so that other types are told from nonsense. */
#define ENCODED_MAX 2048

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

		if (!vt_utf8_take(&name, &c) || c < 0x20 || c == '+' || is_space(c))
			return false;
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
