/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paragraphs of "Name: value" lines with continuation lines, as dpkg (deb822(5)), Python's metadata
 * (RFC 822 headers) and manifests of jars have them. Lines may end in CR LF. Spans point into the
 * text; nothing is allocated but by vt_field_flat().
 */
#ifndef VT_INVENTORY_PACKAGE_FIELDS_H
#define VT_INVENTORY_PACKAGE_FIELDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

struct vt_field {
	vt_span name;
	vt_span value; /* blanks at both ends cut; continuation lines as they stand */
};

/* The next line without its end; *io_at moves behind it. False at the end. */
bool vt_text_line(vt_span text, size_t *io_at, vt_span *out);
/* `s` without blanks, tabs and line ends at both ends. */
vt_span vt_span_trim(vt_span s);
/* Compares with a lower- or upper-case word without case. */
bool vt_span_is(vt_span s, const char *word);

/* The next run of lines that are not blank. False at the end. */
bool vt_paragraph_next(vt_span text, size_t *io_at, vt_span *out);
/* The next field of a paragraph. Lines that are none set *io_bad and are skipped. */
bool vt_field_next(vt_span paragraph, size_t *io_at, struct vt_field *out, bool *io_bad);
/* The value on one line: each run of blanks and line ends becomes one blank. False: no memory. */
bool vt_field_flat(vt_arena *a, vt_span value, vt_span *out);
/* The value of a manifest: its lines are put together without what separates them. */
bool vt_field_join(vt_arena *a, vt_span value, vt_span *out);

#endif
