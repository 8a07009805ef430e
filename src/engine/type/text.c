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

/* What makes a text HTML, of all the tags that there are: the set is ClamAV's. */
static bool is_html_tag(vt_span s, size_t at, size_t step)
{
	static const char *const tags[] = {
		"<html>", "<head>", "<script", "<iframe", "<img", "<table", "<object"};

	for (size_t i = 0; i < VT_COUNT(tags); i++)
		if (has_word(s, at, tags[i], step))
			return true;
	return false;
}

static bool has_link_target(vt_span s, size_t at, size_t step)
{
	for (; at < s.n; at++)
		if (lower_at(s, at) == 'h' && has_word(s, at, "href", step))
			return true;
	return false;
}

/* One of the tags, or "<a " with "href" anywhere behind it; `step` is 2 in UTF-16. */
static bool has_html(vt_span s, size_t step)
{
	bool linked = false;
	const uint8_t *hit;
	uint8_t c;

	for (size_t at = 0; at < s.n; at++) {
		hit = memchr(s.p + at, '<', s.n - at);
		if (!hit)
			return false;
		at = (size_t)(hit - s.p);
		c = lower_at(s, at + step);
		if (!(c == 'h' || c == 's' || c == 'i' || c == 't' || c == 'o' || c == 'a'))
			continue; /* most tags of any XML */
		if (is_html_tag(s, at, step))
			return true;
		/* What the first link does not find, a later one does not either. */
		if (!linked && has_word(s, at, "<a ", step)) {
			linked = true;
			if (has_link_target(s, at, step))
				return true;
		}
	}
	return false;
}

/* Documents that are XML, by their root element or a processing instruction. */
static const struct {
	const char *word;
	bool declared; /* only behind an XML declaration */
	vt_type type;
} xml[] = {
	{"<xdp:xdp", false, VT_TYPE_XDP},
	{"<?mso-application progid=\"Word.Document\"", true, VT_TYPE_XML_WORD},
	{"<w:wordDocument", true, VT_TYPE_XML_WORD},
	{"<Workbook", true, VT_TYPE_XML_XL},
};

static bool find_xml(vt_span s, vt_type *out)
{
	bool declared = vt_span_at(s, 0, "<?xml", 5) || vt_span_at(s, 3, "<?xml", 5);
	size_t at;

	for (size_t i = 0; i < VT_COUNT(xml); i++) {
		if ((!xml[i].declared || declared) &&
			vt_span_find(s, 0, xml[i].word, strlen(xml[i].word), &at)) {
			*out = xml[i].type;
			return true;
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
