/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/merkle.h"

#include "crypto/hash.h"

/* RFC 6962, section 2.1: what is in front of a leaf and of a node. */
enum { LEAF = 0, NODE = 1 };

bool vt_hash_eq(const vt_hash *a, const vt_hash *b)
{
	return memcmp(a->b, b->b, VT_HASH_SIZE) == 0;
}

void vt_merkle_empty(vt_hash *out)
{
	vt_sha256(vt_span_of(NULL, 0), out->b);
}

void vt_merkle_leaf(vt_span entry, vt_hash *out)
{
	const uint8_t prefix = LEAF;
	struct vt_sha256_stream s;

	vt_sha256_start(&s);
	vt_sha256_add(&s, vt_span_of(&prefix, 1));
	vt_sha256_add(&s, entry);
	vt_sha256_finish(&s, out->b);
}

void vt_merkle_node(const vt_hash *left, const vt_hash *right, vt_hash *out)
{
	uint8_t bytes[1 + 2 * VT_HASH_SIZE] = {NODE};

	memcpy(bytes + 1, left->b, VT_HASH_SIZE);
	memcpy(bytes + 1 + VT_HASH_SIZE, right->b, VT_HASH_SIZE);
	vt_sha256(vt_span_of(bytes, sizeof bytes), out->b);
}

