/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a directive: what is taken has dates in order, a source for all, and a threshold. */
#include <stdlib.h>

#include "base/num.h"
#include "inventory/directive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)64 << 20);
	struct vt_doc_error why = {0};
	struct vt_directive d;
	struct vt_due due[256];
	vt_span json = vt_span_of(data, size);
	vt_err e = vt_directive_parse(json, &a, &d, &why);
	size_t n;

	if (e && e != VT_ENOMEM && !why.cause[0])
		abort();
	if (!e) {
		n = vt_directive_due(&d, d.issued, d.issued + 4000, d.issued, due, VT_COUNT(due));
		for (size_t i = 1; i < n; i++)
			if (due[i].day < due[i - 1].day)
				abort();
		if (!vt_directive_source(&d, "/title")->text.n || d.threshold < 5000 ||
			d.threshold > 10000 || d.ncovered == 0)
			abort();
		if (vt_directive_except(&d, json, &a, &why) == VT_OK)
			abort();
	}
	vt_arena_free(&a);
	return 0;
}
