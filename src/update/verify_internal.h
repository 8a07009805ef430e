/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of verify.h. Each returns VT_OK, or VT_ECHECKSUM after vt_verify_refuse(), or an error
 * of this machine. */
#ifndef VT_UPDATE_VERIFY_INTERNAL_H
#define VT_UPDATE_VERIFY_INTERNAL_H

#include "tlog/checkpoint.h"
#include "tlog/tile.h"
#include "update/verify.h"

/* How many bundles of entries are looked through for one that another entry points back at. */
#define VT_VERIFY_BACK_BUNDLES 64u
#define VT_VERIFY_ROOTS_MAX 64u
#define VT_VERIFY_STATES_MAX 256u

/* A served head that passed steps 2 to 4. */
struct vt_candidate {
	size_t source;
	vt_span bytes;
	struct vt_head head;
	int64_t time; /* that its quorum proves; 0: no quorum is asked for */
};

/* An entry of the verified tree. */
struct vt_logged {
	uint64_t index;
	vt_hash leaf;
	vt_span bytes;
	struct vt_entry entry;
};

struct vt_verify {
	const struct vt_verify_job *job;
	const struct vt_update_config *config;
	const struct vt_trusted *before;
	struct vt_verify_result *out;
	vt_span origin;
	const struct vt_verify_source *source;
	const struct vt_candidate *at;
	struct vt_tiles *tiles;
	struct vt_plan old; /* of the plan file; no sets if there was none */
	/* roots[0] is in force; each further one is the one before */
	size_t nroots, nstates;
	struct vt_logged *roots[VT_VERIFY_ROOTS_MAX];
	/* states[0] is the newest; each further one is the one before */
	struct vt_logged *states[VT_VERIFY_STATES_MAX];
};

/* Says why, and returns VT_ECHECKSUM. */
vt_err vt_verify_refuse(struct vt_verify *v, enum vt_refusal r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for an error of the source's files or of the tree over them; VT_ENOMEM passes. */
vt_err vt_verify_refuse_file(struct vt_verify *v, vt_err e, const char *what);

/* verify_head.c: steps 0 to 4 for all sources; the best first. */
VT_MUST_USE vt_err vt_verify_heads(struct vt_verify *v, struct vt_candidate **out, size_t *out_n);
/* Step 5. Opens v->tiles. */
VT_MUST_USE vt_err vt_verify_growth(struct vt_verify *v);
/* Has the head of this size been public for `wait` seconds? */
VT_MUST_USE vt_err vt_verify_aged(struct vt_verify *v, uint64_t size, int64_t wait, bool *out_aged);
/* Both notes and a proof that they can't both be true. `size`, `root`: of what was seen before. */
VT_MUST_USE vt_err vt_verify_evidence(struct vt_verify *v, const char *kind,
	const struct vt_trusted_head *seen, vt_span note, const struct vt_head *now);

/* verify_log.c */
/* Entry `index`, checked, of any kind. `kind`: that an entry must be; VT_ENTRY_KINDS: any. */
VT_MUST_USE vt_err vt_verify_entry(struct vt_verify *v, uint64_t index, enum vt_refusal r,
	const char *what, struct vt_logged **out);
/* The index of the entry with this leaf, before `before`. VT_END: not found. */
VT_MUST_USE vt_err vt_verify_find(
	struct vt_verify *v, uint64_t before, const vt_hash *leaf, uint64_t *out);
/* Steps 6 and 7: the newest state, its owners, its place in the row of states. */
VT_MUST_USE vt_err vt_verify_newest(struct vt_verify *v);
/* The state before v->states[nstates - 1], added behind it. VT_END: that was the first. */
VT_MUST_USE vt_err vt_verify_state_before(struct vt_verify *v);
/* The owners that were in force when entry `index` was added. */
VT_MUST_USE vt_err vt_verify_root_at(
	struct vt_verify *v, uint64_t index, const struct vt_logged **out);
/* Signed by enough owners of the root in force at its index? `r`, `what` if not. */
VT_MUST_USE vt_err vt_verify_signed(
	struct vt_verify *v, const struct vt_logged *l, enum vt_refusal r, const char *what);

/* verify_live.c: steps 8 and 9, without the chunks. */
VT_MUST_USE vt_err vt_verify_live(struct vt_verify *v);
/* verify_chunks.c: those that the plan needs and the store lacks. */
VT_MUST_USE vt_err vt_verify_chunks(struct vt_verify *v);

#endif