/* The largest power of two below n, for n of 2 and more. */
static uint64_t split_of(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* RFC 9162, section 2.1.3.2 (the tree is that of RFC 6962). */
bool vt_merkle_included(const struct vt_proof *p, uint64_t index, uint64_t size,
	const vt_hash *leaf, const vt_hash *root)
{
	uint64_t at = index, last = size - 1;
	vt_hash r = *leaf;

	if (size > VT_TREE_MAX || index >= size || p->n > VT_PROOF_MAX)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		if (last == 0)
			return false;
		if (at & 1 || at == last) {
			vt_merkle_node(&p->v[i], &r, &r);
			while (!(at & 1) && at != 0) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			vt_merkle_node(&r, &p->v[i], &r);
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && vt_hash_eq(&r, root);
}

/* RFC 9162, section 2.1.4.2, for 0 < old_size < new_size. */
static bool grows(const struct vt_proof *p, uint64_t old_size, const vt_hash *old_root,
	uint64_t new_size, const vt_hash *new_root)
{
	uint64_t at = old_size - 1, last = new_size - 1;
	bool seeded = (old_size & (old_size - 1)) == 0;
	vt_hash was, is;

	if (p->n == 0)
		return false;
	was = is = seeded ? *old_root : p->v[0];
	while (at & 1) {
		at >>= 1;
		last >>= 1;
	}
	for (size_t i = seeded ? 0 : 1; i < p->n; i++) {
		if (last == 0)
			return false;
		if (at & 1 || at == last) {
			vt_merkle_node(&p->v[i], &was, &was);
			vt_merkle_node(&p->v[i], &is, &is);
			while (!(at & 1) && at != 0) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			vt_merkle_node(&is, &p->v[i], &is);
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && vt_hash_eq(&was, old_root) && vt_hash_eq(&is, new_root);
}

bool vt_merkle_consistent(const struct vt_proof *p, uint64_t old_size, const vt_hash *old_root,
	uint64_t new_size, const vt_hash *new_root)
{
	vt_hash empty;

	if (old_size > new_size || new_size > VT_TREE_MAX || p->n > VT_PROOF_MAX)
		return false;
	vt_merkle_empty(&empty);
	if (old_size == 0 && !vt_hash_eq(old_root, &empty))
		return false;
	if (old_size == new_size)
		return p->n == 0 && vt_hash_eq(old_root, new_root);
	if (old_size == 0)
		return p->n == 0;
	return grows(p, old_size, old_root, new_size, new_root);
}

vt_err vt_merkle_range(vt_merkle_get *get, void *ctx, uint64_t first, uint64_t end, vt_hash *out)
{
	uint64_t n = end - first;
	vt_hash r, left;
	bool any = false;

	if (first >= end || end > VT_TREE_MAX)
		return VT_EARG;
	if (n > 1 && first & (2 * split_of(n) - 1))
		return VT_EARG;
	/* complete nodes from the right: one for each bit of n */
	for (unsigned level = 0; n >> level; level++) {
		vt_err e;

		if (!(n >> level & 1))
			continue;
		e = get(ctx, level, (first >> level) + (n >> level) - 1, &left);
		if (e)
			return e;
		if (any)
			vt_merkle_node(&left, &r, &r);
		else
			r = left;
		any = true;
	}
	*out = r;
	return VT_OK;
}

vt_err vt_merkle_root(vt_merkle_get *get, void *ctx, uint64_t size, vt_hash *out)
{
	if (size > 0)
		return vt_merkle_range(get, ctx, 0, size, out);
	vt_merkle_empty(out);
	return VT_OK;
}

vt_err vt_merkle_subproof(vt_merkle_get *get, void *ctx, uint64_t first, uint64_t end,
	uint64_t size, bool known, struct vt_proof *out)
{
	uint64_t lo = 0, hi = size;
	struct vt_proof p = {0};
	vt_err e = VT_OK;

	/* from the root down; each step leaves one child behind, and a tree is 63 levels high */
	while (!e && (lo != first || hi != end)) {
		uint64_t mid = lo + split_of(hi - lo), from = lo, to = mid;

		if (end <= mid) {
			from = mid;
			to = hi;
			hi = mid;
		} else {
			/* a range over both halves: the left one is part of it, and not known */
			known = known && mid <= first;
			first = first < mid ? mid : first;
			lo = mid;
		}
		if (p.n == VT_PROOF_MAX)
			return VT_EARG;
		e = vt_merkle_range(get, ctx, from, to, &p.v[p.n]);
		p.n += !e;
	}
	if (!e && !known) {
		if (p.n == VT_PROOF_MAX)
			return VT_EARG;
		e = vt_merkle_range(get, ctx, lo, hi, &p.v[p.n]);
		p.n += !e;
	}
	if (e)
		return e;
	/* proofs are written from the leaves up */
	out->n = p.n;
	for (size_t i = 0; i < p.n; i++)
		out->v[i] = p.v[p.n - 1 - i];
	return VT_OK;
}

vt_err vt_merkle_prove_included(
	vt_merkle_get *get, void *ctx, uint64_t index, uint64_t size, struct vt_proof *out)
{
	if (index >= size || size > VT_TREE_MAX)
		return VT_EARG;
	return vt_merkle_subproof(get, ctx, index, index + 1, size, true, out);
}

vt_err vt_merkle_prove_consistent(
	vt_merkle_get *get, void *ctx, uint64_t old_size, uint64_t size, struct vt_proof *out)
{
	if (old_size > size || size > VT_TREE_MAX)
		return VT_EARG;
	if (old_size == 0) {
		out->n = 0;
		return VT_OK;
	}
	return vt_merkle_subproof(get, ctx, 0, old_size, size, true, out);
}

void vt_edge_add(struct vt_edge *e, const vt_hash *leaf)
{
	size_t n = (size_t)__builtin_popcountll(e->size);
	vt_hash h = *leaf;

	/* as adding one carries through the ones of a number */
	for (uint64_t carry = e->size; carry & 1; carry >>= 1)
		vt_merkle_node(&e->v[--n], &h, &h);
	e->v[n] = h;
	e->size++;
}

void vt_edge_root(const struct vt_edge *e, vt_hash *out)
{
	size_t n = (size_t)__builtin_popcountll(e->size);

	vt_merkle_empty(out);
	if (n == 0)
		return;
	*out = e->v[--n];
	while (n > 0)
		vt_merkle_node(&e->v[--n], out, out);
}
