/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and applies deltas (docs/formats/log.md, "Deltas"). */
#include "entry/delta.h"

#include "base/base64.h"
#include "base/num.h"
#include "entry/form.h"

/* Where in a file's part the reader stands: vt_delta_reader.mode. */
enum mode {
	OUTSIDE,   /* behind the head, a drop or a put */
	FILE_BARE, /* behind "file": a step must come */
	FILE_KEPT, /* behind "=": a line must come or go */
	FILE_LINE,
	ADD_BARE, /* behind "add": a line must come */
	ADD_LINE,
};

/* The next line without its LF. False if there is none, or it is too long. */
static bool take_line(vt_reader *r, vt_span *out)
{
	size_t n;

	if (!vt_span_find(vt_span_clip(r->s, r->at, VT_DELTA_LINE_MAX + 1), 0, "\n", 1, &n))
		return false;
	*out = vt_read_span(r, n);
	(void)vt_read_u8(r);
	return true;
}

/* Takes the word before the next space, and the space. */
static bool take_word(vt_span *s, vt_span *out)
{
	size_t n;

	if (!vt_span_find(*s, 0, " ", 1, &n))
		return false;
	*out = vt_span_of(s->p, n);
	*s = vt_span_of(s->p + n + 1, s->n - n - 1);
	return true;
}

static bool is_version(vt_span s, uint64_t *out)
{
	return vt_decimal_get(s, out) && *out >= 1 && *out <= INT64_MAX;
}

vt_err vt_delta_open(vt_span text, struct vt_delta_reader *out)
{
	struct vt_delta_reader d = {.r = vt_reader_of(text), .mode = OUTSIDE};
	vt_span line, word;

	if (!take_line(&d.r, &line) || !vt_span_eq(line, vt_span_str("vitrine/delta/v1")))
		return VT_EFORMAT;
	if (!take_line(&d.r, &line) || !take_word(&line, &word) ||
		!vt_span_eq(word, vt_span_str("set")) || !take_word(&line, &d.set) ||
		!vt_name_ok(d.set) || !take_word(&line, &word) || !is_version(word, &d.from) ||
		!is_version(line, &d.to) || d.from >= d.to)
		return VT_EFORMAT;
	*out = d;
	return VT_OK;
}

static vt_err read_put(struct vt_delta_reader *d, vt_span size, struct vt_delta_step *s)
{
	uint64_t n;

	if (!vt_decimal_get(size, &n))
		return VT_EFORMAT;
	s->op = VT_DELTA_PUT;
	s->text = vt_read_span(&d->r, n);
	if (vt_read_u8(&d->r) != '\n' || d->r.bad)
		return VT_EFORMAT;
	d->mode = OUTSIDE;
	return VT_OK;
}

/* "file", "add", "drop", "put". */
static vt_err read_command(struct vt_delta_reader *d, vt_span line, struct vt_delta_step *s)
{
	static const struct {
		const char *word;
		enum vt_delta_op op;
		enum mode mode;
	} words[] = {
		{"file", VT_DELTA_FILE, FILE_BARE},
		{"add", VT_DELTA_ADD, ADD_BARE},
		{"drop", VT_DELTA_DROP, OUTSIDE},
	};
	vt_span word, size = line;
	bool put;

	if (d->mode == FILE_BARE || d->mode == FILE_KEPT || d->mode == ADD_BARE ||
		!take_word(&line, &word))
		return VT_EFORMAT;
	put = vt_span_eq(word, vt_span_str("put"));
	size = line;
	if (put && !take_word(&size, &line))
		return VT_EFORMAT;
	if (!vt_file_name_ok(line) || (d->file.n && vt_name_compare(line, d->file) <= 0))
		return VT_EFORMAT;
	s->file = d->file = line;
	if (put)
		return read_put(d, size, s);
	for (size_t i = 0; i < VT_COUNT(words); i++) {
		if (vt_span_eq(word, vt_span_str(words[i].word))) {
			s->op = words[i].op;
			d->mode = (int)words[i].mode;
			return VT_OK;
		}
	}
	return VT_EFORMAT;
}

