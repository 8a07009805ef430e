/* SPDX-License-Identifier: Apache-2.0 */
/* Against RFC 6962, section 2.1, written down as it stands there: recursive, over the leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "tlog/merkle.h"
#include "tlog/subtree.h"

#define MOST 140

static vt_hash leaves[MOST];

static void mth(size_t from, size_t n, vt_hash *out)
{
	uint8_t both[65] = {1};
	vt_hash half;
	size_t k = 1;

	if (n == 0) {
		vt_sha256(vt_span_of("", 0), out->b);
		return;
	}
	if (n == 1) {
		*out = leaves[from];
		return;
	}
	while (2 * k < n)
		k *= 2;
	mth(from, k, &half);
	memcpy(both + 1, half.b, 32);
	mth(from + k, n - k, &half);
	memcpy(both + 33, half.b, 32);
	vt_sha256(vt_span_of(both, 65), out->b);
}

/* SUBTREE_SUBPROOF(start, end, D[from:from+n], known); RFC 6962's PATH and PROOF are cases of it.
 */
static void subproof(
	size_t start, size_t end, size_t from, size_t n, bool known, struct vt_proof *p)
{
	size_t k = 1;

	if (start == 0 && end == n) {
		if (!known)
			mth(from, n, &p->v[p->n++]);
		return;
	}
	while (2 * k < n)
		k *= 2;
	if (end <= k) {
		subproof(start, end, from, k, known, p);
		mth(from + k, n - k, &p->v[p->n++]);
	} else if (k <= start) {
		subproof(start - k, end - k, from + k, n - k, known, p);
		mth(from, k, &p->v[p->n++]);
	} else {
		subproof(0, end - k, from + k, n - k, false, p);
		mth(from, k, &p->v[p->n++]);
	}
}

static vt_err get(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	const uint64_t *size = ctx;

	if ((index + 1) << level > *size)
		return VT_EPEER; /* a node that the tree does not have */
	mth((size_t)index << level, (size_t)1 << level, out);
	return VT_OK;
}

static int setup(void **state)
{
	char text[16];

	(void)state;
	for (size_t i = 0; i < MOST; i++) {
		int n = snprintf(text, sizeof text, "leaf %zu", i);

		vt_merkle_leaf(vt_span_of(text, (size_t)n), &leaves[i]);
	}
	return 0;
}

static bool same(const struct vt_proof *a, const struct vt_proof *b)
{
	return a->n == b->n && memcmp(a->v, b->v, a->n * sizeof a->v[0]) == 0;
}

/* The eight leaves and nine roots that certificate transparency's implementations test with. */
static void test_published_roots(void **state)
{
	static const char *const data[8] = {"", "00", "10", "2021", "3031", "40414243",
		"5051525354555657", "606162636465666768696a6b6c6d6e6f"};
	static const char *const roots[9] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	struct vt_edge edge = {0};

	(void)state;
	for (size_t i = 0;; i++) {
		vt_hash want, found, leaf;
		uint8_t raw[16];
		vt_span hex;

		assert_true(vt_hex_get(vt_span_str(roots[i]), want.b, sizeof want.b));
		vt_edge_root(&edge, &found);
		assert_memory_equal(found.b, want.b, 32);
		if (i == 8)
			break;
		hex = vt_span_str(data[i]);
		assert_true(vt_hex_get(hex, raw, hex.n / 2));
		vt_merkle_leaf(vt_span_of(raw, hex.n / 2), &leaf);
		vt_edge_add(&edge, &leaf);
	}
}

static void test_roots_and_edges(void **state)
{
	struct vt_edge edge = {0};

	(void)state;
	for (uint64_t n = 0; n < MOST; n++) {
		vt_hash want, found;

		mth(0, (size_t)n, &want);
		assert_int_equal(vt_merkle_root(get, &n, n, &found), VT_OK);
		assert_true(vt_hash_eq(&want, &found));
		vt_edge_root(&edge, &found);
		assert_true(vt_hash_eq(&want, &found));
		assert_int_equal(edge.size, n);
		vt_edge_add(&edge, &leaves[n]);
	}
}

