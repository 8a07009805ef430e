/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/type/identify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span s = vt_span_of(data, size);
	uint64_t from = size ? data[0] : 0, at;
	vt_type type = vt_identify(s);

	if ((unsigned)type >= VT_TYPE_COUNT || (unsigned)vt_identify_zip(s) >= VT_TYPE_COUNT)
		abort();
	for (; vt_identify_embedded(s, from, &at, &type); from = at + 5)
		if (at < from || at >= size)
			abort();
	return 0;
}
