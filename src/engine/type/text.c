/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/type/text.h"

#include "base/num.h"

/* BEL, BS, TAB, LF, FF, CR, ESC; not VT and DEL. The upper half is some ISO 8859. */
static bool is_text(unsigned c)
{
	if (c >= 0x20)
		return c != 0x7f;
	return c <= 27 &&
		((1u << c) &
			(1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 12 | 1u << 13 | 1u << 27));
}

/* RFC 3629; a sequence that the end cuts off is fine. At least one must not be ASCII. */
static bool is_utf8(vt_span s)
{
	bool wide = false;
	size_t i = 0;

	while (i < s.n) {
		unsigned c = s.p[i++], more = 0;

		if (c >= 0x80) {
			if (c < 0xc2 || c > 0xf4)
				return false;
			more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
			wide = true;
		}
		for (; more && i < s.n; more--)
			if ((s.p[i++] & 0xc0) != 0x80)
				return false;
	}
	return wide;
}

/* No unit is a control character or U+FFFE; the first one may be a byte order mark. */
static bool is_utf16be(vt_span s)
{
	for (size_t i = 2; i + 1 < s.n; i += 2) {
		unsigned c = (unsigned)s.p[i] << 8 | s.p[i + 1];

		if (c == 0xfffe || !is_text(c))
			return false;
	}
	return true;
}

/* Western text without a byte order mark: a zero in most units, always in the upper half. */
static bool is_bare_utf16le(vt_span s)
{
	size_t zeros = 0;

	for (size_t i = 0; i + 1 < s.n; i += 2) {
		if (s.p[i] == 0)
			return false;
		zeros += s.p[i + 1] == 0;
	}
	return zeros > s.n / 4;
}

vt_type vt_text_encoding(vt_span bytes)
{
	vt_span s = vt_span_clip(bytes, 0, VT_TEXT_HEAD);
	size_t i = 0;

	if (s.n == 0)
		return VT_TYPE_UNKNOWN;
	if (vt_span_at(s, 0, "\xff\xfe", 2))
		return VT_TYPE_TEXT_UTF16LE;
	if (vt_span_at(s, 0, "\xfe\xff", 2))
		return VT_TYPE_TEXT_UTF16BE;
	while (i < s.n && is_text(s.p[i]))
		i++;
	if (i == s.n)
		return is_utf8(s) ? VT_TYPE_TEXT_UTF8 : VT_TYPE_TEXT_ASCII;
	if (is_bare_utf16le(s))
		return VT_TYPE_TEXT_UTF16LE;
	return is_utf16be(s) ? VT_TYPE_TEXT_UTF16BE : VT_TYPE_UNKNOWN;
}

/* The character at `at` in lower case; 0 past the end. */
static uint8_t lower_at(vt_span s, size_t at)
{
	uint8_t c = at < s.n ? s.p[at] : 0;

	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool has_word(vt_span s, size_t at, const char *word, size_t step)
{
	for (; *word; word++, at += step)
		if (lower_at(s, at) != (uint8_t)*word)
			return false;
	return true;
}

#define LINK_MAX 256

/* "<a ", and "href=" before it ends */
static bool is_link(vt_span s, size_t at, size_t step)
{
	uint8_t c = lower_at(s, at + 2 * step);

	if (lower_at(s, at + step) != 'a' || (c != ' ' && c != '\t' && c != '\r' && c != '\n'))
		return false;
	for (size_t i = 3; i < LINK_MAX; i++) {
		c = lower_at(s, at + i * step);
		if (c == '>' || c == 0)
			return false;
		if (c == 'h' && has_word(s, at + i * step, "href=", step))
			return true;
	}
	return false;
}

/* What makes a text HTML, of all the tags that there are: the set is ClamAV's. */
static bool is_html_tag(vt_span s, size_t at, size_t step)
{
	static const char *const tags[] = {
		"<html>", "<head>", "<script", "<iframe", "<img", "<table", "<object"};

	for (size_t i = 0; i < VT_COUNT(tags); i++)
		if (has_word(s, at, tags[i], step))
			return true;
	return is_link(s, at, step);
}

static bool has_html(vt_span s, size_t step)
{
	const uint8_t *hit;

	for (size_t at = 0; at < s.n; at++) {
		hit = memchr(s.p + at, '<', s.n - at);
		if (!hit)
			return false;
		at = (size_t)(hit - s.p);
		if (is_html_tag(s, at, step))
			return true;
	}
	return false;
}

/* XML documents: the names of their root elements or their processing instructions. */
static const struct {
	const char *word;
	vt_type type;
} xml[] = {
	{"<xdp:xdp", VT_TYPE_XDP},
	{"<?mso-application progid=\"word.document\"", VT_TYPE_XML_WORD},
	{"<w:worddocument", VT_TYPE_XML_WORD},
	{"<?mso-application progid=\"excel.sheet\"", VT_TYPE_XML_XL},
	{"<hwpml", VT_TYPE_XML_HWP},
};

static bool find_xml(vt_span s, vt_type *out)
{
	const uint8_t *hit;

	for (size_t at = 0; at < s.n; at++) {
		hit = memchr(s.p + at, '<', s.n - at);
		if (!hit)
			return false;
		at = (size_t)(hit - s.p);
		for (size_t i = 0; i < VT_COUNT(xml); i++) {
			if (has_word(s, at, xml[i].word, 1)) {
				*out = xml[i].type;
				return true;
			}
		}
	}
	return false;
}

vt_type vt_text_kind(vt_span bytes, vt_type encoding)
{
	vt_span head = vt_span_clip(bytes, 0, VT_TEXT_HEAD);
	bool narrow = encoding == VT_TYPE_TEXT_ASCII || encoding == VT_TYPE_TEXT_UTF8;
	bool wide = encoding == VT_TYPE_TEXT_UTF16LE || encoding == VT_TYPE_TEXT_UTF16BE;
	vt_type type;

	if (narrow && find_xml(head, &type))
		return type;
	if (has_html(narrow ? vt_span_clip(bytes, 0, VT_TEXT_WINDOW) : head, 1))
		return VT_TYPE_HTML;
	return wide && has_html(head, 2) ? VT_TYPE_HTML_UTF16 : encoding;
}
