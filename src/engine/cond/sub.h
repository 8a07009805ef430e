/* SPDX-License-Identifier: Apache-2.0 */
/* Subsignatures of the rule at hand: how often each hits, and where. */
#ifndef VT_ENGINE_COND_SUB_H
#define VT_ENGINE_COND_SUB_H

#include "engine/cond/eval.h"
#include "engine/cond/regex.h"

/* Hits of one subsignature: at least `count`; all of them if `all`. */
struct vt_hits {
	uint32_t count;
	bool all;
	bool known;
	bool busy;            /* being evaluated: a cycle in a hostile image ends here */
	uint64_t first, last; /* starts of matches, if count */
};

struct vt_eval {
	const struct vt_db *db;
	struct vt_matcher *matcher;
	struct vt_regexes *regexes;
	/* the rule and the object at hand */
	const struct vt_object *object;
	const struct vt_image_rule *rule;
	struct vt_steps *steps;
	struct vt_hits hits[VT_MAX_SUBS];
};

/* Hits of subsignature `i`, counted up to `need` (all are counted where a later one matters). */
const struct vt_hits *vt_sub_hits(struct vt_eval *e, unsigned i, uint32_t need);

/* Does logic code hold for the rule at hand? */
bool vt_logic_holds(struct vt_eval *e, vt_span logic);

#endif
