/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a ledger that is open for appending. */
#ifndef VT_EGRESS_INTERNAL_H
#define VT_EGRESS_INTERNAL_H

#include <stdbool.h>

#include "egress/ledger.h"
#include "egress/read.h"
#include "tlog/checkpoint.h"
#include "tlog/key.h"
#include "tlog/merkle.h"
#include "tlog/tile.h"

#define VT_LEDGER_CURRENT "current"
#define VT_LEDGER_HEAD "checkpoint"
#define VT_LEDGER_PUBLIC "key.pub"
#define VT_TILE_LEVELS 8
#define VT_TILE_BYTES ((size_t)VT_TILE_WIDTH * VT_HASH_SIZE)

/* The tile at the right edge of each level, as far as it is filled; full ones are files. */
struct vt_ledger_tree {
	uint64_t size;
	vt_hash edge[VT_TILE_LEVELS][VT_TILE_WIDTH];
};
/* A tile that is full now. */
typedef vt_err vt_tile_full(void *ctx, const struct vt_tile *t, vt_span bytes);
/* A tree of `bundles` * 256 entries, whose tiles are in the folder. VT_EFORMAT. */
VT_MUST_USE vt_err vt_ledger_tree_load(struct vt_ledger_tree *t, int dir, uint64_t bundles);
/* One leaf more; the tiles that it fills go through `full`, lowest first. */
VT_MUST_USE vt_err vt_ledger_tree_add(
	struct vt_ledger_tree *t, const vt_hash *leaf, vt_tile_full *full, void *ctx);
/* Root of the first `size` entries. */
VT_MUST_USE vt_err vt_ledger_tree_root(
	const struct vt_ledger_tree *t, int dir, uint64_t size, vt_hash *out);
/* The root of up to 256 hashes side by side that are a complete subtree. */
void vt_ledger_fold(const vt_hash *v, size_t n, vt_hash *out);

struct vt_ledger {
	int dir, own_dir, lock, file;
	bool broken;
	uint64_t offset; /* end of the last whole entry in "current" */
	vt_buf scratch;
	struct vt_signer signer;
	struct vt_ledger_tree tree;
};

/* The ledger's own key; made at first use if `make`, else VT_END if there is none. */
VT_MUST_USE vt_err vt_ledger_key(int dir, bool make, struct vt_signer *out);
/* Signs and writes a checkpoint of what is in it. */
VT_MUST_USE vt_err vt_ledger_sign(struct vt_ledger *l);
/* The checkpoint that is there is one of this ledger. VT_EFORMAT: it is not. */
VT_MUST_USE vt_err vt_ledger_check_head(struct vt_ledger *l);

/* Puts the words into w->why; VT_EFORMAT. */
vt_err vt_ledger_damaged(struct vt_ledger_walk *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * The checkpoint and the key that it is signed with. The head points into `note`. VT_END: there is
 * none. VT_EFORMAT, VT_ECHECKSUM and others of vt_head_parse() and vt_key_parse().
 */
VT_MUST_USE vt_err vt_ledger_get_head(
	const struct vt_ledger_files *files, vt_buf *note, struct vt_key *key, struct vt_head *out);

#endif
