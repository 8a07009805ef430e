/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/npm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
	struct vt_package p;

	if (!vt_npm_package(vt_span_of(data, size), &a, &p))
		fuzz_package(&p);
	(void)vt_npm_place(vt_span_of(data, size));
	vt_arena_free(&a);
	return 0;
}
