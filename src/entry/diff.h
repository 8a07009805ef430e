/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lines of one text are in another, in order. The texts are walked side by side, so that what
 * is alike costs a comparison of bytes; where they part, a window of lines is matched that grows
 * until it holds enough that is alike again. Time and memory follow what changed, not the size.
 */
#ifndef VT_ENTRY_DIFF_H
#define VT_ENTRY_DIFF_H

#include "base/err.h"
#include "base/span.h"

/* What becomes of lines, in order; errors pass through. */
struct vt_diff_out {
	vt_err (*keep)(void *ctx, uint64_t lines);
	vt_err (*less)(void *ctx, vt_span line); /* without its LF, as in more */
	vt_err (*more)(void *ctx, vt_span line);
	void *ctx;
};
/* Each text is empty or ends with LF. VT_ENOMEM; VT_ELIMIT past 2^29 lines in which they differ. */
VT_MUST_USE vt_err vt_diff(vt_span old, vt_span now, const struct vt_diff_out *out);

#define VT_MATCH_NONE UINT32_MAX
/*
 * Two windows as classes: equal lines have the same class, which is the index of an old line, or
 * VT_MATCH_NONE for a line of `now` that is not in `old`. Fills match[i] with the line of `now`
 * that old line i is, ascending, or VT_MATCH_NONE.
 */
struct vt_window {
	const uint32_t *old, *now;
	uint32_t nold, nnow;
	uint32_t *match; /* nold */
};
VT_MUST_USE vt_err vt_match(const struct vt_window *w);

#endif
