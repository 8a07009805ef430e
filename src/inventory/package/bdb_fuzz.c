/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/bdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf scratch = VT_BUF_INIT((size_t)1 << 20);
	struct vt_bdb d;
	vt_span key, value;
	uint64_t total = 0;
	vt_err e;

	if (vt_bdb_open(vt_span_of(data, size), &d))
		return 0;
	while ((e = vt_bdb_next(&d, &scratch, &key, &value)) != VT_END && e != VT_ELIMIT) {
		if (e)
			continue;
		fuzz_read(key);
		fuzz_read(value);
		total += value.p == scratch.p ? value.n : 0;
	}
	if (total > size)
		abort();
	vt_buf_free(&scratch);
	return 0;
}
