/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/jobs.h"

#include "base/num.h"

/* Takes `n` words as one. */
static bool take(vt_span *io, unsigned n, vt_span *out)
{
	vt_span word, first = vt_line_trim(*io);

	*out = vt_span_of(first.p, 0);
	for (unsigned i = 0; i < n; i++) {
		if (!vt_line_word(io, &word))
			return false;
		out->n = (size_t)(word.p + word.n - first.p);
	}
	return true;
}

static bool cron(vt_span line, enum vt_jobs_form form, struct vt_job *out)
{
	vt_span name, value;

	if (!((line.p[0] >= '0' && line.p[0] <= '9') || line.p[0] == '*' || line.p[0] == '@' ||
		    line.p[0] == '-')) /* a name=value line, or nothing that cron would run */
		return false;
	if (form == VT_JOBS_ANACRON)
		return take(&line, 2, &out->when) && take(&line, 1, &out->name) &&
			(out->command = line).n;
	if (!take(&line, line.p[0] == '@' ? 1 : 5, &out->when))
		return false;
	if (form == VT_JOBS_SYSTEM && !take(&line, 1, &out->owner))
		return false;
	if (vt_line_split(line, '%', &name, &value)) /* the rest is the command's input */
		line = name.n ? name : line;
	out->command = line;
	return line.n > 0;
}

static bool inittab(vt_span line, struct vt_job *out)
{
	vt_span levels, action, rest;

	return vt_line_split(line, ':', &out->name, &rest) &&
		vt_line_split(rest, ':', &levels, &rest) &&
		vt_line_split(rest, ':', &action, &out->command) && (out->when = action).n &&
		out->command.n;
}

static bool script(vt_span line, struct vt_job *out)
{
	static const char *const syntax[] = {"if", "then", "else", "elif", "fi", "case", "esac",
		"for", "while", "do", "done", "exit", "return", "umask", "cd", "{", "}", ":",
		"echo", "set", "shift", "break", "local"};
	vt_span rest = line, word, name, value;

	if (vt_line_assignment(line, &name, &value) &&
		vt_span_find(line, 0, "=", 1, &(size_t){0}) && name.p == line.p &&
		!vt_span_find(value, 0, " ", 1, &(size_t){0}))
		return false;
	if (!vt_line_word(&rest, &word))
		return false;
	for (size_t i = 0; i < VT_COUNT(syntax); i++)
		if (vt_line_is(word, syntax[i]))
			return false;
	/* at(1) writes the whole environment as NAME=value; export NAME */
	if (vt_line_split(word, '=', &name, &value) &&
		vt_span_find(line, 0, "; export ", 9, &(size_t){0}))
		return false;
	out->command = line;
	return true;
}

static bool modprobe(vt_span line, struct vt_job *out)
{
	vt_span verb;

	return vt_line_word(&line, &verb) &&
		(vt_line_is(verb, "install") || vt_line_is(verb, "remove")) &&
		vt_line_word(&line, &out->name) && (out->when = verb).n && (out->command = line).n;
}

bool vt_jobs_next(struct vt_jobs *j, struct vt_job *out)
{
	vt_span line;

	while (vt_line_next(&j->r, &line)) {
		struct vt_job job = {.line = ++j->line};
		bool ok = false;

		line = vt_line_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		switch (j->form) {
		case VT_JOBS_SYSTEM:
		case VT_JOBS_USER:
		case VT_JOBS_ANACRON: ok = cron(line, j->form, &job); break;
		case VT_JOBS_INITTAB: ok = inittab(line, &job); break;
		case VT_JOBS_SCRIPT: ok = script(line, &job); break;
		case VT_JOBS_MODPROBE: ok = modprobe(line, &job); break;
		default: break;
		}
		if (ok) {
			*out = job;
			return true;
		}
	}
	return false;
}

/* One KEY{attribute}OP"value" off the front of *io. */
static bool udev_token(vt_span *io, vt_span *out_key, vt_span *out_value)
{
	vt_span s = vt_line_trim(*io);
	const uint8_t *quote = s.n ? memchr(s.p, '"', s.n) : NULL;
	size_t n, end;

	if (!quote)
		return false;
	n = (size_t)(quote - s.p);
	for (end = n + 1; end < s.n && s.p[end] != '"'; end++)
		if (s.p[end] == '\\' && end + 1 < s.n)
			end++;
	*out_value = vt_span_of(s.p + n + 1, (end < s.n ? end : s.n) - n - 1);
	while (n && memchr("=+-:! \te", s.p[n - 1], 8)) /* also e"": quoted as in C */
		n--;
	*out_key = vt_span_of(s.p, n);
	s = vt_span_clip(s, end + 1, s.n);
	s = vt_line_trim(s);
	if (s.n && s.p[0] == ',')
		s = vt_span_clip(s, 1, s.n);
	*io = s;
	return true;
}

bool vt_udev_next(struct vt_udev *u, vt_span *out_key, vt_span *out_command)
{
	vt_span key, value;

	for (;;) {
		while (udev_token(&u->line, &key, &value)) {
			if (!vt_line_is(key, "RUN") && !vt_line_is(key, "RUN{program}") &&
				!vt_line_is(key, "PROGRAM") && !vt_line_is(key, "IMPORT{program}"))
				continue;
			*out_key = key;
			*out_command = value;
			return true;
		}
		if (!vt_line_joined(&u->r, u->a, &u->line))
			return false;
		u->line = vt_line_trim(u->line);
		if (u->line.n && u->line.p[0] == '#')
			u->line.n = 0;
	}
}
