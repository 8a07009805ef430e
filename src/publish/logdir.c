/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c2sp.org/tlog-tiles, written. Of each tile level the hashes of the unfinished tile at the right
 * edge are kept, and those behind it until they are flushed. A tile's name tells how wide it is, so
 * that a longer one never replaces what a reader of an older checkpoint needs; whatever an attempt
 * that died left behind is written over by the next.
 */
#include "publish/logdir.h"

#include <stdlib.h>

#include "base/num.h"
#include "os/fd.h"
#include "store/folder.h"

#define LEVEL_BITS 8
#define LEVELS 8 /* 8 * 8 bits are more than a tree's 63 */
#define TILE_BYTES ((size_t)VT_TILE_WIDTH * VT_HASH_SIZE)
#define ENTRIES_MAX ((size_t)1 << 32) /* bytes not yet flushed */
/* More files than these are brought to the disk by one call for the whole file system. */
#define SYNC_EACH_MAX 16

struct level {
	uint64_t base; /* index of v[0]; a multiple of VT_TILE_WIDTH */
	uint64_t done; /* how many hashes of the level are in files */
	vt_hash *v;
	size_t n, cap;
	/* a whole tile that was read last */
	uint64_t cached;
	vt_buf cache;
};

struct vt_logdir {
	int dir;
	uint64_t size, flushed;
	struct level levels[LEVELS];
	/* Bundles from the unfinished one on; starts[i] is where bundle bundle_base + i begins. */
	vt_buf entries;
	uint64_t bundle_base;
	size_t *starts, nstarts, cap_starts;
};

/* Makes room for one element more. */
static vt_err grow(void **v, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? 2 * *cap : VT_TILE_WIDTH, bytes;
	void *p;

	if (n < *cap)
		return VT_OK;
	if (!vt_mul_size(want, size, &bytes))
		return VT_ENOMEM;
	p = realloc(*v, bytes);
	if (!p)
		return VT_ENOMEM;
	*v = p;
	*cap = want;
	return VT_OK;
}

static vt_err level_push(struct level *l, const vt_hash *h)
{
	void *v = l->v;
	vt_err e = grow(&v, l->n, &l->cap, sizeof *l->v);

	l->v = v;
	if (!e)
		l->v[l->n++] = *h;
	return e;
}

/* Root of `n` hashes, a power of two of at most VT_TILE_WIDTH. */
static void fold(const vt_hash *v, size_t n, vt_hash *out)
{
	vt_hash h[VT_TILE_WIDTH / 2];

	h[0] = v[0];
	for (; n > 1; n /= 2) {
		for (size_t i = 0; i < n / 2; i++)
			vt_merkle_node(&v[2 * i], &v[2 * i + 1], &h[i]);
		v = h;
	}
	*out = h[0];
}

/* The tile of the width that a tree of `l->flushed` entries has there, else the whole one. */
static vt_err read_tile(const struct vt_logdir *l, struct vt_tile t, size_t max, vt_buf *out)
{
	char path[VT_TILE_PATH_MAX];
	vt_err e = vt_store_read(l->dir, vt_tile_path(&t, path), max, out);

	if (e == VT_END && t.width < VT_TILE_WIDTH) {
		t.width = VT_TILE_WIDTH;
		e = vt_store_read(l->dir, vt_tile_path(&t, path), max, out);
	}
	return e == VT_END || e == VT_ELIMIT ? VT_EFORMAT : e;
}

static vt_err open_level(struct vt_logdir *l, unsigned i)
{
	struct level *to = &l->levels[i];
	uint64_t count = l->size >> (LEVEL_BITS * i);
	struct vt_tile t = {i, count / VT_TILE_WIDTH, (unsigned)(count % VT_TILE_WIDTH)};
	vt_buf b = VT_BUF_INIT(TILE_BYTES);
	vt_err e = VT_OK;

	to->base = count - t.width;
	to->done = count;
	to->cached = UINT64_MAX;
	to->cache.max = TILE_BYTES;
	if (t.width == 0)
		return VT_OK;
	e = read_tile(l, t, TILE_BYTES, &b);
	if (!e && (b.n % VT_HASH_SIZE != 0 || b.n < t.width * sizeof(vt_hash)))
		e = VT_EFORMAT;
	for (unsigned k = 0; !e && k < t.width; k++) {
		vt_hash h;

		memcpy(h.b, b.p + k * sizeof h, sizeof h);
		e = level_push(to, &h);
	}
	vt_buf_free(&b);
	return e;
}

