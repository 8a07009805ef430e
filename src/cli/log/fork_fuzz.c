/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as evidence of a fork: what is read is written as the same bytes, and judged. */
#include <stdlib.h>

#include "cli/log/fork.h"
#include "crypto/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf b = VT_BUF_INIT(VT_FORK_MAX);
	const char *why = NULL;
	struct vt_head x, y;
	struct vt_fork f;

	if (vt_sign_init() || size > VT_FORK_MAX || vt_fork_parse(vt_span_of(data, size), &f))
		return 0;
	if (vt_fork_write(&b, &f) || !vt_span_eq(vt_buf_span(&b), vt_span_of(data, size)))
		abort();
	if (vt_fork_check(&f, &x, &y, &why) && !why)
		abort();
	vt_buf_free(&b);
	return 0;
}
