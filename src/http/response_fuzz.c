/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an answer, whole and in small pieces: both ways give the same body. The first byte
 * says how large the pieces are.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "http/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The body in pieces of `step`; false if it is refused or not whole. */
static bool read_body(const struct vt_response *r, vt_span s, size_t step, vt_buf *out)
{
	struct vt_body b;

	vt_body_start(&b, r);
	for (size_t at = 0; at < s.n && !b.done;) {
		vt_span in = vt_span_clip(s, at, step), part;
		size_t used;

		if (vt_body_feed(&b, in, &used, &part))
			return false;
		if (used > in.n || (used == 0 && !b.done) || part.n > used)
			abort();
		if (vt_buf_add(out, part.p, part.n))
			abort();
		at += used;
	}
	return vt_body_end(&b) == VT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf whole = VT_BUF_INIT(size), pieces = VT_BUF_INIT(size);
	vt_span s = vt_span_of(data, size), rest;
	struct vt_response r;
	const char *why = NULL;
	size_t n, step = size ? data[0] % 16u + 1 : 1;

	s = vt_span_clip(s, 1, s.n);
	if (vt_response_head_end(s, &n)) {
		vt_err e = vt_response_parse(vt_span_clip(s, 0, n), &r, &why);

		if (e && !why)
			abort();
		rest = vt_span_clip(s, n, s.n);
		if (!e &&
			read_body(&r, rest, rest.n ? rest.n : 1, &whole) !=
				read_body(&r, rest, step, &pieces))
			abort();
		if (!e && !vt_span_eq(vt_buf_span(&whole), vt_buf_span(&pieces)))
			abort();
		if (!e && (r.status < 100 || r.status > 599))
			abort();
	}
	vt_buf_free(&whole);
	vt_buf_free(&pieces);
	return 0;
}
