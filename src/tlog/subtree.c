/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/subtree.h"

#define STEPS_MAX 64

bool vt_subtree_ok(uint64_t start, uint64_t end)
{
	uint64_t unit = 1;

	if (start >= end || end > VT_TREE_MAX)
		return false;
	while (unit < end - start)
		unit *= 2;
	return start % unit == 0;
}

vt_err vt_subtree_prove(vt_merkle_get *get, void *ctx, uint64_t start, uint64_t end, uint64_t size,
	struct vt_proof *out)
{
	if (!vt_subtree_ok(start, end) || end > size || size > VT_TREE_MAX)
		return VT_EARG;
	return vt_merkle_subproof(get, ctx, start, end, size, true, out);
}

/* What the child that is not descended into is of a step from the root down. */
enum sibling {
	RIGHT,  /* behind the subtree */
	LEFT,   /* before the subtree */
	INSIDE, /* the left half of what is left of the subtree */
};

/* The steps from the root of [0, size) to [start, end), or to the last piece of it. */
static size_t descend(uint64_t start, uint64_t end, uint64_t size, enum sibling step[STEPS_MAX])
{
	uint64_t lo = 0, hi = size;
	size_t n = 0;

	while (n < STEPS_MAX && (lo != start || hi != end)) {
		uint64_t half = 1, mid;

		while (half < (hi - lo + 1) / 2)
			half *= 2;
		mid = lo + half;
		if (end <= mid) {
			step[n++] = RIGHT;
			hi = mid;
			continue;
		}
		step[n++] = mid <= start ? LEFT : INSIDE;
		start = start < mid ? mid : start;
		lo = mid;
	}
	return n;
}

bool vt_subtree_consistent(const struct vt_proof *p, uint64_t start, uint64_t end,
	const vt_hash *node, uint64_t size, const vt_hash *root)
{
	enum sibling step[STEPS_MAX];
	bool pieces = false;
	vt_hash sub, whole;
	size_t n, used = 0;

	if (!vt_subtree_ok(start, end) || end > size || size > VT_TREE_MAX || p->n > VT_PROOF_MAX)
		return false;
	n = descend(start, end, size, step);
	for (size_t i = 0; i < n; i++)
		pieces = pieces || step[i] == INSIDE;
	/* of a subtree that is no node of the tree the last piece comes first */
	if (p->n != n + (pieces ? 1 : 0))
		return false;
	sub = whole = pieces ? p->v[used++] : *node;
	while (n > 0) {
		const vt_hash *c = &p->v[used++];

		n--;
		if (step[n] == RIGHT)
			vt_merkle_node(&whole, c, &whole);
		else
			vt_merkle_node(c, &whole, &whole);
		if (step[n] == INSIDE)
			vt_merkle_node(c, &sub, &sub);
	}
	return vt_hash_eq(&sub, node) && vt_hash_eq(&whole, root);
}