/* "=", "-", "+" */
static vt_err read_change(struct vt_delta_reader *d, vt_span line, struct vt_delta_step *s)
{
	uint8_t sign = line.p[0];
	bool file = d->mode == FILE_BARE || d->mode == FILE_KEPT || d->mode == FILE_LINE;

	if (!file && (d->mode == OUTSIDE || sign != '+'))
		return VT_EFORMAT;
	s->file = d->file;
	line = vt_span_of(line.p + 1, line.n - 1);
	if (sign != '=') {
		s->op = sign == '-' ? VT_DELTA_LESS : VT_DELTA_MORE;
		s->text = line;
		d->mode = file ? FILE_LINE : ADD_LINE;
		return VT_OK;
	}
	if (d->mode == FILE_KEPT || !vt_decimal_get(line, &s->count) || s->count == 0)
		return VT_EFORMAT;
	s->op = VT_DELTA_KEEP;
	d->mode = FILE_KEPT;
	return VT_OK;
}

vt_err vt_delta_next(struct vt_delta_reader *d, struct vt_delta_step *out)
{
	struct vt_delta_reader now = *d;
	struct vt_delta_step s = {0};
	vt_span line;
	vt_err e;

	if (vt_reader_left(&d->r) == 0)
		return d->mode == OUTSIDE || d->mode == FILE_LINE || d->mode == ADD_LINE
			? VT_END
			: VT_EFORMAT;
	if (!take_line(&now.r, &line) || line.n == 0)
		return VT_EFORMAT;
	e = line.p[0] == '=' || line.p[0] == '-' || line.p[0] == '+' ? read_change(&now, line, &s)
								     : read_command(&now, line, &s);
	if (e)
		return e;
	*d = now;
	*out = s;
	return VT_OK;
}

/* Moves n lines of the old file to the new. */
static vt_err keep(vt_reader *old, uint64_t n, vt_buf *out)
{
	size_t from = old->at, at = old->at;

	while (n-- > 0) {
		if (!vt_span_find(old->s, at, "\n", 1, &at))
			return VT_EFORMAT;
		at++;
	}
	old->at = at;
	return vt_buf_add(out, old->s.p + from, at - from);
}

static vt_err less(vt_reader *old, vt_span line)
{
	if (!vt_span_at(old->s, old->at, line.p, line.n) ||
		!vt_span_at(old->s, old->at + line.n, "\n", 1))
		return VT_EFORMAT;
	old->at += line.n + 1;
	return VT_OK;
}

static vt_err more(vt_span line, vt_buf *out)
{
	vt_err e = vt_buf_add(out, line.p, line.n);

	return e ? e : vt_buf_add_u8(out, '\n');
}

static vt_err apply_lines(struct vt_delta_reader *d, struct vt_delta_step *s, vt_reader *old,
	vt_buf *out, bool *out_end)
{
	vt_err e;

	for (;;) {
		e = vt_delta_next(d, s);
		if (e == VT_OK && s->op == VT_DELTA_KEEP)
			e = keep(old, s->count, out);
		else if (e == VT_OK && s->op == VT_DELTA_LESS)
			e = less(old, s->text);
		else if (e == VT_OK && s->op == VT_DELTA_MORE)
			e = more(s->text, out);
		else
			break;
		if (e)
			return e;
	}
	*out_end = e == VT_END;
	return *out_end ? VT_OK : e;
}

vt_err vt_delta_apply_file(struct vt_delta_reader *d, struct vt_delta_step *io_step, vt_span old,
	vt_buf *out, bool *out_end)
{
	struct vt_delta_step s = *io_step;
	vt_reader r = vt_reader_of(old);
	bool end = false;
	vt_err e;

	if (s.op == VT_DELTA_PUT) {
		e = vt_buf_add(out, s.text.p, s.text.n);
		if (e)
			return e;
		e = vt_delta_next(d, &s);
		end = e == VT_END;
		e = end ? VT_OK : e;
	} else {
		if (s.op != VT_DELTA_FILE && s.op != VT_DELTA_ADD)
			return VT_EARG;
		if (s.op == VT_DELTA_ADD ? old.n != 0 : !vt_span_at(old, old.n - 1, "\n", 1))
			return VT_EFORMAT;
		e = apply_lines(d, &s, &r, out, &end);
		if (!e && r.at < old.n)
			e = vt_buf_add(out, old.p + r.at, old.n - r.at);
	}
	if (e)
		return e;
	*io_step = s;
	*out_end = end;
	return VT_OK;
}
