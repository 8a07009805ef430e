/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of a file that is not in memory: parsers of headers ask for the few bytes that they need,
 * within a budget, and the bytes come from whoever called them.
 */
#ifndef VT_INVENTORY_ARTEFACT_WINDOW_H
#define VT_INVENTORY_ARTEFACT_WINDOW_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct vt_window {
	/* Up to n bytes at an offset; *out_n < n: the file ends there. VT_EIO. */
	vt_err (*read)(void *ctx, uint64_t at, void *p, size_t n, size_t *out_n);
	void *ctx;
	uint64_t size;   /* of the file */
	uint64_t budget; /* bytes that may still be read */
	vt_arena *arena; /* where they go */
};

/* As much as there is of [at, at+n). VT_ELIMIT, VT_ENOMEM, VT_EIO. */
static inline VT_MUST_USE vt_err vt_window_clip(
	struct vt_window *w, uint64_t at, uint64_t n, vt_span *out)
{
	size_t got = 0;
	uint8_t *p;
	vt_err e;

	if (at >= w->size)
		n = 0;
	else if (n > w->size - at)
		n = w->size - at;
	if (n > w->budget)
		return VT_ELIMIT;
	p = vt_arena_alloc(w->arena, n ? (size_t)n : 1);
	if (!p)
		return VT_ENOMEM;
	w->budget -= n;
	e = n ? w->read(w->ctx, at, p, (size_t)n, &got) : VT_OK;
	if (!e)
		*out = vt_span_of(p, got);
	return e;
}

/* All of it. VT_ETRUNCATED if the file does not have it; errors as above. */
static inline VT_MUST_USE vt_err vt_window_get(
	struct vt_window *w, uint64_t at, uint64_t n, vt_span *out)
{
	vt_span s;
	vt_err e;

	if (at > w->size || n > w->size - at)
		return VT_ETRUNCATED;
	e = vt_window_clip(w, at, n, &s);
	if (!e && s.n < n)
		e = VT_ETRUNCATED;
	if (!e)
		*out = s;
	return e;
}

#endif