static vt_err push_start(struct vt_logdir *l)
{
	void *v = l->starts;
	vt_err e = grow(&v, l->nstarts, &l->cap_starts, sizeof *l->starts);

	l->starts = v;
	if (!e)
		l->starts[l->nstarts++] = l->entries.n;
	return e;
}

/* The unfinished bundle; its entries must be those of the unfinished tile. */
static vt_err open_bundle(struct vt_logdir *l)
{
	struct vt_tile t = {
		VT_TILE_ENTRIES, l->size / VT_TILE_WIDTH, (unsigned)(l->size % VT_TILE_WIDTH)};
	vt_buf b = VT_BUF_INIT(VT_BUNDLE_MAX);
	vt_reader r;
	vt_err e = VT_OK;

	l->bundle_base = t.index;
	if (t.width == 0)
		return VT_OK;
	e = read_tile(l, t, VT_BUNDLE_MAX, &b);
	r = vt_reader_of(vt_buf_span(&b));
	if (!e)
		e = push_start(l);
	for (unsigned k = 0; !e && k < t.width; k++) {
		vt_span entry;
		vt_hash h;

		if (vt_bundle_next(&r, &entry)) {
			e = VT_EFORMAT;
			break;
		}
		vt_merkle_leaf(entry, &h);
		e = vt_hash_eq(&h, &l->levels[0].v[k]) ? vt_bundle_add(&l->entries, entry)
						       : VT_EFORMAT;
	}
	vt_buf_free(&b);
	return e;
}

vt_err vt_logdir_open(int dir, uint64_t size, struct vt_logdir **out)
{
	struct vt_logdir *l;
	vt_err e = VT_OK;

	if (size > VT_TREE_MAX)
		return VT_EARG;
	l = calloc(1, sizeof *l);
	if (!l)
		return VT_ENOMEM;
	l->dir = dir;
	l->size = l->flushed = size;
	l->entries.max = ENTRIES_MAX;
	for (unsigned i = 0; i < LEVELS && !e; i++)
		e = open_level(l, i);
	if (!e)
		e = open_bundle(l);
	if (e) {
		vt_logdir_close(l);
		return e;
	}
	*out = l;
	return VT_OK;
}

void vt_logdir_close(struct vt_logdir *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < LEVELS; i++) {
		free(l->levels[i].v);
		vt_buf_free(&l->levels[i].cache);
	}
	vt_buf_free(&l->entries);
	free(l->starts);
	free(l);
}

vt_err vt_logdir_add(struct vt_logdir *l, vt_span entry)
{
	vt_hash h;
	vt_err e = VT_OK;

	if (entry.n > VT_ENTRY_MAX || l->size >= VT_TREE_MAX)
		return VT_EARG;
	/* Room first: what is half added could not be taken back. */
	e = vt_buf_reserve(&l->entries, entry.n + 2);
	for (unsigned i = 0; i < LEVELS && !e; i++) {
		void *v = l->levels[i].v;

		e = grow(&v, l->levels[i].n, &l->levels[i].cap, sizeof(vt_hash));
		l->levels[i].v = v;
	}
	if (!e && l->size % VT_TILE_WIDTH == 0)
		e = push_start(l);
	if (!e)
		e = vt_bundle_add(&l->entries, entry);
	if (e)
		return e;
	vt_merkle_leaf(entry, &h);
	for (unsigned i = 0; i < LEVELS; i++) {
		struct level *at = &l->levels[i];

		at->v[at->n++] = h;
		if (at->n % VT_TILE_WIDTH != 0)
			break;
		fold(&at->v[at->n - VT_TILE_WIDTH], VT_TILE_WIDTH, &h);
	}
	l->size++;
	return VT_OK;
}

static vt_err put(struct vt_logdir *l, const struct vt_tile *t, vt_span bytes, unsigned *io_files)
{
	char path[VT_TILE_PATH_MAX];

	(void)vt_tile_path(t, path);
	if ((*io_files)++ < SYNC_EACH_MAX)
		return vt_store_write(l->dir, path, bytes);
	return vt_store_put(l->dir, path, bytes);
}

static vt_err flush_level(struct vt_logdir *l, unsigned i, unsigned *io_files)
{
	struct level *from = &l->levels[i];
	vt_err e = VT_OK;

	if (from->done == from->base + from->n)
		return VT_OK;
	for (size_t at = 0; at < from->n && !e; at += VT_TILE_WIDTH) {
		size_t width = vt_min_size(VT_TILE_WIDTH, from->n - at);
		struct vt_tile t = {i, (from->base + at) / VT_TILE_WIDTH, (unsigned)width};

		e = put(l, &t, vt_span_of(&from->v[at], width * sizeof *from->v), io_files);
	}
	return e;
}

