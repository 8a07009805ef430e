/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a follower's progress: what is read is written, and read as the same again. */
#include <stdlib.h>

#include "cli/log/progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf a = VT_BUF_INIT(VT_PROGRESS_MAX), b = VT_BUF_INIT(VT_PROGRESS_MAX);
	struct vt_log_progress p, q;

	if (vt_log_progress_parse(vt_span_of(data, size), &p))
		return 0;
	if (vt_log_progress_write(&a, &p) || vt_log_progress_parse(vt_buf_span(&a), &q))
		abort();
	if (vt_log_progress_write(&b, &q) || !vt_span_eq(vt_buf_span(&a), vt_buf_span(&b)))
		abort();
	vt_log_progress_free(&p);
	vt_log_progress_free(&q);
	vt_buf_free(&a);
	vt_buf_free(&b);
	return 0;
}
