/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/lines.h"

#include "base/base64.h"
#include "base/num.h"

bool vt_utf8_take(vt_span *s, uint32_t *out)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t c = s->p[0];
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	uint32_t v;

	if (n == 0 || n > s->n)
		return false;
	v = n == 1 ? c : (uint32_t)(c & (0xff >> (n + 1)));
	for (size_t i = 1; i < n; i++) {
		if ((s->p[i] & 0xc0) != 0x80)
			return false;
		v = v << 6 | (s->p[i] & 0x3fu);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return false;
	*out = v;
	*s = vt_span_of(s->p + n, s->n - n);
	return true;
}

bool vt_note_text_ok(vt_span text)
{
	while (text.n) {
		uint32_t c;

		if (!vt_utf8_take(&text, &c) || (c < 0x20 && c != '\n'))
			return false;
	}
	return true;
}

bool vt_base64_ok(vt_span text, size_t *out_n)
{
	enum { STEP = 1024 };
	uint8_t bytes[STEP / 4 * 3];
	size_t total = 0;

	for (size_t at = 0; at < text.n; at += STEP) {
		size_t n = vt_min_size(STEP, text.n - at), got;

		if (!vt_base64_get(vt_span_of(text.p + at, n), bytes, sizeof bytes, &got))
			return false;
		if (at + n < text.n && got != sizeof bytes)
			return false; /* padding in the middle */
		total += got;
	}
	*out_n = total;
	return true;
}

bool vt_proof_lines_take(vt_span *rest, struct vt_proof *out)
{
	vt_span line;
	size_t n;

	out->n = 0;
	while (vt_line_take(rest, &line)) {
		if (line.n == 0)
			return true;
		if (out->n == VT_PROOF_MAX ||
			!vt_base64_get(line, out->v[out->n].b, VT_HASH_SIZE, &n) ||
			n != VT_HASH_SIZE)
			return false;
		out->n++;
	}
	return false;
}

vt_err vt_proof_lines_write(vt_buf *b, const struct vt_proof *p)
{
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < p->n; i++) {
		e = vt_base64_add(b, vt_span_of(p->v[i].b, VT_HASH_SIZE));
		if (!e)
			e = vt_buf_add_u8(b, '\n');
	}
	return e ? e : vt_buf_add_u8(b, '\n');
}
