/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, and the text that notes may hold (c2sp.org/signed-note, "Format"). */
#ifndef VT_TLOG_LINES_H
#define VT_TLOG_LINES_H

#include <stdbool.h>

#include "base/span.h"

/* Takes the next line off *rest, without its newline. False if no newline is left. */
static inline bool vt_line_take(vt_span *rest, vt_span *out)
{
	size_t n;

	if (!vt_span_find(*rest, 0, "\n", 1, &n))
		return false;
	*out = vt_span_of(rest->p, n);
	*rest = vt_span_of(rest->p + n + 1, rest->n - n - 1);
	return true;
}

/* Takes `prefix` off the front of *s. */
static inline bool vt_prefix_take(vt_span *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (!vt_span_at(*s, 0, prefix, n))
		return false;
	*s = vt_span_of(s->p + n, s->n - n);
	return true;
}

/* Valid UTF-8 without ASCII control characters other than newline. */
bool vt_note_text_ok(vt_span text);

#endif
