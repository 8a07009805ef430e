/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through the whole engine: identification, headers, unpackers, matching. */
#include <stdlib.h>

#include "fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vt_scanner *scanner;
	struct vt_input in = {.bytes = {.p = data, .n = size}};
	struct vt_report report;

	if (!scanner) {
		struct vt_scan_options o = {.limits = vt_limits_default(), .all_match = true};
		size_t n;
		uint8_t *image = make_image(every_kind, every_kind_count, &n);
		struct vt_db *db;
		const struct vt_db *dbs[1];

		o.limits.object_size = 1 << 20;
		o.limits.total_bytes = 8 << 20;
		o.limits.objects = 500;
		o.limits.match_steps = 100000;
		if (vt_db_open(vt_span_of(image, n), &db))
			abort();
		dbs[0] = db;
		if (vt_scanner_new(dbs, 1, &o, &scanner))
			abort();
	}
	vt_report_init(&report);
	if (vt_scan(scanner, &in, &report))
		abort();
	vt_report_free(&report);
	return 0;
}
