/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked access to a tree through its tiles. The tiles that are not full hash to the root: they
 * are read and checked when the tree is opened, and stay. A full tile hashes to one entry of a tile
 * one level up, which is checked first. What is kept is bounded: SLOTS tiles and one bundle.
 */
#include <stdlib.h>

#include "base/num.h"
#include "tlog/tile.h"

#define LEVELS 8
#define SLOTS 32
#define TILE_BYTES ((size_t)VT_TILE_WIDTH * VT_HASH_SIZE)
/* A bundle up to this size is kept for the next question about it. */
#define KEEP_MAX ((size_t)256 << 10)

struct slot {
	struct vt_tile at;
	uint64_t used; /* when last asked for; 0: empty */
	vt_hash *v;    /* at.width of them */
};

struct vt_tiles {
	uint64_t size;
	vt_file_get *get;
	void *ctx;
	struct slot
		edge[LEVELS]; /* the partial tile of each level; v is NULL where there is none */
	struct slot slots[SLOTS]; /* full tiles */
	uint64_t clock;
	vt_buf bytes; /* a tile as served */
	vt_buf bundle;
	struct vt_tile bundle_at; /* width 0: none */
};

/*
 * Reads a tile as the tree has it, or the full one of which it is the beginning. *out_width: what
 * was read. VT_END: neither is there.
 */
static vt_err fetch(struct vt_tiles *t, const struct vt_tile *want, size_t max, vt_buf *out,
	unsigned *out_width)
{
	char path[VT_TILE_PATH_MAX];
	struct vt_tile full = *want;
	vt_err e;

	vt_buf_clear(out);
	*out_width = want->width;
	e = t->get(t->ctx, vt_tile_path(want, path), max, out);
	if (e != VT_END || want->width == VT_TILE_WIDTH)
		return e;
	full.width = *out_width = VT_TILE_WIDTH;
	vt_buf_clear(out);
	return t->get(t->ctx, vt_tile_path(&full, path), max, out);
}

/* The hashes of a tile, not checked yet. */
static vt_err read_tile(struct vt_tiles *t, const struct vt_tile *want, vt_hash *out)
{
	unsigned width;
	vt_err e = fetch(t, want, TILE_BYTES, &t->bytes, &width);

	if (e)
		return e;
	if (t->bytes.n != width * (size_t)VT_HASH_SIZE)
		return VT_ECHECKSUM;
	memcpy(out, t->bytes.p, want->width * (size_t)VT_HASH_SIZE);
	return VT_OK;
}

/* The node above 2^levels hashes. */
static void fold(const vt_hash *v, unsigned levels, vt_hash *out)
{
	vt_hash half[VT_TILE_WIDTH / 2];
	size_t n = (size_t)1 << levels;

	if (levels == 0) {
		*out = v[0];
		return;
	}
	for (; n > 1; n /= 2, v = half)
		for (size_t i = 0; i < n / 2; i++)
			vt_merkle_node(&v[2 * i], &v[2 * i + 1], &half[i]);
	*out = half[0];
}

/* A vt_merkle_get that knows the nodes inside of the partial tiles: those that make the root. */
static vt_err edge_get(void *tiles, unsigned level, uint64_t index, vt_hash *out)
{
	const struct vt_tiles *t = tiles;
	unsigned inside = level % 8;

	fold(&t->edge[level / 8].v[(index << inside) % VT_TILE_WIDTH], inside, out);
	return VT_OK;
}

static vt_err open_edge(struct vt_tiles *t, const vt_hash *root)
{
	vt_hash found;

	for (unsigned level = 0; level < LEVELS; level++) {
		uint64_t count = t->size >> (8 * level);
		struct slot *s = &t->edge[level];
		vt_err e;

		if (count % VT_TILE_WIDTH == 0)
			continue;
		e = vt_tile_of(level, count - 1, t->size, &s->at);
		if (e)
			return e;
		s->v = malloc(s->at.width * sizeof *s->v);
		if (!s->v)
			return VT_ENOMEM;
		e = read_tile(t, &s->at, s->v);
		if (e)
			return e;
	}
	if (vt_merkle_root(edge_get, t, t->size, &found) || !vt_hash_eq(&found, root))
		return VT_ECHECKSUM;
	return VT_OK;
}

