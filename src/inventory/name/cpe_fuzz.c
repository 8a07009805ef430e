/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a CPE: what is written is read again as the same; comparisons agree both ways. */
#include <stdlib.h>

#include "inventory/name/cpe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_twice(const struct vt_cpe *c, vt_err write(const struct vt_cpe *, vt_buf *))
{
	vt_buf a = VT_BUF_INIT(65536), b = VT_BUF_INIT(65536);
	struct vt_cpe again;

	if (!write(c, &a) && a.n <= VT_CPE_MAX &&
		(vt_cpe_parse(vt_buf_span(&a), &again) || write(&again, &b) ||
			!vt_span_eq(vt_buf_span(&a), vt_buf_span(&b))))
		abort();
	vt_buf_free(&a);
	vt_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nl = size ? memchr(data, '\n', size) : NULL;
	size_t n = nl ? (size_t)(nl - data) : size;
	struct vt_cpe a, b;

	if (vt_cpe_parse(vt_span_of(data, n), &a))
		return 0;
	check_twice(&a, vt_cpe_write);
	check_twice(&a, vt_cpe_write_uri);
	if (nl && !vt_cpe_parse(vt_span_of(nl + 1, size - n - 1), &b)) {
		enum vt_cpe_relation r = vt_cpe_compare(&a, &b), s = vt_cpe_compare(&b, &a);

		if ((r == VT_CPE_EQUAL) != (s == VT_CPE_EQUAL))
			abort();
		if (r == VT_CPE_SUBSET && s == VT_CPE_SUBSET)
			abort();
	}
	return 0;
}
