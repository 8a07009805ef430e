/* SPDX-License-Identifier: Apache-2.0 */
/* Writing HTML: literal markup, and text that is always escaped. The first error sticks. */
#ifndef VT_REPORT_HTML_H
#define VT_REPORT_HTML_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct vt_html {
	vt_buf *b;
	vt_err e;
};

void vt_html_put(struct vt_html *h, const char *markup);
void vt_html_text(struct vt_html *h, vt_span s);
void vt_html_str(struct vt_html *h, const char *s);
/* Formatted, then escaped. */
void vt_html_textf(struct vt_html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Markup from numbers only. */
void vt_html_putf(struct vt_html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The start of a page, with our style and a policy that lets nothing load; the title is text. */
void vt_html_begin(struct vt_html *h, vt_span title);
void vt_html_end(struct vt_html *h);
/* <tr><th>name</th><td>value</td></tr>; nothing if the value is empty. */
void vt_html_fact(struct vt_html *h, const char *name, vt_span value);
/* "1,234,567" */
void vt_html_count(struct vt_html *h, uint64_t v);

#endif
