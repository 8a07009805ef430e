/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subtrees and their consistency proofs (draft-ietf-plants-merkle-tree-certs, "Subtrees" and
 * "Subtree Consistency Proofs"), with which c2sp.org/tlog-mirror sends entries piece by piece.
 */
#ifndef VT_TLOG_SUBTREE_H
#define VT_TLOG_SUBTREE_H

#include "tlog/merkle.h"

/* start < end, and start is a multiple of the smallest power of two not below end - start. */
bool vt_subtree_ok(uint64_t start, uint64_t end);

/* The root of the leaves [start, end) alone: vt_merkle_range(). */

/* Proves that [start, end) is a part of the tree of `size`. VT_EARG; errors of `get`. */
VT_MUST_USE vt_err vt_subtree_prove(vt_merkle_get *get, void *ctx, uint64_t start, uint64_t end,
	uint64_t size, struct vt_proof *out);
/* Is the subtree [start, end) with root `node` a part of the tree (size, root)? */
VT_MUST_USE bool vt_subtree_consistent(const struct vt_proof *p, uint64_t start, uint64_t end,
	const vt_hash *node, uint64_t size, const vt_hash *root);

#endif
