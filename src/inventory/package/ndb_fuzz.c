/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/ndb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt_ndb d;
	vt_span blob;
	uint64_t total = 0;
	vt_err e;

	if (vt_ndb_open(vt_span_of(data, size), &d))
		return 0;
	while ((e = vt_ndb_next(&d, &blob)) != VT_END && e != VT_ELIMIT) {
		if (e && e != VT_ECHECKSUM)
			continue;
		total += blob.n;
		fuzz_read(blob);
	}
	if (total > size)
		abort(); /* no more comes out than is in */
	return 0;
}
