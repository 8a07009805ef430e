/* SPDX-License-Identifier: Apache-2.0 */
/* A set of names that belong to somebody else, for "is there an entry of that name". */
#ifndef VT_COLLECT_NAMES_H
#define VT_COLLECT_NAMES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

struct vt_names {
	vt_arena arena;
	size_t n, cap;
	vt_span *v;    /* open addressing; cap is a power of two */
	bool overflow; /* not all of them are in */
};

#define VT_NAMES_INIT                                                                              \
	{                                                                                          \
		.arena = VT_ARENA_INIT((size_t)64 << 20)                                           \
	}
/* Without memory, or where too many names fall together, the set overflows. */
void vt_names_add(struct vt_names *s, vt_span name);
bool vt_names_has(const struct vt_names *s, vt_span name);
void vt_names_free(struct vt_names *s);

#endif
