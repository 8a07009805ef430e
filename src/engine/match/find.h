/* SPDX-License-Identifier: Apache-2.0 */
/* Finding one literal, exactly or without regard to ASCII case. */
#ifndef VT_ENGINE_MATCH_FIND_H
#define VT_ENGINE_MATCH_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

static inline uint8_t vt_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/*
 * The first start in [from, to] (both inclusive) of the n bytes of `lit` in `s`; false if there is
 * none. With nocase `lit` is in lower case. n is at least 1.
 */
bool vt_find(
	vt_span s, size_t from, size_t to, const uint8_t *lit, size_t n, bool nocase, size_t *out);

/* Are the n bytes at `p` those of `lit` (lower case with nocase)? */
bool vt_same(const uint8_t *p, const uint8_t *lit, size_t n, bool nocase);

#endif
