/* SPDX-License-Identifier: Apache-2.0 */
/* Makes deltas: files side by side by name, lines side by side by entry/diff.h. */
#include <inttypes.h>

#include "entry/delta.h"
#include "entry/diff.h"
#include "entry/form.h"

bool vt_delta_by_line(vt_span s, uint64_t *out_lines)
{
	uint64_t n = 0;
	size_t at = 0, end;

	while (at < s.n) {
		if (!vt_span_find(s, at, "\n", 1, &end) || end - at >= VT_DELTA_LINE_MAX)
			return false;
		at = end + 1;
		n++;
	}
	*out_lines = n;
	return n != 0;
}

/* Kept lines are told when something behind them changes. */
struct maker {
	vt_buf *b;
	uint64_t kept;
};

static vt_err keep(void *ctx, uint64_t lines)
{
	struct maker *m = ctx;

	m->kept += lines;
	return VT_OK;
}

static vt_err change(struct maker *m, uint8_t sign, vt_span line)
{
	vt_err e = line.n >= VT_DELTA_LINE_MAX ? VT_ELIMIT : VT_OK;

	if (!e && m->kept) {
		e = vt_buf_addf(m->b, "=%" PRIu64 "\n", m->kept);
		m->kept = 0;
	}
	if (!e)
		e = vt_buf_add_u8(m->b, sign);
	if (!e)
		e = vt_buf_add(m->b, line.p, line.n);
	return e ? e : vt_buf_add_u8(m->b, '\n');
}

static vt_err less(void *ctx, vt_span line)
{
	return change(ctx, '-', line);
}

static vt_err more(void *ctx, vt_span line)
{
	return change(ctx, '+', line);
}

static vt_err put_name(vt_buf *b, const char *word, vt_span name)
{
	vt_err e = vt_buf_addf(b, "%s ", word);

	return e ? e : vt_buf_add(b, name.p, name.n);
}

static vt_err put_whole(vt_buf *b, const struct vt_delta_file *f)
{
	vt_err e = put_name(b, "put", f->name);

	if (!e)
		e = vt_buf_addf(b, " %zu\n", f->bytes.n);
	if (!e)
		e = vt_buf_add(b, f->bytes.p, f->bytes.n);
	return e ? e : vt_buf_add_u8(b, '\n');
}

static bool by_line(const struct vt_delta_file *f)
{
	return f->by_line && f->bytes.n && f->bytes.p[f->bytes.n - 1] == '\n';
}

/* `old` or `now` may be NULL: not there. */
static vt_err put_file(vt_buf *b, const struct vt_delta_file *old, const struct vt_delta_file *now)
{
	struct maker m = {.b = b};
	const struct vt_diff_out out = {keep, less, more, &m};
	const vt_span none = {0};
	vt_err e;

	if (old && now && vt_span_eq(old->bytes, now->bytes))
		return VT_OK;
	if (!now) {
		e = put_name(b, "drop", old->name);
		return e ? e : vt_buf_add_u8(b, '\n');
	}
	if (!by_line(now) || (old && !by_line(old)))
		return put_whole(b, now);
	e = put_name(b, old ? "file" : "add", now->name);
	if (!e)
		e = vt_buf_add_u8(b, '\n');
	return e ? e : vt_diff(old ? old->bytes : none, now->bytes, &out);
}

static bool names_ok(const struct vt_delta_file *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!vt_file_name_ok(f[i].name) ||
			(i && vt_name_compare(f[i - 1].name, f[i].name) >= 0))
			return false;
	return true;
}

static vt_err put_files(vt_buf *b, const struct vt_delta_file *old, size_t nold,
	const struct vt_delta_file *now, size_t nnow)
{
	size_t i = 0, j = 0;
	vt_err e = VT_OK;

	while (!e && (i < nold || j < nnow)) {
		int c = i == nold ? 1 : j == nnow ? -1 : vt_name_compare(old[i].name, now[j].name);

		e = put_file(b, c <= 0 ? &old[i] : NULL, c >= 0 ? &now[j] : NULL);
		i += c <= 0;
		j += c >= 0;
	}
	return e;
}

vt_err vt_delta_make(vt_buf *b, vt_span set, uint64_t from, uint64_t to,
	const struct vt_delta_file *old, size_t nold, const struct vt_delta_file *now, size_t nnow)
{
	size_t before = b->n;
	vt_err e;

	if (!vt_name_ok(set) || from < 1 || from >= to || to > INT64_MAX || !names_ok(old, nold) ||
		!names_ok(now, nnow))
		return VT_EARG;
	e = put_name(b, "vitrine/delta/v1\nset", set);
	if (!e)
		e = vt_buf_addf(b, " %" PRIu64 " %" PRIu64 "\n", from, to);
	if (!e)
		e = put_files(b, old, nold, now, nnow);
	if (e)
		b->n = before;
	return e;
}
