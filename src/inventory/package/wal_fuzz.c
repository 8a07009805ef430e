/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "base/num.h"
#include "inventory/package/wal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a database of as many 512-byte pages as the first byte says, then the log */
	vt_buf db = VT_BUF_INIT((size_t)1 << 20);
	size_t n = size ? vt_min_size((size_t)data[0] * 512, size - 1) : 0;
	vt_err e;

	if (!size || vt_buf_add(&db, data + 1, n))
		return 0;
	e = vt_wal_apply(vt_span_of(data + 1 + n, size - 1 - n), &db);
	if (db.n > db.max || (!e && vt_wal_forget(&db) && db.n >= 100))
		abort(); /* what was a database still is one */
	fuzz_read(vt_buf_span(&db));
	vt_buf_free(&db);
	return 0;
}
