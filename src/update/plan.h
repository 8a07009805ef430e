/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verified state asks this machine to have: for each set the entries whose chunks make it
 * up. Every entry is in the log, every chunk is in the store and has its hash. Made by the
 * verifying half of an update, carried out by the other half, which can read no network and no log.
 */
#ifndef VT_UPDATE_PLAN_H
#define VT_UPDATE_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "entry/entry.h"

/* Deltas that may follow a full version; a publisher makes a new full one long before. */
#define VT_PLAN_CHAIN_MAX 512

struct vt_plan_set {
	enum vt_entry_kind kind; /* CONTENT or DIRECTIVE */
	size_t nchain;
	/* chain[0] has full chunks; each further one is the next version and has a delta. */
	const struct vt_content **chain;
};
struct vt_plan {
	uint64_t size; /* of the tree that it was verified against */
	uint64_t state_index;
	uint64_t state_version;
	int64_t state_time, state_expires;
	size_t nsets;
	struct vt_plan_set *sets; /* by kind, then name */
	size_t nrules;
	const struct vt_withdraw **rules; /* withdrawn rules */
};

/*
 * A plan as a text file (state folder, "plan"): the tree, the state and the entries themselves, so
 * that it can be kept, compared and carried out later. Reading checks the shape, not the
 * signatures.
 */
VT_MUST_USE vt_err vt_plan_write(vt_buf *b, const struct vt_plan *p);
/* Everything lives in `a` or points into `text`. VT_EFORMAT. */
VT_MUST_USE vt_err vt_plan_read(vt_span text, vt_arena *a, struct vt_plan *out);

/*
 * What the plan makes of scans: the SHA-256 of its sets' last entries and its rules, whatever tree
 * and state they are from and whichever chain leads there.
 */
VT_MUST_USE vt_err vt_plan_digest(const struct vt_plan *p, vt_hash *out);

#endif
