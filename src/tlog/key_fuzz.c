/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a verifier key: what is read is written back the same. */
#include <stdlib.h>

#include "tlog/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf b = VT_BUF_INIT(4096);
	struct vt_key k;

	if (!vt_key_parse(vt_span_of(data, size), &k) &&
		(vt_key_write(&b, &k) || !vt_span_eq(vt_buf_span(&b), vt_span_of(data, size))))
		abort();
	vt_buf_free(&b);
	return 0;
}
