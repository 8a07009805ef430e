/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is freed all at once, with a hard cap. Pieces are zeroed and aligned for any type.
 */
#ifndef VT_BASE_ARENA_H
#define VT_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

typedef struct vt_arena {
	struct vt_arena_block *blocks;
	size_t used; /* bytes handed out since the last reset */
	size_t max;  /* vt_arena_alloc() fails past this */
} vt_arena;

#define VT_ARENA_INIT(limit)                                                                       \
	{                                                                                          \
		.max = (limit)                                                                     \
	}

/* `n` zeroed bytes, or NULL when the cap or the system's memory is reached. */
void *vt_arena_alloc(vt_arena *a, size_t n);
/* An array of `count` elements of `size` bytes; NULL on overflow too. */
void *vt_arena_array(vt_arena *a, size_t count, size_t size);
/* A copy of `s` followed by one NUL; NULL as above. */
char *vt_arena_copy(vt_arena *a, vt_span s);
/* Drops all pieces; keeps one block of memory for the next use. */
void vt_arena_reset(vt_arena *a);
/* Frees everything. NULL is fine. */
void vt_arena_free(vt_arena *a);

#endif
