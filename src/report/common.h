/* SPDX-License-Identifier: Apache-2.0 */
/* What several forms of report say in the same words. */
#ifndef VT_REPORT_COMMON_H
#define VT_REPORT_COMMON_H

#include "report/input.h"

#define VT_UUID_SIZE 37

/* A name-based UUID (RFC 4122, version 5) of the words, in our own name space. */
const char *vt_report_uuid(const vt_span *words, size_t n, char out[VT_UUID_SIZE]);

/* Does the finding count against the directive, now or once it is confirmed? */
bool vt_report_counts(enum vt_standing s);
/* "Kaspersky Endpoint Security for Linux"; the id if the catalogue has no such product. */
vt_span vt_report_product_name(const struct vt_report_input *in, vt_span id);

/* How well an area was covered: CycloneDX's words. */
enum vt_aggregate { VT_AGGREGATE_COMPLETE, VT_AGGREGATE_INCOMPLETE, VT_AGGREGATE_UNKNOWN };
enum vt_aggregate vt_report_aggregate(const struct vt_subject *s, enum vt_area a);
const char *vt_aggregate_word(enum vt_aggregate a);

/* "12,345 of 12,400 read; 55 unreadable, 1 too-large"; the area's counters in words. */
VT_MUST_USE vt_err vt_report_coverage_text(const struct vt_subject *s, enum vt_area a, vt_buf *out);
/* "dpkg, rpm", what each kind of observation does: "what package managers say is installed". */
const char *vt_report_area_meaning(enum vt_area a);

/*
 * Calls `line` for each line that answers a field of the directive's report. No line: a person must
 * fill it in.
 */
typedef vt_err vt_report_line_fn(void *ctx, vt_span line);
VT_MUST_USE vt_err vt_report_field_lines(
	const struct vt_report_input *in, vt_span key, vt_report_line_fn *line, void *ctx);

#endif
