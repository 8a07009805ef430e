/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/swid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
	struct vt_package p;

	if (!vt_swid_tag(vt_span_of(data, size), &a, &p))
		fuzz_package(&p);
	vt_arena_free(&a);
	return 0;
}
