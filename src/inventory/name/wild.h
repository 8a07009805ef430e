/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of names: '*' is any run of characters, everything else is itself; case counts for
 * nothing (ASCII). */
#ifndef VT_INVENTORY_NAME_WILD_H
#define VT_INVENTORY_NAME_WILD_H

#include <stdbool.h>

#include "base/span.h"

static inline uint8_t vt_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Iterative: at most n * m steps. */
static inline bool vt_wild_match(vt_span w, vt_span s)
{
	size_t i = 0, j = 0, star = SIZE_MAX, back = 0;

	while (j < s.n) {
		if (i < w.n && w.p[i] == '*') {
			star = i++;
			back = j;
		} else if (i < w.n && vt_lower(w.p[i]) == vt_lower(s.p[j])) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++back;
		} else {
			return false;
		}
	}
	while (i < w.n && w.p[i] == '*')
		i++;
	return i == w.n;
}

/* Equal but for case. */
static inline bool vt_same_name(vt_span a, vt_span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (vt_lower(a.p[i]) != vt_lower(b.p[i]))
			return false;
	return true;
}

#endif
