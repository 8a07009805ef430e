/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exe/exe_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_exe(VT_TYPE_ELF, vt_span_of(data, size));
	return 0;
}
