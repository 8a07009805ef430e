/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an envelope, and as a statement: whatever is read can be judged, and what follows is
 * written as it came.
 */
#include <jansson.h>
#include <stdlib.h>

#include "report/dsse.h"
#include "report/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(vt_span payload)
{
	struct vt_statement *s;
	struct vt_doc_error why;
	vt_buf again = VT_BUF_INIT((size_t)64 << 20);
	vt_err e = vt_statement_read(payload, &s, &why);

	if (e)
		return;
	if (vt_statement_derive(s, payload, &why) == VT_OK &&
		(vt_statement_write(&s->in, &again) || !vt_span_eq(vt_buf_span(&again), payload)))
		abort();
	vt_buf_free(&again);
	vt_statement_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)64 << 20);
	vt_buf b = VT_BUF_INIT((size_t)64 << 20);
	struct vt_dsse d, again;

	json_object_seed(1);
	if (vt_dsse_read(vt_span_of(data, size), &a, &d) == VT_OK) {
		if (vt_dsse_write(&d, &b))
			abort();
		/* without a signature that is one there is no envelope */
		if (d.n &&
			(vt_dsse_read(vt_buf_span(&b), &a, &again) ||
				!vt_span_eq(d.payload, again.payload) || d.n != again.n))
			abort();
		judge(d.payload);
	}
	judge(vt_span_of(data, size));
	vt_buf_free(&b);
	vt_arena_free(&a);
	return 0;
}