static vt_err flush_bundles(struct vt_logdir *l, unsigned *io_files)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < l->nstarts && !e; i++) {
		size_t end = i + 1 < l->nstarts ? l->starts[i + 1] : l->entries.n;
		uint64_t index = l->bundle_base + i;
		uint64_t width = vt_min_u64(VT_TILE_WIDTH, l->size - index * VT_TILE_WIDTH);
		struct vt_tile t = {VT_TILE_ENTRIES, index, (unsigned)width};

		e = put(l, &t, vt_span_of(l->entries.p + l->starts[i], end - l->starts[i]),
			io_files);
	}
	return e;
}

/* Forgets what is in whole files. */
static void trim(struct vt_logdir *l)
{
	for (unsigned i = 0; i < LEVELS; i++) {
		struct level *at = &l->levels[i];
		size_t keep = at->n % VT_TILE_WIDTH;

		if (at->n > keep)
			memmove(at->v, &at->v[at->n - keep], keep * sizeof *at->v);
		at->base += at->n - keep;
		at->done = at->base + keep;
		at->n = keep;
	}
	if (l->nstarts > 0) {
		bool whole = l->size % VT_TILE_WIDTH == 0;
		size_t from = whole ? l->entries.n : l->starts[l->nstarts - 1];

		memmove(l->entries.p, l->entries.p + from, l->entries.n - from);
		l->entries.n -= from;
		l->starts[0] = 0;
		l->nstarts = whole ? 0 : 1;
	}
	l->bundle_base = l->size / VT_TILE_WIDTH;
}

vt_err vt_logdir_flush(struct vt_logdir *l)
{
	unsigned files = 0;
	vt_err e;

	if (l->flushed == l->size)
		return VT_OK;
	e = flush_bundles(l, &files);
	for (unsigned i = 0; i < LEVELS && !e; i++)
		e = flush_level(l, i, &files);
	if (!e && files > SYNC_EACH_MAX)
		e = vt_store_sync(l->dir);
	if (e)
		return e;
	trim(l);
	l->flushed = l->size;
	return VT_OK;
}

void vt_logdir_head(const struct vt_logdir *l, uint64_t *out_size, vt_hash *out_root)
{
	vt_hash acc;
	bool any = false;

	/* The right edge: what is left of each level's unfinished tile, smallest nodes first. */
	vt_merkle_empty(&acc);
	for (unsigned i = 0; i < LEVELS; i++) {
		const struct level *at = &l->levels[i];
		size_t end = at->n, left = at->n % VT_TILE_WIDTH;

		for (size_t width = 1; width <= left; width *= 2) {
			vt_hash h;

			if (!(left & width))
				continue;
			fold(&at->v[end - width], width, &h);
			if (any)
				vt_merkle_node(&h, &acc, &acc);
			else
				acc = h;
			any = true;
			end -= width;
		}
	}
	*out_size = l->size;
	*out_root = acc;
}

/* The hashes of a whole tile that is in a file. */
static vt_err tile_cached(struct vt_logdir *l, unsigned level, uint64_t index)
{
	struct level *at = &l->levels[level];
	struct vt_tile t = {level, index, VT_TILE_WIDTH};
	vt_err e;

	if (at->cached == index)
		return VT_OK;
	at->cached = UINT64_MAX;
	vt_buf_clear(&at->cache);
	e = read_tile(l, t, TILE_BYTES, &at->cache);
	if (!e && at->cache.n != TILE_BYTES)
		e = VT_EFORMAT;
	if (!e)
		at->cached = index;
	return e;
}

vt_err vt_logdir_get(void *logdir, unsigned level, uint64_t index, vt_hash *out)
{
	struct vt_logdir *l = logdir;
	unsigned tile = level / LEVEL_BITS, shift = level % LEVEL_BITS;
	size_t n = (size_t)1 << shift;
	struct level *at;
	uint64_t first;
	vt_err e;

	if (tile >= LEVELS || index > VT_TREE_MAX >> shift)
		return VT_EARG;
	at = &l->levels[tile];
	first = index << shift;
	if (first + n > at->base + at->n)
		return VT_EARG;
	if (first >= at->base) {
		fold(&at->v[first - at->base], n, out);
		return VT_OK;
	}
	e = tile_cached(l, tile, first / VT_TILE_WIDTH);
	if (e)
		return e;
	fold((const vt_hash *)at->cache.p + first % VT_TILE_WIDTH, n, out);
	return VT_OK;
}
