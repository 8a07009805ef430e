/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a delta: read to its end; then applied, file by file, to a small file. Steps written
 * again are the same text.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "entry/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vt_err write_step(vt_buf *b, const struct vt_delta_step *s)
{
	int n = (int)s->file.n;
	vt_err e;

	switch (s->op) {
	case VT_DELTA_FILE: return vt_buf_addf(b, "file %.*s\n", n, (const char *)s->file.p);
	case VT_DELTA_ADD: return vt_buf_addf(b, "add %.*s\n", n, (const char *)s->file.p);
	case VT_DELTA_DROP: return vt_buf_addf(b, "drop %.*s\n", n, (const char *)s->file.p);
	case VT_DELTA_KEEP: return vt_buf_addf(b, "=%" PRIu64 "\n", s->count);
	case VT_DELTA_PUT:
		e = vt_buf_addf(b, "put %.*s ", n, (const char *)s->file.p);
		if (!e)
			e = vt_buf_addf(b, "%zu\n", s->text.n);
		break;
	case VT_DELTA_LESS:
	case VT_DELTA_MORE: e = vt_buf_add_u8(b, s->op == VT_DELTA_LESS ? '-' : '+'); break;
	default: abort();
	}
	if (!e)
		e = vt_buf_add(b, s->text.p, s->text.n);
	return e ? e : vt_buf_add_u8(b, '\n');
}

static void read_all(vt_span text)
{
	vt_buf b = VT_BUF_INIT(text.n + 100);
	struct vt_delta_reader d;
	struct vt_delta_step s;
	vt_err e = vt_delta_open(text, &d);
	bool opened = e == VT_OK;

	if (opened && vt_buf_add(&b, text.p, d.r.at) != VT_OK)
		abort();
	while (!e) {
		e = vt_delta_next(&d, &s);
		if (!e && write_step(&b, &s) != VT_OK)
			abort();
	}
	if (e == VT_END && !vt_span_eq(vt_buf_span(&b), text))
		abort();
	if (opened && e != VT_END && e != VT_EFORMAT)
		abort();
	vt_buf_free(&b);
}

static void apply_all(vt_span text)
{
	static const char old[] = "a\nb\n\nb\nline\n";
	vt_buf out = VT_BUF_INIT((size_t)1 << 20);
	struct vt_delta_reader d;
	struct vt_delta_step s;
	bool end = false;
	vt_err e = vt_delta_open(text, &d);

	if (!e)
		e = vt_delta_next(&d, &s);
	while (!e && !end) {
		vt_buf_clear(&out);
		if (s.op == VT_DELTA_DROP)
			e = vt_delta_next(&d, &s);
		else
			e = vt_delta_apply_file(&d, &s,
				s.op == VT_DELTA_ADD ? vt_span_str("") : vt_span_str(old), &out,
				&end);
	}
	vt_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_all(vt_span_of(data, size));
	apply_all(vt_span_of(data, size));
	return 0;
}
