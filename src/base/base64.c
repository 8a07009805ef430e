/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "base/num.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

vt_err vt_base64_add(vt_buf *b, vt_span bytes)
{
	vt_err e = vt_buf_reserve(b, VT_BASE64_SIZE(bytes.n));

	for (size_t i = 0; !e && i < bytes.n; i += 3) {
		size_t left = vt_min_size(bytes.n - i, 3);
		uint32_t v = (uint32_t)bytes.p[i] << 16;
		uint8_t four[4] = {0, 0, '=', '='};

		if (left > 1)
			v |= (uint32_t)bytes.p[i + 1] << 8;
		if (left > 2)
			v |= bytes.p[i + 2];
		for (size_t k = 0; k <= left; k++)
			four[k] = (uint8_t)alphabet[v >> (18 - 6 * k) & 63];
		e = vt_buf_add(b, four, sizeof four);
	}
	return e;
}

static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* One group of four characters, of which the last `pad` are padding. */
static bool decode_group(const uint8_t *c, size_t pad, uint32_t *out)
{
	uint32_t v = 0;

	for (size_t k = 0; k < 4 - pad; k++) {
		int six = value_of(c[k]);

		if (six < 0)
			return false;
		v |= (uint32_t)six << (18 - 6 * k);
	}
	*out = v;
	/* bits that stand for no byte must be zero: one text a value */
	return pad == 0 || (v & (pad == 1 ? 0xffu : 0xffffu)) == 0;
}

bool vt_base64_get(vt_span text, uint8_t *p, size_t max, size_t *out_n)
{
	size_t n = 0;

	if (text.n % 4 != 0)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		const uint8_t *c = text.p + i;
		size_t pad = 0;
		uint32_t v;

		if (i + 4 == text.n)
			pad = c[3] != '=' ? 0 : c[2] != '=' ? 1 : 2;
		if (!decode_group(c, pad, &v) || max - n < 3 - pad)
			return false;
		for (size_t k = 0; k < 3 - pad; k++)
			p[n++] = (uint8_t)(v >> (16 - 8 * k));
	}
	*out_n = n;
	return true;
}

vt_err vt_hex_add(vt_buf *b, vt_span bytes)
{
	static const char digits[] = "0123456789abcdef";
	vt_err e = vt_buf_reserve(b, 2 * bytes.n);

	for (size_t i = 0; !e && i < bytes.n; i++) {
		uint8_t two[2] = {
			(uint8_t)digits[bytes.p[i] >> 4], (uint8_t)digits[bytes.p[i] & 15]};

		e = vt_buf_add(b, two, sizeof two);
	}
	return e;
}

static int nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool vt_hex_get(vt_span text, uint8_t *p, size_t n)
{
	if (text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = nibble(text.p[2 * i]), low = nibble(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool vt_decimal_get(vt_span text, uint64_t *out)
{
	uint64_t v = 0;

	if (text.n == 0 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || !vt_mul_u64(v, 10, &v) ||
			!vt_add_u64(v, (uint64_t)(text.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}
