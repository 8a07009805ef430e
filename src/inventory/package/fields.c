/* SPDX-License-Identifier: Apache-2.0 */
/* Paragraphs of fields: deb822(5). */
#include "inventory/package/fields.h"

#include <strings.h>

static bool is_blank(uint8_t b)
{
	return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}

bool vt_text_line(vt_span text, size_t *io_at, vt_span *out)
{
	size_t at = *io_at, end, next;

	if (at >= text.n)
		return false;
	next = end = text.n;
	if (vt_span_find(text, at, "\n", 1, &end))
		next = end + 1;
	if (end > at && text.p[end - 1] == '\r')
		end--;
	*out = vt_span_of(text.p + at, end - at);
	*io_at = next;
	return true;
}

vt_span vt_span_trim(vt_span s)
{
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	while (s.n && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	return s;
}

bool vt_span_is(vt_span s, const char *word)
{
	return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

bool vt_paragraph_next(vt_span text, size_t *io_at, vt_span *out)
{
	size_t at = *io_at, start = at, end;
	vt_span line;

	for (;;) {
		start = at;
		if (!vt_text_line(text, &at, &line)) {
			*io_at = at;
			return false;
		}
		if (vt_span_trim(line).n)
			break;
	}
	do
		end = at;
	while (vt_text_line(text, &at, &line) && vt_span_trim(line).n);
	*out = vt_span_of(text.p + start, end - start);
	*io_at = at;
	return true;
}

bool vt_field_next(vt_span paragraph, size_t *io_at, struct vt_field *out, bool *io_bad)
{
	size_t at = *io_at, colon, before;
	vt_span line, value;

	for (;;) {
		if (!vt_text_line(paragraph, &at, &line)) {
			*io_at = at;
			return false;
		}
		if (line.n && !is_blank(*line.p) && vt_span_find(line, 1, ":", 1, &colon))
			break;
		*io_bad = true;
	}
	value = vt_span_of(line.p + colon + 1, line.n - colon - 1);
	out->name = vt_span_trim(vt_span_of(line.p, colon));
	for (before = at; vt_text_line(paragraph, &at, &line) && line.n && is_blank(*line.p);
		before = at)
		value.n = (size_t)(line.p + line.n - value.p);
	out->value = vt_span_trim(value);
	*io_at = before;
	return true;
}

bool vt_field_flat(vt_arena *a, vt_span value, vt_span *out)
{
	size_t unused, n = 0;
	char *p;

	if (!vt_span_find(value, 0, "\n", 1, &unused)) {
		*out = value;
		return true;
	}
	p = vt_arena_copy(a, value);
	if (!p)
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (!is_blank(value.p[i]))
			p[n++] = (char)value.p[i];
		else if (n && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	*out = vt_span_of(p, n);
	return true;
}

bool vt_field_join(vt_arena *a, vt_span value, vt_span *out)
{
	size_t at = 0, n = 0, unused;
	vt_span line;
	char *p;

	if (!vt_span_find(value, 0, "\n", 1, &unused)) {
		*out = value;
		return true;
	}
	p = vt_arena_copy(a, value);
	if (!p)
		return false;
	while (vt_text_line(value, &at, &line)) {
		if (n && line.n) { /* the one blank that says that the line goes on */
			line.p++;
			line.n--;
		}
		if (line.n)
			memcpy(p + n, line.p, line.n);
		n += line.n;
	}
	*out = vt_span_of(p, n);
	return true;
}
