/* SPDX-License-Identifier: Apache-2.0 */
/* Each input goes through every reader: all but one look at its first bytes and give up. */
#include "engine/unpack/unpack_fuzz.h"

#include "base/num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const vt_type types[] = {VT_TYPE_TAR, VT_TYPE_CPIO_NEWC, VT_TYPE_AR, VT_TYPE_RAR,
		VT_TYPE_7Z, VT_TYPE_ISO9660, VT_TYPE_XAR, VT_TYPE_LHA, VT_TYPE_WARC,
		VT_TYPE_COMPRESS};

	for (size_t i = 0; i < VT_COUNT(types); i++)
		fuzz_walk(types[i], data, size);
	return 0;
}
