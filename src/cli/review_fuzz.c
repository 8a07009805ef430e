/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an entry, or as a delta: what people see of them is harmless for their terminals. */
#include <stdlib.h>

#include "cli/review.h"
#include "cli/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *p, size_t n)
{
	vt_span rest = vt_span_of(p, n);

	while (rest.n) {
		int32_t c;
		size_t k = vt_utf8_next(rest, &c);

		if ((c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) || c == 0x202e)
			abort();
		rest = vt_span_of(rest.p + k, rest.n - k);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	struct vt_review r = {.delta = vt_span_of(data, size), .width = 32};
	struct vt_review_counts counts = {0};
	struct vt_entry_error why;
	struct vt_entry e;
	char *p = NULL;
	size_t n;

	r.to = open_memstream(&p, &n);
	if (!r.to)
		abort();
	if (vt_entry_parse(r.delta, &a, &e, &why) == VT_OK) {
		r.delta.n = 0;
		if (vt_review(&r, &e, &counts) != VT_OK)
			abort();
	} else if (vt_review_delta(&r, &counts) == VT_OK &&
		2 * counts.moved + 2 * counts.changed + counts.added + counts.removed > size) {
		abort();
	}
	if (fclose(r.to) != 0)
		abort();
	check(p, n);
	free(p);
	vt_arena_free(&a);
	return 0;
}
