/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing anchors: the literals by which the filter notices that a rule may apply. One rare
 * literal a rule where its logic allows; how rare is told by a table of common grams
 * (grams.inc, made by tools/gram_table.c).
 */
#ifndef VT_COMPILE_ANCHOR_H
#define VT_COMPILE_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "engine/core/rule.h"

/* Expected events in 64 MiB of ordinary files; VT_COST_NONE: no anchor exists. */
typedef uint64_t vt_cost;
#define VT_COST_NONE UINT64_MAX

struct vt_anchor {
	uint64_t value;    /* folded bytes, first one lowest */
	uint8_t size;      /* bytes: 8 (LONG), 3..8 (SHORT), 2 (PAIR, HEAD) */
	uint8_t tier;      /* enum vt_tier */
	uint8_t gram;      /* where the gram (pair of grams) of a short literal starts */
	bool start;        /* the run starts the pattern */
	uint32_t run;      /* offset in the pattern's code of the run of fixed elements around it */
	uint32_t distance; /* from the run's first byte to the anchor */
};

#define VT_ANCHORS_MAX 64

/* The anchor of a pattern that can only stand at the start of an object; false if it has none. */
bool vt_anchor_head(vt_span code, struct vt_anchor *out);

/*
 * The cheapest anchor of a pattern, or several, one for each alternative, where only alternatives
 * have literals. Returns their cost together; *out_n anchors are in `out`.
 */
vt_cost vt_anchor_choose(vt_span code, struct vt_anchor out[VT_ANCHORS_MAX], size_t *out_n);

vt_cost vt_cost_add(vt_cost a, vt_cost b);

/* How common a folded four-byte gram is, in 64 MiB; at least 1. */
vt_cost vt_gram_frequency(uint32_t bytes);

#endif
