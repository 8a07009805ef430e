/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exe/exe_fuzz.h"
#include "engine/exe/macho.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span s = vt_span_of(data, size);
	struct vt_macho_slice slice;

	fuzz_exe(VT_TYPE_MACHO, s);
	for (unsigned i = 0; vt_macho_slice(s, i, &slice) == VT_OK; i++)
		if (i >= VT_MACHO_MAX_SLICES)
			abort();
	return 0;
}
