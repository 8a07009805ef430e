/* SPDX-License-Identifier: Apache-2.0 */
/* Any body of add-entries: what is read of it lies in it, and whole and in pieces are the same. */
#include <stdlib.h>

#include "proc/service/entries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(vt_span all, vt_span s)
{
	if (s.n && (s.p < all.p || s.p + s.n > all.p + all.n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vt_entries_package p;
	vt_span all = vt_span_of(data, size);
	vt_reader r = vt_reader_of(all), shorter;
	struct vt_entries_head h;

	if (vt_entries_head_read(&r, &h))
		return 0;
	inside(all, h.origin);
	inside(all, h.ticket);
	if (h.start > h.end)
		abort();
	for (uint64_t i = 0; i < 40 && vt_entries_range(h.start, h.end, i, &p); i++) {
		size_t at = r.at;

		if (p.start >= p.end || p.end - p.rounded > VT_TILE_WIDTH || p.start < p.rounded)
			abort();
		if (vt_entries_package_read(&r, &p)) {
			if (r.at != at)
				abort();
			break;
		}
		if (p.n != p.end - p.start)
			abort();
		for (size_t k = 0; k < p.n; k++)
			inside(all, p.entry[k]);
		shorter = vt_reader_of(vt_span_of(data, r.at - 1));
		shorter.at = at;
		if (vt_entries_package_read(&shorter, &p) != VT_ETRUNCATED)
			abort();
	}
	return 0;
}
