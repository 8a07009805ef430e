/* SPDX-License-Identifier: Apache-2.0 */
/* A set of names that belong to somebody else, for "is there an entry of that name". */
#ifndef VT_COLLECT_NAME_SET_H
#define VT_COLLECT_NAME_SET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

struct vt_name_set {
	vt_arena arena;
	size_t n, cap;
	vt_span *v;    /* open addressing; cap is a power of two */
	bool overflow; /* not all of them are in */
};

#define VT_NAME_SET_INIT                                                                           \
	{                                                                                          \
		.arena = VT_ARENA_INIT((size_t)64 << 20)                                           \
	}
/* Without memory, or where too many names fall together, the set overflows. */
void vt_name_set_add(struct vt_name_set *s, vt_span name);
bool vt_name_set_has(const struct vt_name_set *s, vt_span name);
void vt_name_set_free(struct vt_name_set *s);

#endif
