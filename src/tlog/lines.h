/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, and the text that notes may hold (c2sp.org/signed-note, "Format"). */
#ifndef VT_TLOG_LINES_H
#define VT_TLOG_LINES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "tlog/merkle.h"

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

/* Takes the next character of valid UTF-8 (RFC 3629) off *s, which is not empty. */
bool vt_utf8_take(vt_span *s, uint32_t *out);
/* Valid UTF-8 without ASCII control characters other than newline. */
bool vt_note_text_ok(vt_span text);
/* Base 64 of any length, and how many bytes it stands for. */
bool vt_base64_ok(vt_span text, size_t *out_n);

/*
 * Hashes of a proof, a line each, and the empty line behind them: *rest begins after it. False for
 * lines that are not hashes, more than VT_PROOF_MAX of them, or no empty line.
 */
bool vt_proof_lines_take(vt_span *rest, struct vt_proof *out);
VT_MUST_USE vt_err vt_proof_lines_write(vt_buf *b, const struct vt_proof *p);

#endif
