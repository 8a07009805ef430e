/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a checkpoint's text: what is read is written back the same. */
#include <stdlib.h>

#include "tlog/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf b = VT_BUF_INIT(size + 1);
	struct vt_checkpoint c;

	if (!vt_checkpoint_parse(vt_span_of(data, size), &c) &&
		(vt_checkpoint_write(&b, &c) ||
			!vt_span_eq(vt_buf_span(&b), vt_span_of(data, size))))
		abort();
	vt_buf_free(&b);
	return 0;
}
