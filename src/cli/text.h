/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile text made safe for where it is shown. File and rule names are bytes: they may hold
 * newlines, terminal escapes, markup, or no valid UTF-8 at all.
 */
#ifndef VT_CLI_TEXT_H
#define VT_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/span.h"

/*
 * Decodes the character at the start of `s` (n > 0): its length in bytes, and the code point in
 * *out. A byte that does not belong to well-formed UTF-8 (RFC 3629) is one byte and *out = -1.
 */
size_t vt_utf8_next(vt_span s, int32_t *out);
bool vt_utf8_valid(vt_span s);

/* For a terminal: control, format and invalid bytes as \n, \x1b, \u{202e}. */
void vt_put_visible(FILE *f, vt_span s);
/* A JSON string with its quotes (RFC 8259); invalid bytes become U+FFFD. */
void vt_put_json(FILE *f, vt_span s);
void vt_put_base64(FILE *f, vt_span s);
/* As a path of a URI (RFC 3986): every byte outside of the unreserved set is %XX, '/' stays. */
void vt_put_uri(FILE *f, vt_span s);
/* HTML text or attribute value; invalid bytes become U+FFFD, control characters are shown. */
void vt_put_html(FILE *f, vt_span s);
/* A CSV field (RFC 4180), quoted if need be. Bytes stay as they are. */
void vt_put_csv(FILE *f, vt_span s);

/* "1,234,567" and "12.3 MiB"; each returns buf. */
#define VT_NUMBER_MAX 32
const char *vt_format_count(uint64_t v, char buf[VT_NUMBER_MAX]);
const char *vt_format_bytes(double v, char buf[VT_NUMBER_MAX]);

#endif
