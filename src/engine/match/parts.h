/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting matches of patterns in several parts, with gaps of variable length between them. What
 * counts, as in ClamAV (observed), are the places where the last part stands such that the parts
 * before it can stand in front: A*B hits twice in "A B B" and once in "A A B".
 */
#ifndef VT_ENGINE_MATCH_PARTS_H
#define VT_ENGINE_MATCH_PARTS_H

#include "engine/match/pattern.h"

/* True if the pattern has more than one part, and not more than can be counted. */
bool vt_pattern_has_parts(vt_span code);

/*
 * How many places of the last part there are, up to `need`, for first parts that start in
 * [from, to].
 */
uint32_t vt_pattern_count(struct vt_matcher *m, struct vt_steps *steps, vt_span bytes, vt_span code,
	uint32_t flags, uint64_t from, uint64_t to, uint32_t need);

#endif
