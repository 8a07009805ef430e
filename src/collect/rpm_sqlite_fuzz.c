/* SPDX-License-Identifier: Apache-2.0 */
/* The length of the log, the log, the database. */
#include "base/num.h"
#include "collect/rpm_sqlite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vt_err on_blob(void *ctx, vt_span blob)
{
	size_t *sum = ctx;

	for (size_t i = 0; i < blob.n; i++)
		*sum += blob.p[i];
	return VT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf db = VT_BUF_INIT((size_t)8 << 20);
	uint32_t n;
	size_t sum = 0;

	if (!vt_get_u32le(vt_span_of(data, size), 0, &n))
		return 0;
	n = (uint32_t)vt_min_size(n, size - 4);
	if (vt_buf_add(&db, data + 4 + n, size - 4 - n) ||
		vt_rpm_sqlite(vt_span_of(data + 4, n), &db, on_blob, &sum))
		sum = 0;
	vt_buf_free(&db);
	return 0;
}
