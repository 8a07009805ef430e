/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The literal filter: every byte of every object goes through here and nearly none comes out. For
 * each tier it looks up the grams at its stride in a blocked Bloom filter and lists the positions
 * that may begin a gram of some anchor. False alarms are sorted out by match.c.
 *
 * The implementations give the same set of positions, in an order of their own.
 */
#ifndef VT_ENGINE_MATCH_FILTER_H
#define VT_ENGINE_MATCH_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "engine/db/db.h"

#define VT_FILTER_STEP 64  /* the number of bytes is a multiple of this */
#define VT_FILTER_AHEAD 80 /* and this many more bytes are readable */

/*
 * Positions in [0, n) at the tier's stride whose gram may be in the table, to `out`, which has room
 * for n + 64 entries. Returns how many.
 */
typedef size_t vt_filter_fn(const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out);

struct vt_filter_impl {
	const char *name;
	vt_filter_fn *tiers[VT_FILTER_TIERS];
};

/* All that this processor can run, best first, ending with NULL. */
const struct vt_filter_impl *const *vt_filter_impls(void);

/* Defined for each instruction set; NULL members elsewhere. */
extern const struct vt_filter_impl vt_filter_avx512, vt_filter_avx2, vt_filter_portable;

#endif