vt_err vt_tiles_open(
	uint64_t size, const vt_hash *root, vt_file_get *get, void *ctx, struct vt_tiles **out)
{
	struct vt_tiles *t;
	vt_err e;

	if (size > VT_TREE_MAX)
		return VT_EARG;
	t = calloc(1, sizeof *t);
	if (!t)
		return VT_ENOMEM;
	t->size = size;
	t->get = get;
	t->ctx = ctx;
	t->bytes.max = TILE_BYTES;
	t->bundle.max = VT_BUNDLE_MAX;
	e = open_edge(t, root);
	if (e)
		vt_tiles_close(t);
	else
		*out = t;
	return e;
}

void vt_tiles_close(struct vt_tiles *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < LEVELS; i++)
		free(t->edge[i].v);
	for (size_t i = 0; i < SLOTS; i++)
		free(t->slots[i].v);
	vt_buf_free(&t->bytes);
	vt_buf_free(&t->bundle);
	free(t);
}

/* The tile of a level with this index, if it is at hand. */
static const vt_hash *at_hand(struct vt_tiles *t, unsigned level, uint64_t index)
{
	struct slot *edge = &t->edge[level];

	if (edge->v && edge->at.index == index)
		return edge->v;
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &t->slots[i];

		if (s->used && s->at.level == level && s->at.index == index) {
			s->used = ++t->clock;
			return s->v;
		}
	}
	return NULL;
}

/* Reads a full tile whose node one level up is `want`, into the slot not used for longest. */
static vt_err load(struct vt_tiles *t, const struct vt_tile *at, const vt_hash *want)
{
	struct slot *s = &t->slots[0];
	vt_hash found;
	vt_err e;

	for (size_t i = 1; i < SLOTS; i++)
		if (t->slots[i].used < s->used)
			s = &t->slots[i];
	if (!s->v) {
		s->v = malloc(TILE_BYTES);
		if (!s->v)
			return VT_ENOMEM;
	}
	s->used = 0;
	e = read_tile(t, at, s->v);
	if (e)
		return e;
	fold(s->v, 8, &found);
	if (!vt_hash_eq(&found, want))
		return VT_ECHECKSUM;
	s->at = *at;
	s->used = ++t->clock;
	return VT_OK;
}

/*
 * The checked tile of a level with this index, which the tree has. From the first level above at
 * which a tile is at hand (the partial ones always are) back down, each checks the next.
 */
static vt_err checked(struct vt_tiles *t, unsigned level, uint64_t index, const vt_hash **out)
{
	unsigned up = 0;
	const vt_hash *v = at_hand(t, level, index);

	while (!v) {
		up++;
		if (level + up >= LEVELS)
			return VT_EARG;
		v = at_hand(t, level + up, index >> (8 * up));
	}
	while (up > 0) {
		vt_hash node;
		struct vt_tile at = {.width = VT_TILE_WIDTH};
		vt_err e;

		up--;
		at.level = level + up;
		at.index = index >> (8 * up);
		node = v[at.index % VT_TILE_WIDTH];
		e = load(t, &at, &node);
		if (e)
			return e;
		v = at_hand(t, at.level, at.index);
		if (!v)
			return VT_EARG;
	}
	*out = v;
	return VT_OK;
}

vt_err vt_tiles_get(void *tiles, unsigned level, uint64_t index, vt_hash *out)
{
	struct vt_tiles *t = tiles;
	const vt_hash *v;
	uint64_t first;
	vt_err e;

	if (level > 62 || index >= t->size >> level)
		return VT_EARG;
	first = index << level % 8;
	e = checked(t, level / 8, first / VT_TILE_WIDTH, &v);
	if (!e)
		fold(&v[first % VT_TILE_WIDTH], level % 8, out);
	return e;
}

