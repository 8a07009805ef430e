/* SPDX-License-Identifier: Apache-2.0 */
/* Facts as lines of text, and back. */
#include "base/num.h"
#include "inventory/fact.h"

static bool is_plain(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '%';
}

static vt_err put_value(vt_buf *b, vt_span v)
{
	static const char hex[] = "0123456789ABCDEF";
	vt_err e = VT_OK;

	for (size_t i = 0; i < v.n && !e; i++) {
		const char quoted[] = {'%', hex[v.p[i] >> 4], hex[v.p[i] & 15]};

		e = is_plain(v.p[i]) ? vt_buf_add_u8(b, v.p[i])
				     : vt_buf_add(b, quoted, sizeof quoted);
	}
	return e;
}

vt_err vt_fact_write(vt_buf *b, const struct vt_fact *f)
{
	vt_err e = VT_OK;
	bool any = false;

	for (unsigned a = 0; a < VT_ATTRS && !e; a++) {
		if (!f->v[a].n)
			continue;
		e = vt_buf_addf(b, "%s%s=", any ? " " : "", vt_attr_word((enum vt_attr)a));
		if (!e)
			e = put_value(b, vt_span_clip(f->v[a], 0, VT_FACT_VALUE_MAX));
		any = true;
	}
	return e;
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_value(vt_span v, vt_buf *out)
{
	for (size_t i = 0; i < v.n; i++) {
		uint8_t c = v.p[i];

		if (c == '%') {
			if (v.n - i < 3 || digit(v.p[i + 1]) < 0 || digit(v.p[i + 2]) < 0)
				return false;
			c = (uint8_t)(digit(v.p[i + 1]) << 4 | digit(v.p[i + 2]));
			i += 2;
		}
		if (vt_buf_add_u8(out, c))
			return false;
	}
	return true;
}

bool vt_fact_value(vt_span raw, enum vt_attr a, vt_buf *out)
{
	const char *word = vt_attr_word(a);
	size_t n = strlen(word);

	for (size_t at = 0; at < raw.n;) {
		const uint8_t *space = memchr(raw.p + at, ' ', raw.n - at);
		size_t end = space ? (size_t)(space - raw.p) : raw.n;
		vt_span pair = vt_span_of(raw.p + at, end - at);

		if (vt_span_at(pair, 0, word, n) && vt_span_at(pair, n, "=", 1))
			return take_value(vt_span_of(pair.p + n + 1, pair.n - n - 1), out);
		at = end + 1;
	}
	return false;
}
