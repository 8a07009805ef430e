/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two files, parted by a byte 0: the delta from one to the other is read, and makes the other of
 * the one. Letters are lines if the first byte says so, so that there are many.
 */
#include <stdlib.h>

#include "entry/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each byte a line. */
static vt_span spread(vt_span s, vt_buf *b)
{
	for (size_t i = 0; i < s.n; i++)
		if (vt_buf_add_u8(b, s.p[i] == '\n' ? ' ' : s.p[i]) != VT_OK ||
			vt_buf_add_u8(b, '\n') != VT_OK)
			abort();
	return vt_buf_span(b);
}

static void check(const struct vt_delta_file *old, const struct vt_delta_file *now)
{
	vt_buf text = VT_BUF_INIT((size_t)16 << 20), out = VT_BUF_INIT((size_t)16 << 20);
	struct vt_delta_reader d;
	struct vt_delta_step s;
	bool end = false;
	vt_err e;

	if (vt_delta_make(&text, vt_span_str("s"), 1, 2, old, 1, now, 1) != VT_OK ||
		vt_delta_open(vt_buf_span(&text), &d) != VT_OK)
		abort();
	e = vt_delta_next(&d, &s);
	if (e == VT_END) {
		if (!vt_span_eq(old->bytes, now->bytes))
			abort();
	} else if (e || vt_delta_apply_file(&d, &s, old->bytes, &out, &end) != VT_OK || !end ||
		!vt_span_eq(vt_buf_span(&out), now->bytes)) {
		abort();
	}
	vt_buf_free(&text);
	vt_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf a = VT_BUF_INIT((size_t)1 << 20), b = VT_BUF_INIT((size_t)1 << 20);
	struct vt_delta_file old = {.name = vt_span_str("f")}, now = old;
	vt_span all = vt_span_of(data, size);
	uint64_t lines;
	size_t n;

	if (size < 2 || size > 100000 || !vt_span_find(all, 1, "\0", 1, &n))
		return 0;
	old.bytes = vt_span_of(data + 1, n - 1);
	now.bytes = vt_span_of(data + n + 1, size - n - 1);
	if (data[0] & 1) {
		old.bytes = spread(old.bytes, &a);
		now.bytes = spread(now.bytes, &b);
	}
	old.by_line = vt_delta_by_line(old.bytes, &lines);
	now.by_line = vt_delta_by_line(now.bytes, &lines);
	check(&old, &now);
	vt_buf_free(&a);
	vt_buf_free(&b);
	return 0;
}
