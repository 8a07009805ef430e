/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merkle trees of RFC 6962, section 2.1, with SHA-256. A node is named by its level (0: a leaf) and
 * its index in the level; node (l, i) is complete once the tree has (i + 1) << l leaves.
 */
#ifndef VT_TLOG_MERKLE_H
#define VT_TLOG_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define VT_HASH_SIZE 32
typedef struct vt_hash {
	uint8_t b[VT_HASH_SIZE];
} vt_hash;

/* The most leaves. */
#define VT_TREE_MAX ((uint64_t)INT64_MAX)
/* The most hashes of a proof: what tlog-witness allows, enough for 2^62 leaves. */
#define VT_PROOF_MAX 63
struct vt_proof {
	size_t n;
	vt_hash v[VT_PROOF_MAX];
};

bool vt_hash_eq(const vt_hash *a, const vt_hash *b);
void vt_merkle_empty(vt_hash *out);
void vt_merkle_leaf(vt_span entry, vt_hash *out);
void vt_merkle_node(const vt_hash *left, const vt_hash *right, vt_hash *out);

/* Is leaf `index` of the tree of `size` leaves and root `root` this one? */
VT_MUST_USE bool vt_merkle_included(const struct vt_proof *p, uint64_t index, uint64_t size,
	const vt_hash *leaf, const vt_hash *root);
/*
 * Does the tree (new_size, new_root) begin with the tree (old_size, old_root)? From size 0 only by
 * an empty proof and with the empty tree's root.
 */
VT_MUST_USE bool vt_merkle_consistent(const struct vt_proof *p, uint64_t old_size,
	const vt_hash *old_root, uint64_t new_size, const vt_hash *new_root);

/* Gives complete nodes of a tree. Errors pass through. */
typedef vt_err vt_merkle_get(void *ctx, unsigned level, uint64_t index, vt_hash *out);
/* Root of the first `size` leaves; proofs in a tree of `size`. VT_EARG for numbers out of range. */
VT_MUST_USE vt_err vt_merkle_root(vt_merkle_get *get, void *ctx, uint64_t size, vt_hash *out);
VT_MUST_USE vt_err vt_merkle_prove_included(
	vt_merkle_get *get, void *ctx, uint64_t index, uint64_t size, struct vt_proof *out);
VT_MUST_USE vt_err vt_merkle_prove_consistent(
	vt_merkle_get *get, void *ctx, uint64_t old_size, uint64_t size, struct vt_proof *out);

/*
 * Root of the leaves [first, end) alone; `first` is a multiple of the smallest power of two that is
 * not below end - first. VT_EARG.
 */
VT_MUST_USE vt_err vt_merkle_range(
	vt_merkle_get *get, void *ctx, uint64_t first, uint64_t end, vt_hash *out);
/*
 * What proves the range [first, end) of that kind in a tree of `size`: first < end <= size.
 * `known`: the verifier has the range's root. Proofs of inclusion and of consistency are cases of
 * it.
 */
VT_MUST_USE vt_err vt_merkle_subproof(vt_merkle_get *get, void *ctx, uint64_t first, uint64_t end,
	uint64_t size, bool known, struct vt_proof *out);

/*
 * The right edge of a growing tree: complete nodes, largest first. A plain value; what a follower
 * that only appends has to remember.
 */
struct vt_edge {
	uint64_t size;
	vt_hash v[64];
};
void vt_edge_add(struct vt_edge *e, const vt_hash *leaf);
void vt_edge_root(const struct vt_edge *e, vt_hash *out);

#endif
