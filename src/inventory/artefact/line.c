/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/line.h"

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

bool vt_line_next(vt_reader *r, vt_span *out)
{
	const uint8_t *end;
	size_t left = vt_reader_left(r), n;

	if (left == 0)
		return false;
	end = memchr(r->s.p + r->at, '\n', left);
	n = end ? (size_t)(end - (r->s.p + r->at)) : left;
	*out = vt_span_of(r->s.p + r->at, n);
	r->at += end ? n + 1 : n;
	if (out->n && out->p[out->n - 1] == '\r')
		out->n--;
	return true;
}

vt_span vt_line_trim(vt_span s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool is_comment(vt_span line)
{
	line = vt_line_trim(line);
	return line.n && (line.p[0] == '#' || line.p[0] == ';');
}

bool vt_line_joined(vt_reader *r, vt_arena *a, vt_span *out)
{
	vt_span line, all, next;
	uint8_t *to;
	size_t n;

	if (!vt_line_next(r, &line))
		return false;
	if (line.n == 0 || line.p[line.n - 1] != '\\' || is_comment(line)) {
		*out = line;
		return true;
	}
	/* One piece for all of the lines, found first, so that many short ones don't use it up. */
	vt_reader ahead = *r;
	n = line.n;
	for (next = line; next.n && next.p[next.n - 1] == '\\' && vt_line_next(&ahead, &next);) {
		while (is_comment(next) && vt_line_next(&ahead, &next))
			;
		n += next.n;
	}
	to = vt_arena_alloc(a, n + 1);
	if (!to)
		return false;
	all = vt_span_of(to, 0);
	for (;;) {
		bool more = line.n && line.p[line.n - 1] == '\\';

		if (line.n > n - all.n)
			break;
		if (line.n) {
			memcpy(to + all.n, line.p, line.n);
			all.n += line.n;
		}
		if (!more)
			break;
		to[all.n - 1] = ' ';
		if (r->at >= ahead.at || !vt_line_next(r, &line))
			break;
		while (is_comment(line) && r->at < ahead.at && vt_line_next(r, &line))
			;
		if (is_comment(line))
			break;
	}
	*out = all;
	return true;
}

bool vt_line_word(vt_span *io, vt_span *out)
{
	vt_span s = vt_line_trim(*io);
	size_t n = 0;

	if (s.n == 0)
		return false;
	while (n < s.n && !is_blank(s.p[n]))
		n++;
	*out = vt_span_of(s.p, n);
	*io = vt_line_trim(vt_span_of(s.p + n, s.n - n));
	return true;
}

vt_span vt_line_unquote(vt_span s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return vt_span_of(s.p + 1, s.n - 2);
	return s;
}

bool vt_line_is(vt_span s, const char *text)
{
	return vt_span_eq(s, vt_span_str(text));
}

bool vt_line_starts(vt_span s, const char *text)
{
	return vt_span_at(s, 0, text, strlen(text));
}

bool vt_line_ends(vt_span s, const char *text)
{
	size_t n = strlen(text);

	return s.n >= n && vt_span_at(s, s.n - n, text, n);
}

bool vt_line_split(vt_span s, char c, vt_span *out_left, vt_span *out_right)
{
	const uint8_t *at = s.n ? memchr(s.p, c, s.n) : NULL;
	size_t n;

	if (!at)
		return false;
	n = (size_t)(at - s.p);
	*out_left = vt_line_trim(vt_span_of(s.p, n));
	*out_right = vt_line_trim(vt_span_of(at + 1, s.n - n - 1));
	return true;
}

static bool is_name(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') && s.p[i] != '_' &&
			!(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '[' && s.p[i] != ']')
			return false;
	return s.n > 0;
}

bool vt_line_assignment(vt_span line, vt_span *out_name, vt_span *out_value)
{
	static const char *const words[] = {"export", "setenv", "set"};
	vt_span rest = vt_line_trim(line), word, name, value;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		vt_span after = rest;

		if (vt_line_word(&after, &word) && vt_line_is(word, words[i])) {
			rest = after;
			break;
		}
	}
	if (vt_line_split(rest, '=', &name, &value) && is_name(name)) {
		*out_name = name;
		*out_value = vt_line_unquote(value);
		return true;
	}
	if (!vt_line_word(&rest, &name) || !is_name(name) || rest.n == 0)
		return false;
	if (vt_line_starts(rest, "DEFAULT=")) /* pam_env.conf(5) */
		rest = vt_span_of(rest.p + 8, rest.n - 8);
	*out_name = name;
	*out_value = vt_line_unquote(rest);
	return true;
}

bool vt_ini_next(struct vt_ini *i, vt_span *out_key, vt_span *out_value)
{
	vt_span line;

	while (vt_line_joined(&i->r, i->a, &line)) {
		line = vt_line_trim(line);
		if (line.n == 0 || is_comment(line))
			continue;
		if (line.p[0] == '[' && line.p[line.n - 1] == ']' && line.n >= 2) {
			i->section = vt_span_of(line.p + 1, line.n - 2);
			continue;
		}
		if (vt_line_split(line, '=', out_key, out_value) && out_key->n)
			return true;
	}
	return false;
}

vt_span vt_line_program(vt_span command)
{
	vt_span s = vt_line_trim(command), word;
	const uint8_t *end;

	while (s.n && memchr("@-:+!|", s.p[0], 6)) {
		s.p++;
		s.n--;
	}
	if (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
		end = memchr(s.p + 1, s.p[0], s.n - 1);
		if (end)
			return vt_span_of(s.p + 1, (size_t)(end - s.p) - 1);
	}
	return vt_line_word(&s, &word) ? word : vt_span_of("", 0);
}

vt_span vt_line_base(vt_span path)
{
	size_t at = path.n;

	while (at && path.p[at - 1] != '/')
		at--;
	return path.n ? vt_span_of(path.p + at, path.n - at) : path;
}
