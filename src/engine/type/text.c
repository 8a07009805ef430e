/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/type/text.h"

#include "base/num.h"

/* Letters, digits, spaces and what terminals understand; and the upper half for ISO 8859. */
static bool is_text_byte(uint8_t c)
{
	return c >= 0x20 ? c != 0x7f : (c >= 7 && c <= 13) || c == 27;
}

/* RFC 3629; a sequence that is cut off by the end is fine. At least one must not be ASCII. */
static bool is_utf8(vt_span s)
{
	bool wide = false;
	size_t i = 0;

	while (i < s.n) {
		uint8_t c = s.p[i++];
		unsigned more = c < 0x80        ? 0
			: c >= 0xc2 && c < 0xe0 ? 1
			: (c & 0xf0) == 0xe0    ? 2
			: c >= 0xf0 && c < 0xf5 ? 3
						: 9;

		if (more == 9 || (more == 0 && !is_text_byte(c)))
			return false;
		if (more)
			wide = true;
		for (; more && i < s.n; more--)
			if ((s.p[i++] & 0xc0) != 0x80)
				return false;
	}
	return wide;
}

vt_type vt_text_encoding(vt_span s)
{
	size_t even = 0, odd = 0, i;

	if (s.n == 0)
		return VT_TYPE_UNKNOWN;
	if (vt_span_at(s, 0, "\xff\xfe", 2))
		return VT_TYPE_TEXT_UTF16LE;
	if (vt_span_at(s, 0, "\xfe\xff", 2))
		return VT_TYPE_TEXT_UTF16BE;
	for (i = 0; i < s.n && is_text_byte(s.p[i]); i++)
		;
	if (i == s.n)
		return is_utf8(s) ? VT_TYPE_TEXT_UTF8 : VT_TYPE_TEXT_ASCII;
	for (i = 0; i + 1 < s.n; i += 2) {
		even += s.p[i] == 0;
		odd += s.p[i + 1] == 0;
	}
	/* Western text in UTF-16 has a zero in most pairs, always on the same side. */
	if (odd > s.n / 4 && even == 0)
		return VT_TYPE_TEXT_UTF16LE;
	if (even > s.n / 4 && odd == 0)
		return VT_TYPE_TEXT_UTF16BE;
	return VT_TYPE_UNKNOWN;
}

static const struct {
	const char *text; /* lower case */
	vt_type type;
} kinds[] = {
	{"<html>", VT_TYPE_HTML},
	{"<head>", VT_TYPE_HTML},
	{"<title>", VT_TYPE_HTML},
	{"<body>", VT_TYPE_HTML},
	{"<iframe", VT_TYPE_HTML},
	{"<img", VT_TYPE_HTML},
	{"<table", VT_TYPE_HTML},
	{"<object", VT_TYPE_HTML},
	{"<script", VT_TYPE_HTML},
	{"<a href", VT_TYPE_HTML},
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool has_tag(vt_span s, size_t at, const char *tag, size_t step)
{
	for (; *tag; tag++, at += step)
		if (at >= s.n || lower(s.p[at]) != (uint8_t)*tag)
			return false;
	return true;
}

vt_type vt_text_kind(vt_span s, vt_type encoding)
{
	bool wide = encoding == VT_TYPE_TEXT_UTF16LE || encoding == VT_TYPE_TEXT_UTF16BE;
	const uint8_t *hit;
	size_t at;

	for (at = 0; at < s.n; at++) {
		hit = memchr(s.p + at, '<', s.n - at);
		if (!hit)
			break;
		at = (size_t)(hit - s.p);
		for (size_t i = 0; i < VT_COUNT(kinds); i++)
			if (has_tag(s, at, kinds[i].text, wide ? 2 : 1))
				return wide ? VT_TYPE_HTML_UTF16 : kinds[i].type;
	}
	return encoding;
}