/* Is this entry `index` of the tree? */
static vt_err check_entry(struct vt_tiles *t, uint64_t index, vt_span entry)
{
	vt_hash want, found;
	vt_err e = vt_tiles_get(t, 0, index, &want);

	if (e)
		return e;
	vt_merkle_leaf(entry, &found);
	return vt_hash_eq(&want, &found) ? VT_OK : VT_ECHECKSUM;
}

static vt_err read_bundle(struct vt_tiles *t, const struct vt_tile *at)
{
	unsigned width;
	vt_err e;

	if (t->bundle_at.width == at->width && t->bundle_at.index == at->index)
		return VT_OK;
	t->bundle_at.width = 0;
	e = fetch(t, at, VT_BUNDLE_MAX, &t->bundle, &width);
	if (!e)
		t->bundle_at = *at;
	return e;
}

/* Lets go of a bundle that is too large to be kept. */
static void forget_bundle(struct vt_tiles *t)
{
	if (t->bundle.cap <= KEEP_MAX)
		return;
	t->bundle_at.width = 0;
	vt_buf_free(&t->bundle);
}

vt_err vt_tiles_entry(struct vt_tiles *t, uint64_t index, vt_buf *out)
{
	struct vt_tile at;
	vt_span entry = {0};
	vt_reader r;
	vt_err e = vt_tile_of(VT_TILE_ENTRIES, index, t->size, &at);

	if (!e)
		e = read_bundle(t, &at);
	if (e)
		return e;
	r = vt_reader_of(vt_buf_span(&t->bundle));
	for (uint64_t i = at.index * VT_TILE_WIDTH; !e && i <= index; i++)
		e = vt_bundle_next(&r, &entry);
	if (e) /* it ends too early */
		e = VT_EFORMAT;
	if (!e)
		e = check_entry(t, index, entry);
	if (!e)
		e = vt_buf_add(out, entry.p, entry.n);
	else
		t->bundle_at.width = 0; /* next time from elsewhere, perhaps */
	forget_bundle(t);
	return e;
}

/* The entries of one bundle that lie in [first, end). `bundle` is the caller's: `fn` may ask. */
static vt_err each_of_bundle(struct vt_tiles *t, const struct vt_tile *at, vt_buf *bundle,
	uint64_t first, uint64_t end, vt_entry_fn *fn, void *ctx)
{
	unsigned width;
	vt_err e = fetch(t, at, VT_BUNDLE_MAX, bundle, &width);
	vt_reader r;

	if (e)
		return e;
	r = vt_reader_of(vt_buf_span(bundle));
	for (uint64_t i = 0; i < at->width; i++) {
		uint64_t index = at->index * VT_TILE_WIDTH + i;
		vt_span entry;

		if (vt_bundle_next(&r, &entry))
			return VT_EFORMAT;
		if (index < first || index >= end)
			continue;
		e = check_entry(t, index, entry);
		if (!e)
			e = fn(ctx, index, entry);
		if (e)
			return e;
	}
	/* more than that is right only where a full bundle stood in for a partial one */
	return width == at->width && vt_reader_left(&r) ? VT_EFORMAT : VT_OK;
}

vt_err vt_tiles_each_entry(
	struct vt_tiles *t, uint64_t first, uint64_t end, vt_entry_fn *fn, void *ctx)
{
	vt_buf bundle = VT_BUF_INIT(VT_BUNDLE_MAX);
	vt_err e = VT_OK;

	if (first > end || end > t->size)
		return VT_EARG;
	while (!e && first < end) {
		struct vt_tile at;

		e = vt_tile_of(VT_TILE_ENTRIES, first, t->size, &at);
		if (!e)
			e = each_of_bundle(t, &at, &bundle, first, end, fn, ctx);
		first = (at.index + 1) * VT_TILE_WIDTH;
	}
	vt_buf_free(&bundle);
	return e;
}
