/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proposal: one file with all that owners need to see what they sign, offline
 * (docs/formats/proposal.md). Signing has two rounds. An entry's leaf is over its signatures too,
 * so the state, which names the leaves of the others, can be written only when these have all of
 * theirs: that happens by itself in the copy where the last of them comes in, and from then on only
 * the state takes signatures.
 */
#ifndef VT_CLI_PUBLISH_PROPOSAL_H
#define VT_CLI_PUBLISH_PROPOSAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "entry/entry.h"

#define VT_PROPOSAL_MAX ((size_t)512 << 20)
#define VT_PROPOSAL_ENTRIES_MAX 128

struct vt_item {
	uint64_t index;
	vt_hash leaf;
	vt_buf bytes; /* grows as signatures come */
	struct vt_entry e;
};
struct vt_proposal {
	vt_arena a;
	vt_span origin;
	uint64_t size; /* of the log that it builds on; its hash below. 0: a new log */
	vt_hash head;
	int64_t time, expires; /* of the new state */
	/* The root in force and the last state; has_base false for a new log. */
	bool has_base;
	struct vt_item root, state;
	/* What is live now; what becomes live again; indices of withdrawals that end. */
	size_t nlive, nback, nlift, nfresh;
	struct vt_item live[VT_ENTRY_LIVE_MAX], back[VT_ENTRY_LIVE_MAX];
	uint64_t lift[VT_ENTRY_LIVE_MAX];
	struct vt_item fresh[VT_PROPOSAL_ENTRIES_MAX]; /* a root first */
	bool has_final;
	struct vt_item final; /* the new state */
	/* Packed chunks of what is new, for reviewers. */
	size_t nchunks;
	vt_span chunks[VT_ENTRY_CHUNKS_MAX];
};

/* Too large for a stack. Free with vt_proposal_free(). */
VT_MUST_USE vt_err vt_proposal_new(struct vt_proposal **out);
void vt_proposal_free(struct vt_proposal *p);
/* Puts an entry (text, perhaps signatures) into an item. VT_EFORMAT, VT_ENOMEM. */
VT_MUST_USE vt_err vt_item_set(
	struct vt_proposal *p, struct vt_item *i, uint64_t index, vt_span bytes);
/* `bytes` must outlive *out. VT_EFORMAT: not a proposal, or one that contradicts itself. */
VT_MUST_USE vt_err vt_proposal_read(vt_span bytes, struct vt_proposal **out);
VT_MUST_USE vt_err vt_proposal_write(vt_buf *b, const struct vt_proposal *p);

/* The root that will be in force. NULL: none. */
const struct vt_entry *vt_proposal_root(const struct vt_proposal *p);
/* Has entry `i` all the signatures that it needs? `*out_why` says what is missing; static. */
bool vt_proposal_entry_done(const struct vt_proposal *p, size_t i, const char **out_why);
/* All entries have, and the state too. */
bool vt_proposal_done(const struct vt_proposal *p, const char **out_why);
/* Writes the state once the entries are done, unless it is there. VT_ELIMIT: too much is live. */
VT_MUST_USE vt_err vt_proposal_settle(struct vt_proposal *p);
/* Adds the signatures of `by` where its key may sign. *out_n: how many came. */
VT_MUST_USE vt_err vt_proposal_sign(
	struct vt_proposal *p, const struct vt_signer *by, unsigned *out_n);
/* Adds the signatures of another copy. VT_EARG: of another proposal. */
VT_MUST_USE vt_err vt_proposal_merge(struct vt_proposal *p, const struct vt_proposal *other);
/* The delta text (or full payload) of a new entry from the chunks here; empty if not all are here.
 */
VT_MUST_USE vt_err vt_proposal_content(
	const struct vt_proposal *p, const struct vt_content *c, bool delta, vt_buf *out);

#endif
