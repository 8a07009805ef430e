/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a plan: what is read is written as the same text. */
#include <stdlib.h>

#include "update/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
	vt_buf b = VT_BUF_INIT(size);
	struct vt_plan p;

	if (vt_plan_read(vt_span_of(data, size), &a, &p) == VT_OK &&
		(vt_plan_write(&b, &p) != VT_OK ||
			!vt_span_eq(vt_buf_span(&b), vt_span_of(data, size))))
		abort();
	vt_buf_free(&b);
	vt_arena_free(&a);
	return 0;
}
