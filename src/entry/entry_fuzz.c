/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an entry: what is read is written as the same text, and no other. */
#include <stdlib.h>

#include "entry/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_entry_error why = {0};
	struct vt_entry e;
	vt_err err = vt_entry_parse(vt_span_of(data, size), &a, &e, &why);

	if (err && (!why.cause || why.line > size + 1))
		abort();
	if (!err) {
		size_t n = 0;

		if (vt_entry_write(&b, &e) != VT_OK || !vt_span_eq(vt_buf_span(&b), e.text))
			abort();
		for (size_t i = 0; i < e.nsigs; i++)
			n += strlen("sig ") + e.sigs[i].name.n + 1 + 92 + 1;
		if (e.text.p != data || e.text.n + n != size)
			abort();
	}
	vt_buf_free(&b);
	vt_arena_free(&a);
	return 0;
}