/* Every change of a proof that verifies must be noticed. */
static void refuse_changes(
	const struct vt_proof *p, bool (*holds)(const struct vt_proof *, void *), void *ctx)
{
	struct vt_proof bad = *p;

	assert_true(holds(p, ctx));
	for (size_t i = 0; i < p->n; i++) {
		bad.v[i].b[i % 32] ^= 0x10;
		assert_false(holds(&bad, ctx));
		bad = *p;
	}
	if (p->n) {
		bad.n--;
		assert_false(holds(&bad, ctx));
		bad = *p;
		memmove(bad.v, bad.v + 1, (p->n - 1) * sizeof bad.v[0]);
		bad.n--;
		assert_false(holds(&bad, ctx));
		bad = *p;
	}
	bad.v[bad.n++] = leaves[0];
	assert_false(holds(&bad, ctx));
	bad.n = VT_PROOF_MAX + 1;
	assert_false(holds(&bad, ctx));
}

struct claim {
	uint64_t start, end, size;
	vt_hash node, root;
};

static bool included(const struct vt_proof *p, void *ctx)
{
	const struct claim *c = ctx;

	return vt_merkle_included(p, c->start, c->size, &c->node, &c->root);
}

static void test_inclusion(void **state)
{
	(void)state;
	for (uint64_t size = 1; size < MOST; size++) {
		struct claim c = {.size = size};

		mth(0, (size_t)size, &c.root);
		for (c.start = 0; c.start < size; c.start++) {
			struct vt_proof want = {0}, found;
			struct claim other = c;

			c.node = leaves[c.start];
			subproof(
				(size_t)c.start, (size_t)c.start + 1, 0, (size_t)size, true, &want);
			assert_int_equal(
				vt_merkle_prove_included(get, &size, c.start, size, &found), VT_OK);
			assert_true(same(&want, &found));
			refuse_changes(&found, included, &c);
			other = c;
			other.start = (c.start + 1) % size;
			assert_int_equal(included(&found, &other), size == 1);
			other.start = c.start + size;
			assert_false(included(&found, &other));
			other = c;
			other.node.b[0] ^= 1;
			assert_false(included(&found, &other));
		}
	}
}

/* Hashes fit together, but not at the place that is claimed: only the path's length tells. */
static void test_paths_of_another_length(void **state)
{
	struct vt_proof p = {.n = 1};
	vt_hash node, root;

	(void)state;
	/* an inner node passed off as the first of four leaves */
	mth(0, 2, &node);
	mth(2, 2, &p.v[0]);
	mth(0, 4, &root);
	assert_false(vt_merkle_included(&p, 0, 4, &node, &root));
	assert_true(vt_merkle_included(&p, 0, 2, &node, &root));
	/* a leaf of two passed off as the only one */
	p.v[0] = leaves[0];
	mth(0, 2, &root);
	assert_false(vt_merkle_included(&p, 0, 1, &leaves[1], &root));
	assert_true(vt_merkle_included(&p, 1, 2, &leaves[1], &root));
}

static bool consistent(const struct vt_proof *p, void *ctx)
{
	const struct claim *c = ctx;

	return vt_merkle_consistent(p, c->end, &c->node, c->size, &c->root);
}

static void test_consistency(void **state)
{
	(void)state;
	for (uint64_t size = 0; size < MOST; size++) {
		struct claim c = {.size = size};

		mth(0, (size_t)size, &c.root);
		for (c.end = 0; c.end <= size; c.end++) {
			struct vt_proof want = {0}, found;
			struct claim other;

			mth(0, (size_t)c.end, &c.node);
			if (c.end > 0)
				subproof(0, (size_t)c.end, 0, (size_t)size, true, &want);
			assert_int_equal(
				vt_merkle_prove_consistent(get, &size, c.end, size, &found), VT_OK);
			assert_true(same(&want, &found));
			refuse_changes(&found, consistent, &c);
			other = c;
			other.node.b[31] ^= 1;
			assert_false(consistent(&found, &other));
			other = c;
			other.root.b[31] ^= 1; /* from nothing to anything is consistent */
			assert_int_equal(consistent(&found, &other), c.end == 0 && size > 0);
			other = c;
			other.end = size + 1;
			assert_false(consistent(&found, &other));
		}
	}
}

