/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine has verified and will never go behind again: one file, "trusted" in the update
 * folder (docs/formats/update.md), so that one rename changes all of it.
 */
#ifndef VT_UPDATE_TRUSTED_H
#define VT_UPDATE_TRUSTED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "entry/entry.h"
#include "tlog/key.h"

#define VT_TRUSTED_HEADS_MAX 128
#define VT_TRUSTED_SETS_MAX 512
#define VT_TRUSTED_FILE "trusted"
#define VT_TRUSTED_MAX ((size_t)2 << 20)

/* A head that was verified here, and when for the first time. */
struct vt_trusted_head {
	uint64_t size;
	vt_hash root;
	int64_t since;
};
struct vt_trusted_set {
	enum vt_entry_kind kind;
	vt_span name;
	uint64_t version, index;
	vt_hash leaf;
};
struct vt_trusted_state {
	uint64_t index, version;
	vt_hash leaf;
	int64_t time;
};

/* Spans live where the file's text does, or in the arena that was used to make it. */
struct vt_trusted {
	bool has_log; /* false: this machine has seen nothing yet */
	struct vt_key log;
	int64_t clock;  /* the newest time that a quorum signed */
	vt_hash anchor; /* the policy's Root when `root` was accepted */
	bool has_head, has_root, has_state, has_chosen;
	struct vt_trusted_head head; /* pinned; since: the time that its cosignatures prove */
	vt_span note;                /* the pinned head itself */
	uint64_t root_index;
	vt_span root;                   /* the owners' entry in force */
	struct vt_trusted_state state;  /* the newest that was verified */
	struct vt_trusted_state chosen; /* the one that the plan is made from */
	size_t nheads, nsets, nplanned;
	struct vt_trusted_head heads[VT_TRUSTED_HEADS_MAX]; /* ascending by size */
	struct vt_trusted_set sets[VT_TRUSTED_SETS_MAX]; /* the highest version of each seen live */
	struct vt_trusted_set planned[VT_ENTRY_LIVE_MAX]; /* the last version of each in the plan */
};

/* VT_EFORMAT: damaged. *out is about 200 KB: not for a stack. */
VT_MUST_USE vt_err vt_trusted_parse(vt_span text, struct vt_trusted *out);
VT_MUST_USE vt_err vt_trusted_write(vt_buf *b, const struct vt_trusted *t);

/* The record of a set, or NULL. */
const struct vt_trusted_set *vt_trusted_set_of(
	const struct vt_trusted *t, enum vt_entry_kind kind, vt_span name);
/* Notes a head down; the one that was seen first stays. The oldest makes room. */
void vt_trusted_add_head(struct vt_trusted *t, const struct vt_trusted_head *h);
/* Replaces or adds; VT_ELIMIT. */
VT_MUST_USE vt_err vt_trusted_add_set(struct vt_trusted *t, const struct vt_trusted_set *s);

#endif
