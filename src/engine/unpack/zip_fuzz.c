/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/unpack_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_walk(VT_TYPE_ZIP, data, size);
	return 0;
}