static bool part_of(const struct vt_proof *p, void *ctx)
{
	const struct claim *c = ctx;

	return vt_subtree_consistent(p, c->start, c->end, &c->node, c->size, &c->root);
}

static void test_subtrees(void **state)
{
	unsigned tried = 0;

	(void)state;
	for (uint64_t size = 1; size < 70; size++) {
		struct claim c = {.size = size};

		mth(0, (size_t)size, &c.root);
		for (c.start = 0; c.start < size; c.start++) {
			for (c.end = c.start + 1; c.end <= size; c.end++) {
				struct vt_proof want = {0}, found;
				struct claim other;
				vt_err e =
					vt_subtree_prove(get, &size, c.start, c.end, size, &found);

				assert_int_equal(
					e, vt_subtree_ok(c.start, c.end) ? VT_OK : VT_EARG);
				if (e)
					continue;
				tried++;
				mth((size_t)c.start, (size_t)(c.end - c.start), &c.node);
				subproof((size_t)c.start, (size_t)c.end, 0, (size_t)size, true,
					&want);
				assert_true(same(&want, &found));
				refuse_changes(&found, part_of, &c);
				other = c;
				other.node.b[3] ^= 1;
				assert_false(part_of(&found, &other));
				other = c;
				other.root.b[3] ^= 1;
				assert_false(part_of(&found, &other));
			}
		}
	}
	assert_true(tried > 5000);
	/* the draft's example of what is none: 1 is no multiple of 2 */
	assert_true(vt_subtree_ok(4, 8) && vt_subtree_ok(8, 13) && vt_subtree_ok(0, 7));
	assert_false(vt_subtree_ok(1, 3) || vt_subtree_ok(4, 9) || vt_subtree_ok(4, 4));
	assert_false(vt_subtree_ok(0, VT_TREE_MAX + 1));
}

/* A get() for trees as large as they get: all leaves are the same. */
static vt_err uniform(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	(void)ctx;
	(void)index;
	*out = leaves[0];
	while (level-- > 0)
		vt_merkle_node(out, out, out);
	return VT_OK;
}

static void test_numbers_out_of_range(void **state)
{
	const uint64_t huge = UINT64_C(1) << 62;
	struct vt_proof p = {0};
	vt_hash h = leaves[0], root;

	(void)state;
	assert_int_equal(vt_merkle_prove_included(uniform, NULL, 5, 5, &p), VT_EARG);
	assert_int_equal(vt_merkle_prove_included(uniform, NULL, 5, VT_TREE_MAX + 1, &p), VT_EARG);
	assert_int_equal(vt_merkle_prove_consistent(uniform, NULL, 6, 5, &p), VT_EARG);
	assert_int_equal(vt_merkle_root(uniform, NULL, VT_TREE_MAX + 1, &root), VT_EARG);
	assert_int_equal(vt_merkle_range(uniform, NULL, 3, 3, &root), VT_EARG);
	assert_int_equal(vt_merkle_range(uniform, NULL, 2, 5, &root), VT_EARG);
	assert_false(vt_merkle_included(&p, 0, 0, &h, &h));
	assert_false(vt_merkle_included(&p, 0, UINT64_MAX, &h, &h));
	assert_false(vt_merkle_consistent(&p, UINT64_MAX, &h, UINT64_MAX, &h));
	assert_int_equal(vt_merkle_root(uniform, NULL, huge - 1, &root), VT_OK);
	assert_int_equal(vt_merkle_prove_included(uniform, NULL, huge - 2, huge - 1, &p), VT_OK);
	assert_true(vt_merkle_included(&p, huge - 2, huge - 1, &h, &root));
	assert_int_equal(
		vt_merkle_prove_consistent(uniform, NULL, huge / 2 + 1, huge - 1, &p), VT_OK);
	assert_int_equal(vt_merkle_root(uniform, NULL, huge / 2 + 1, &h), VT_OK);
	assert_true(vt_merkle_consistent(&p, huge / 2 + 1, &h, huge - 1, &root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_roots),
		cmocka_unit_test(test_roots_and_edges),
		cmocka_unit_test(test_inclusion),
		cmocka_unit_test(test_paths_of_another_length),
		cmocka_unit_test(test_consistency),
		cmocka_unit_test(test_subtrees),
		cmocka_unit_test(test_numbers_out_of_range),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
