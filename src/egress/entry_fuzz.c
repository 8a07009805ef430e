/* SPDX-License-Identifier: Apache-2.0 */
/* An entry that parses is the one that would be written: one meaning has one form. */
#include <stdlib.h>

#include "egress/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf b = VT_BUF_INIT(VT_EGRESS_ENTRY_MAX);
	vt_span s = vt_span_of(data, size);
	struct vt_egress e;

	if (vt_egress_parse(s, &e) == VT_OK &&
		(vt_egress_write(&b, &e) || !vt_span_eq(vt_buf_span(&b), s)))
		abort();
	vt_buf_free(&b);
	return 0;
}
