/* SPDX-License-Identifier: Apache-2.0 */
/* From live entries to a plan: which version of each set, and the entries that make it up. */
#ifndef VT_UPDATE_VERIFY_PLAN_H
#define VT_UPDATE_VERIFY_PLAN_H

#include "update/verify_internal.h"

struct vt_live_list {
	size_t n;
	struct vt_logged *v[VT_ENTRY_LIVE_MAX];
};

bool vt_live_withdrawn(
	const struct vt_live_list *live, enum vt_entry_kind kind, vt_span name, uint64_t version);
/* The version before `l` of its set. VT_END: it is the first. */
VT_MUST_USE vt_err vt_verify_version_before(
	struct vt_verify *v, const struct vt_logged *l, struct vt_logged **out);
/*
 * The plan of a state's live entries, less what the newest state's withdraw entries take back at
 * once.
 */
VT_MUST_USE vt_err vt_verify_plan(struct vt_verify *v, const struct vt_logged *state,
	const struct vt_live_list *chosen, const struct vt_live_list *newest);

#endif
