/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an object's bytes to the rules worth evaluating: the filter's candidates are compared with
 * the literals, the literals' surroundings with the patterns. What comes out is a short list of
 * rules, each of which has at least one anchor in the object; rules that can hold without any
 * anchor are in the image's "always" lists and are not found here.
 */
#ifndef VT_ENGINE_MATCH_MATCH_H
#define VT_ENGINE_MATCH_MATCH_H

#include "engine/core/budget.h"
#include "engine/core/object.h"
#include "engine/db/db.h"
#include "engine/match/filter.h"

/* Memory for matching objects against one image; one a scanner and image. */
struct vt_match;
VT_MUST_USE vt_err vt_match_new(
	const struct vt_db *db, const struct vt_filter_impl *impl, struct vt_match **out);
void vt_match_free(struct vt_match *m);

/* A rule that has an anchor in the object, and which of its subsignatures do (bit i: number i). */
struct vt_candidate {
	uint32_t rule;
	uint64_t subs;
};

/*
 * Finds candidate rules: ascending, each once, in *out_rules until the next call.
 * VT_ELIMIT when the budget's time is up (the list has what was found until then); VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_match_object(struct vt_match *m, const struct vt_object *o,
	struct vt_budget *b, const struct vt_candidate **out_rules, size_t *out_n);

/*
 * Where a subsignature's pattern may start in this object: the range [*lo, *hi], both inclusive.
 * False if it can stand nowhere (no such section, no entry point, ...). For VT_OFF_VERSION the
 * range spans the whole object and vt_offset_allows() decides.
 */
bool vt_offset_range(
	const struct vt_object *o, const struct vt_image_sub *sub, uint64_t *lo, uint64_t *hi);
bool vt_offset_allows(const struct vt_object *o, const struct vt_image_sub *sub, uint64_t start);

#endif
