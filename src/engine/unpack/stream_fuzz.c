/* SPDX-License-Identifier: Apache-2.0 */
/* Each input goes through every decoder: all but one look at its first bytes and give up. */
#include "engine/unpack/unpack_fuzz.h"

#include "base/num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const vt_type types[] = {VT_TYPE_GZIP, VT_TYPE_BZIP2, VT_TYPE_XZ, VT_TYPE_LZMA,
		VT_TYPE_LZIP, VT_TYPE_ZSTD, VT_TYPE_LZ4};

	for (size_t i = 0; i < VT_COUNT(types); i++)
		fuzz_walk(types[i], data, size);
	return 0;
}
