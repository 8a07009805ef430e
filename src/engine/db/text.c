/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source lines that the image keeps: looked at only when a rule fires or a person asks. zstd
 * frames of whole lines, found by the number of their first line.
 */
#include "engine/db/db.h"

#include <zstd.h>

static bool set_covers(const struct vt_image_set *s, uint32_t line)
{
	return line >= s->first_line && line - s->first_line < s->lines;
}

const struct vt_image_set *vt_db_set_of_line(const struct vt_db *db, uint32_t line)
{
	uint32_t lo = 0, hi = db->sets.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		const struct vt_image_set *s = vt_db_set(db, mid);

		if (s && s->first_line <= line)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* sets without lines share their first line with the next: look back past them */
	while (lo > 0) {
		const struct vt_image_set *s = vt_db_set(db, --lo);

		if (s && set_covers(s, line))
			return s;
		if (s && s->lines)
			break;
	}
	return NULL;
}

vt_span vt_db_set_name(const struct vt_db *db, const struct vt_image_set *set)
{
	return vt_db_string(db, set->name, set->name_size);
}

static vt_err unpack_block(const struct vt_db *db, const struct vt_image_text *t, vt_buf *storage)
{
	vt_span packed;
	vt_err e;
	size_t n;

	vt_buf_clear(storage);
	if (t->size > VT_IMAGE_TEXT_MAX || !vt_span_sub(db->text, t->offset, t->packed, &packed))
		return VT_EFORMAT;
	e = vt_buf_reserve(storage, t->size);
	if (e)
		return e;
	n = ZSTD_decompress(storage->p, t->size, packed.p, packed.n);
	if (ZSTD_isError(n) || n != t->size)
		return VT_EFORMAT;
	storage->n = n;
	return VT_OK;
}

/* Cuts the next line off *rest, without its LF and a CR before that; false at the end. */
static bool next_line(vt_span *rest, vt_span *out)
{
	const uint8_t *lf;

	if (rest->n == 0)
		return false;
	lf = memchr(rest->p, '\n', rest->n);
	*out = vt_span_of(rest->p, lf ? (size_t)(lf - rest->p) : rest->n);
	*rest = vt_span_clip(*rest, out->n + (lf ? 1 : 0), rest->n);
	if (out->n && out->p[out->n - 1] == '\r')
		out->n--;
	return true;
}

vt_err vt_db_line(const struct vt_db *db, uint32_t line, vt_buf *storage, vt_span *out)
{
	uint32_t lo = 0, hi = db->text_index.n;
	const struct vt_image_text *t;
	vt_span rest, text = {0};
	vt_err e;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		t = vt_db_text_block(db, mid);
		if (t && t->first_line <= line)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return VT_EARG;
	t = vt_db_text_block(db, lo - 1);
	if (!t || line - t->first_line >= t->lines)
		return VT_EARG;
	e = unpack_block(db, t, storage);
	if (e)
		return e;
	rest = vt_buf_span(storage);
	for (uint32_t i = t->first_line; i <= line; i++) {
		if (!next_line(&rest, &text))
			return VT_EFORMAT;
	}
	*out = text;
	return VT_OK;
}

vt_err vt_db_each_line(const struct vt_db *db, vt_line_fn *fn, void *ctx)
{
	vt_buf storage = VT_BUF_INIT(VT_IMAGE_TEXT_MAX);
	vt_err e = VT_OK;

	for (uint32_t b = 0; b < db->text_index.n && !e; b++) {
		const struct vt_image_text *t = vt_db_text_block(db, b);
		vt_span rest, text;

		e = t ? unpack_block(db, t, &storage) : VT_EFORMAT;
		if (e)
			break;
		rest = vt_buf_span(&storage);
		for (uint32_t i = 0; i < t->lines && !e; i++) {
			if (!next_line(&rest, &text))
				e = VT_EFORMAT;
			else
				e = fn(ctx, t->first_line + i, text);
		}
	}
	vt_buf_free(&storage);
	return e;
}

vt_span vt_line_field(vt_span line, char sep, unsigned n)
{
	for (;;) {
		const uint8_t *p = line.n ? memchr(line.p, sep, line.n) : NULL;
		size_t len = p ? (size_t)(p - line.p) : line.n;

		if (n-- == 0)
			return vt_span_of(line.p, len);
		if (!p)
			return (vt_span){0};
		line = vt_span_of(p + 1, line.n - len - 1);
	}
}
