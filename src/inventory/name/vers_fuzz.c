/* SPDX-License-Identifier: Apache-2.0 */
/* Any two lines as a range and a version, and as two versions of each scheme. */
#include <stdlib.h>

#include "inventory/name/vers.h"
#include "inventory/name/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nl = size ? memchr(data, '\n', size) : NULL;
	size_t n = nl ? (size_t)(nl - data) : size;
	vt_span a = vt_span_of(data, n), b = nl ? vt_span_of(nl + 1, size - n - 1) : a;
	bool in;

	if (!vt_vers_contains(a, b, &in) && vt_vers_check(a))
		abort();
	for (unsigned s = VT_SCHEME_DEB; s <= VT_SCHEME_GENERIC; s++) {
		int x = 0, y = 0;

		if (!vt_version_compare((enum vt_scheme)s, a, b, &x) &&
			(vt_version_compare((enum vt_scheme)s, b, a, &y) ||
				(x > 0) - (x < 0) != (y < 0) - (y > 0)))
			abort();
	}
	return 0;
}
