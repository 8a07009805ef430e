/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a purl: what is written is read again as the same, and matches itself. */
#include <stdlib.h>

#include "inventory/name/purl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf a = VT_BUF_INIT(65536), b = VT_BUF_INIT(65536);
	struct vt_purl p;

	if (!vt_purl_parse(vt_span_of(data, size), &p)) {
		if (vt_purl_write(&p, &a))
			abort();
		if (!vt_purl_qualifier(&p, "vers").n && !vt_purl_match(&p, &p, NULL))
			abort();
		if (a.n <= VT_PURL_MAX &&
			(vt_purl_parse(vt_buf_span(&a), &p) || vt_purl_write(&p, &b) ||
				!vt_span_eq(vt_buf_span(&a), vt_buf_span(&b))))
			abort();
	}
	vt_buf_free(&a);
	vt_buf_free(&b);
	return 0;
}
