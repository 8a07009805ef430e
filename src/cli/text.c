/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <inttypes.h>

#include "base/num.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* RFC 3629 section 4: first byte's range, length, and the bounds of the second byte. */
static const struct {
	uint8_t first, last, length, low, high;
} utf8_rows[] = {
	{0x00, 0x7f, 1, 0, 0},
	{0xc2, 0xdf, 2, 0x80, 0xbf},
	{0xe0, 0xe0, 3, 0xa0, 0xbf},
	{0xe1, 0xec, 3, 0x80, 0xbf},
	{0xed, 0xed, 3, 0x80, 0x9f},
	{0xee, 0xef, 3, 0x80, 0xbf},
	{0xf0, 0xf0, 4, 0x90, 0xbf},
	{0xf1, 0xf3, 4, 0x80, 0xbf},
	{0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t vt_utf8_next(vt_span s, int32_t *out)
{
	uint8_t c = s.p[0];
	int32_t v;

	*out = -1;
	for (size_t i = 0; i < VT_COUNT(utf8_rows); i++) {
		size_t n = utf8_rows[i].length;

		if (c < utf8_rows[i].first || c > utf8_rows[i].last)
			continue;
		if (n == 1) {
			*out = c;
			return 1;
		}
		if (s.n < n || s.p[1] < utf8_rows[i].low || s.p[1] > utf8_rows[i].high)
			return 1;
		v = c & (0x7f >> n);
		for (size_t k = 1; k < n; k++) {
			if ((s.p[k] & 0xc0) != 0x80)
				return 1;
			v = (v << 6) | (s.p[k] & 0x3f);
		}
		*out = v;
		return n;
	}
	return 1;
}

/* Calls `put` for each character: its bytes and its code point, -1 for an invalid byte. */
typedef void put_fn(FILE *f, vt_span bytes, int32_t c);

static void each(FILE *f, vt_span s, put_fn *put)
{
	while (s.n) {
		int32_t c;
		size_t n = vt_utf8_next(s, &c);

		put(f, vt_span_of(s.p, n), c);
		s = vt_span_of(s.p + n, s.n - n);
	}
}

static void put_bytes(FILE *f, vt_span s)
{
	if (s.n)
		fwrite(s.p, 1, s.n, f);
}

bool vt_utf8_valid(vt_span s)
{
	while (s.n) {
		int32_t c;
		size_t n = vt_utf8_next(s, &c);

		if (c < 0)
			return false;
		s = vt_span_of(s.p + n, s.n - n);
	}
	return true;
}

/* Characters that move the cursor or reorder what is shown (Unicode's bidirectional controls). */
static bool is_deceptive(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void put_visible(FILE *f, vt_span bytes, int32_t c)
{
	if (c == '\n')
		fputs("\\n", f);
	else if (c == '\t')
		fputs("\\t", f);
	else if (c == '\r')
		fputs("\\r", f);
	else if (c < 0)
		fprintf(f, "\\x%02x", bytes.p[0]);
	else if (!is_deceptive(c))
		put_bytes(f, bytes);
	else if (c < 0x80)
		fprintf(f, "\\x%02" PRIx32, (uint32_t)c);
	else
		fprintf(f, "\\u{%" PRIx32 "}", (uint32_t)c);
}

void vt_put_visible(FILE *f, vt_span s)
{
	each(f, s, put_visible);
}

static void put_json(FILE *f, vt_span bytes, int32_t c)
{
	if (c < 0)
		fputs(replacement, f);
	else if (c == '"' || c == '\\')
		fprintf(f, "\\%c", (char)c);
	else if (is_deceptive(c))
		fprintf(f, "\\u%04" PRIx32, (uint32_t)c);
	else
		put_bytes(f, bytes);
}

void vt_put_json(FILE *f, vt_span s)
{
	fputc('"', f);
	each(f, s, put_json);
	fputc('"', f);
}

static void put_html(FILE *f, vt_span bytes, int32_t c)
{
	static const char *const entities[128] = {
		['&'] = "&amp;",
		['<'] = "&lt;",
		['>'] = "&gt;",
		['"'] = "&quot;",
		['\''] = "&#39;",
	};

	if (c < 0)
		fputs(replacement, f);
	else if (c < 128 && entities[c])
		fputs(entities[c], f);
	else if (is_deceptive(c))
		put_visible(f, bytes, c);
	else
		put_bytes(f, bytes);
}

void vt_put_html(FILE *f, vt_span s)
{
	each(f, s, put_html);
}

void vt_put_base64(FILE *f, vt_span s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)s.p[i] << 16;

		if (left > 1)
			v |= (uint32_t)s.p[i + 1] << 8;
		if (left > 2)
			v |= s.p[i + 2];
		fputc(digits[v >> 18], f);
		fputc(digits[v >> 12 & 63], f);
		fputc(left > 1 ? digits[v >> 6 & 63] : '=', f);
		fputc(left > 2 ? digits[v & 63] : '=', f);
	}
}

void vt_put_uri(FILE *f, vt_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		uint8_t lower = c | 0x20;

		if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
			(c && strchr("-._~/", c)))
			fputc(c, f);
		else
			fprintf(f, "%%%02X", c);
	}
}

void vt_put_csv(FILE *f, vt_span s)
{
	bool quote = false;

	for (size_t i = 0; i < s.n; i++)
		quote = quote || (s.p[i] && strchr("\",\r\n", s.p[i]));
	if (!quote) {
		put_bytes(f, s);
		return;
	}
	fputc('"', f);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			fputc('"', f);
		fputc(s.p[i], f);
	}
	fputc('"', f);
}

const char *vt_format_count(uint64_t v, char buf[VT_NUMBER_MAX])
{
	char digits[VT_NUMBER_MAX];
	int n = snprintf(digits, sizeof digits, "%" PRIu64, v);
	size_t at = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = 0;
	return buf;
}

const char *vt_format_bytes(double v, char buf[VT_NUMBER_MAX])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t u = 0;

	while (v >= 1000 && u + 1 < VT_COUNT(units)) {
		v /= 1024;
		u++;
	}
	(void)snprintf(buf, VT_NUMBER_MAX, u && v < 100 ? "%.1f %s" : "%.0f %s", v, units[u]);
	return buf;
}
