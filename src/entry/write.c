/* SPDX-License-Identifier: Apache-2.0 */
/* Writes entries from the same table that reads them. */
#include "entry/form.h"

const char *vt_entry_word(enum vt_entry_kind k)
{
	static const char *const words[] = {
#define VT_ENTRY_KIND(ID, word, what) [VT_ENTRY_##ID] = word,
#include "entry/kinds.def"
#undef VT_ENTRY_KIND
		[VT_ENTRY_KINDS] = "?",
	};

	return words[k < VT_ENTRY_KINDS ? k : VT_ENTRY_KINDS];
}

static vt_err put_line(vt_buf *b, const struct vt_row *row, const void *v)
{
	vt_err e = vt_buf_addf(b, "%s ", row->key);

	if (!e)
		e = vt_form_of(row->form)->put(b, v);
	return e ? e : vt_buf_add_u8(b, '\n');
}

static vt_err put_row(vt_buf *b, const struct vt_row *row, const struct vt_entry *e)
{
	const uint8_t *base = (const uint8_t *)e, *v = base + row->at;
	size_t n = 1;

	switch (row->times) {
	case VT_ROW_ONE: break;
	case VT_ROW_TEXT: n = e->u.content.note.n != 0; break;
	case VT_ROW_DELTA: n = e->u.content.ndelta != 0; break;
	case VT_ROW_RULE: n = e->u.withdraw.what == VT_WITHDRAW_RULE; break;
	case VT_ROW_NOT_RULE: n = e->u.withdraw.what != VT_WITHDRAW_RULE; break;
	case VT_ROW_MANY:
		memcpy(&n, base + row->count, sizeof n);
		memcpy(&v, base + row->at, sizeof v);
		if (n > row->most)
			return VT_ELIMIT;
		break;
	}
	for (size_t i = 0; i < n; i++) {
		vt_err err = put_line(b, row, v + i * vt_form_of(row->form)->size);

		if (err)
			return err;
	}
	return VT_OK;
}

static vt_err put_entry(vt_buf *b, const struct vt_entry *e)
{
	vt_err err = vt_buf_addf(b, "vitrine/%s/v1\n", vt_entry_word(e->kind));
	const struct vt_row *rows;
	size_t n;

	rows = vt_rows_of(e->kind, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = put_row(b, &rows[i], e);
	return err;
}

/* What can't be read back is not written: the reader is the judge. */
static vt_err judge(vt_span text)
{
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	struct vt_entry_error why;
	struct vt_entry e;
	vt_err err = vt_entry_parse(text, &a, &e, &why);

	vt_arena_free(&a);
	return err == VT_EFORMAT ? VT_EARG : err;
}

vt_err vt_entry_write(vt_buf *b, const struct vt_entry *e)
{
	size_t before = b->n;
	vt_err err;

	if (e->kind >= VT_ENTRY_KINDS)
		return VT_EARG;
	err = put_entry(b, e);
	if (!err)
		err = judge(vt_span_of(b->p + before, b->n - before));
	if (err)
		b->n = before;
	return err;
}
