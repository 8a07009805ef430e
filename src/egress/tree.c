/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/internal.h"

#include "egress/file.h"

void vt_ledger_fold(const vt_hash *v, size_t n, vt_hash *out)
{
	struct vt_edge edge = {0};

	for (size_t i = 0; i < n; i++)
		vt_edge_add(&edge, &v[i]);
	vt_edge_root(&edge, out);
}

/* Hashes [first, first + n) of a full tile, folded. */
static vt_err fold_tile(
	int dir, unsigned level, uint64_t index, size_t first, size_t n, vt_hash *out)
{
	const struct vt_tile t = {.level = level, .index = index, .width = VT_TILE_WIDTH};
	vt_buf b = VT_BUF_INIT(VT_TILE_BYTES);
	char path[VT_TILE_PATH_MAX];
	vt_err e = vt_file_read(dir, vt_tile_path(&t, path), VT_TILE_BYTES, &b);

	if (!e && b.n == VT_TILE_BYTES)
		vt_ledger_fold((const vt_hash *)b.p + first, n, out);
	else if (!e || e == VT_END || e == VT_ELIMIT)
		e = VT_EFORMAT;
	vt_buf_free(&b);
	return e;
}

vt_err vt_ledger_tree_load(struct vt_ledger_tree *t, int dir, uint64_t bundles)
{
	vt_err e = VT_OK;

	t->size = bundles * VT_TILE_WIDTH;
	for (unsigned level = 1; !e && level < VT_TILE_LEVELS && bundles; level++) {
		uint64_t n = bundles % VT_TILE_WIDTH;

		for (uint64_t i = 0; !e && i < n; i++)
			e = fold_tile(dir, level - 1, bundles - n + i, 0, VT_TILE_WIDTH,
				&t->edge[level][i]);
		bundles /= VT_TILE_WIDTH;
	}
	return e;
}

vt_err vt_ledger_tree_add(
	struct vt_ledger_tree *t, const vt_hash *leaf, vt_tile_full *full, void *ctx)
{
	uint64_t index = t->size++;
	vt_hash hash = *leaf;

	for (unsigned level = 0; level < VT_TILE_LEVELS; level++) {
		struct vt_tile tile = {.level = level, .width = VT_TILE_WIDTH};
		vt_err e;

		t->edge[level][index % VT_TILE_WIDTH] = hash;
		if (index % VT_TILE_WIDTH != VT_TILE_WIDTH - 1)
			break;
		index /= VT_TILE_WIDTH;
		tile.index = index;
		e = full(ctx, &tile, vt_span_of(t->edge[level], VT_TILE_BYTES));
		if (e)
			return e;
		vt_ledger_fold(t->edge[level], VT_TILE_WIDTH, &hash);
	}
	return VT_OK;
}

struct place {
	const struct vt_ledger_tree *tree;
	int dir;
};

static vt_err get_node(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	const struct place *p = ctx;
	unsigned tile_level = level / 8, height = level % 8;
	uint64_t first = index << height, tile = first / VT_TILE_WIDTH;
	size_t n = (size_t)1 << height, at = first % VT_TILE_WIDTH;

	if (tile_level >= VT_TILE_LEVELS)
		return VT_EARG;
	if (tile != p->tree->size >> (8 * tile_level) >> 8)
		return fold_tile(p->dir, tile_level, tile, at, n, out);
	vt_ledger_fold(&p->tree->edge[tile_level][at], n, out);
	return VT_OK;
}

vt_err vt_ledger_tree_root(const struct vt_ledger_tree *t, int dir, uint64_t size, vt_hash *out)
{
	struct place p = {.tree = t, .dir = dir};

	return vt_merkle_root(get_node, &p, size, out);
}
