/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/unpack_fuzz.h"

#include "base/num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const vt_type types[] = {VT_TYPE_CAB, VT_TYPE_CHM, VT_TYPE_SZDD};

	for (size_t i = 0; i < VT_COUNT(types); i++)
		fuzz_walk(types[i], data, size);
	return 0;
}
