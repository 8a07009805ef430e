/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include <stdio.h>

#include "inventory/day.h"
#include "report/json.h"

/* Length of the character at the front (RFC 3629), its code point; 0 if it is none. */
static size_t utf8(vt_span s, uint32_t *out)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t c = s.p[0];
	size_t n = c < 0x80 ? 1 : (c >> 5) == 6 ? 2 : (c >> 4) == 14 ? 3 : (c >> 3) == 30 ? 4 : 0;
	uint32_t v;

	if (n == 0 || n > s.n)
		return 0;
	v = n == 1 ? c : c & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s.p[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*out = v;
	return n;
}

bool vt_text_is_utf8(vt_span s)
{
	while (s.n) {
		uint32_t c;
		size_t n = utf8(s, &c);

		if (n == 0 || c == 0)
			return false;
		s = vt_span_of(s.p + n, s.n - n);
	}
	return true;
}

typedef vt_err put_fn(vt_buf *b, vt_span character, uint32_t c);

static vt_err each(vt_buf *b, vt_span s, put_fn *put)
{
	vt_err e = VT_OK;

	while (s.n && !e) {
		uint32_t c = 0xfffd;
		size_t n = utf8(s, &c);

		e = n ? put(b, vt_span_of(s.p, n), c) : vt_buf_add(b, "\xef\xbf\xbd", 3);
		n = n ? n : 1;
		s = vt_span_of(s.p + n, s.n - n);
	}
	return e;
}

static vt_err put_json(vt_buf *b, vt_span ch, uint32_t c)
{
	switch (c) {
	case '"': return vt_buf_add(b, "\\\"", 2);
	case '\\': return vt_buf_add(b, "\\\\", 2);
	case '\n': return vt_buf_add(b, "\\n", 2);
	case '\t': return vt_buf_add(b, "\\t", 2);
	case '\r': return vt_buf_add(b, "\\r", 2);
	default: break;
	}
	if (c < 0x20 || c == 0x7f)
		return vt_buf_addf(b, "\\u%04x", c);
	return vt_buf_add(b, ch.p, ch.n);
}

vt_err vt_text_json(vt_buf *b, vt_span s)
{
	vt_err e = vt_buf_add_u8(b, '"');

	if (!e)
		e = each(b, s, put_json);
	return e ? e : vt_buf_add_u8(b, '"');
}

/* Marks that turn or hide text: a name must look like what it is. */
static bool is_deceiving(uint32_t c)
{
	return (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
		(c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static vt_err put_html(vt_buf *b, vt_span ch, uint32_t c)
{
	switch (c) {
	case '&': return vt_buf_addf(b, "&amp;");
	case '<': return vt_buf_addf(b, "&lt;");
	case '>': return vt_buf_addf(b, "&gt;");
	case '"': return vt_buf_addf(b, "&quot;");
	case '\'': return vt_buf_addf(b, "&#39;");
	default: break;
	}
	if (is_deceiving(c))
		return vt_buf_addf(b, "\\u{%x}", c);
	return vt_buf_add(b, ch.p, ch.n);
}

vt_err vt_text_html(vt_buf *b, vt_span s)
{
	return each(b, s, put_html);
}

vt_err vt_text_csv(vt_buf *b, vt_span s)
{
	bool formula = s.n && memchr("=+-@\t\r", s.p[0], 6), quote = formula;
	vt_err e;

	for (size_t i = 0; i < s.n && !quote; i++)
		quote = s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r';
	if (!quote)
		return vt_buf_add(b, s.p, s.n);
	e = vt_buf_add(b, "\"'", formula ? 2 : 1);
	for (size_t i = 0; i < s.n && !e; i++)
		e = vt_buf_add(
			b, s.p[i] == '"' ? "\"\"" : (const char *)s.p + i, s.p[i] == '"' ? 2 : 1);
	return e ? e : vt_buf_add_u8(b, '"');
}

const char *vt_time_text_utc(int64_t seconds, char out[VT_UTC_SIZE])
{
	char day[VT_DAY_SIZE];
	unsigned s;

	if (seconds < -62135596800)
		seconds = -62135596800;
	if (seconds > 253402300799)
		seconds = 253402300799;
	s = (unsigned)(((seconds % 86400) + 86400) % 86400);
	(void)snprintf(out, VT_UTC_SIZE, "%sT%02u:%02u:%02uZ",
		vt_day_write(vt_day_of_time(seconds), day), s / 3600 % 24, s / 60 % 60, s % 60);
	return out;
}

static bool two(vt_span s, size_t at, unsigned max, unsigned *out)
{
	unsigned a = (unsigned)s.p[at] - '0', b = (unsigned)s.p[at + 1] - '0';

	*out = a * 10 + b;
	return a < 10 && b < 10 && *out <= max;
}

bool vt_time_parse_utc(vt_span s, int64_t *out)
{
	unsigned h, m, sec;
	vt_day day;

	if (s.n != 20 || s.p[10] != 'T' || s.p[13] != ':' || s.p[16] != ':' || s.p[19] != 'Z' ||
		!vt_day_parse(vt_span_of(s.p, 10), &day) || !two(s, 11, 23, &h) ||
		!two(s, 14, 59, &m) || !two(s, 17, 59, &sec))
		return false;
	*out = (int64_t)day * 86400 + h * 3600 + m * 60 + sec;
	return true;
}
