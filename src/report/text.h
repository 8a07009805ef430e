/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile text made safe for JSON, CSV and HTML, into a buffer; and times. */
#ifndef VT_REPORT_TEXT_H
#define VT_REPORT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
VT_MUST_USE vt_err vt_text_json(vt_buf *b, vt_span s);
/* Text or attribute of HTML; invalid bytes become U+FFFD, control and direction marks are shown. */
VT_MUST_USE vt_err vt_text_html(vt_buf *b, vt_span s);
/*
 * A field of CSV (RFC 4180), quoted if need be. What a spreadsheet would take for a formula gets an
 * apostrophe: reports are opened by people, and names in them come from hostile disks.
 */
VT_MUST_USE vt_err vt_text_csv(vt_buf *b, vt_span s);

#endif
