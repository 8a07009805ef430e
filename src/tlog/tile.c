/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/tile.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/num.h"
#include "tlog/lines.h"

#define LEVEL_BITS 8
#define LEVELS 8 /* 8 * 8 bits are more than a tree's 63 */

const char *vt_tile_path(const struct vt_tile *t, char out[VT_TILE_PATH_MAX])
{
	char *p = out;
	uint64_t unit = 1;

	if (t->level == VT_TILE_ENTRIES)
		p += snprintf(p, VT_TILE_PATH_MAX, "tile/entries/");
	else
		p += snprintf(p, VT_TILE_PATH_MAX, "tile/%u/", t->level);
	/* groups of three digits, all but the last with an x in front */
	while (t->index / unit >= 1000)
		unit *= 1000;
	for (; unit > 1; unit /= 1000)
		p += snprintf(p, VT_TILE_PATH_MAX - (size_t)(p - out), "x%03u/",
			(unsigned)(t->index / unit % 1000));
	p += snprintf(p, VT_TILE_PATH_MAX - (size_t)(p - out), "%03u", (unsigned)(t->index % 1000));
	if (t->width < VT_TILE_WIDTH)
		(void)snprintf(p, VT_TILE_PATH_MAX - (size_t)(p - out), ".p/%u", t->width);
	return out;
}

/* The digits of one group. */
static bool take_group(vt_span *s, unsigned *out)
{
	unsigned v = 0;

	if (s->n < 3)
		return false;
	for (unsigned i = 0; i < 3; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = 10 * v + (unsigned)(s->p[i] - '0');
	}
	*s = vt_span_of(s->p + 3, s->n - 3);
	*out = v;
	return true;
}

static bool take_index(vt_span *s, uint64_t *out)
{
	uint64_t index = 0;
	bool more;

	do {
		unsigned group;

		more = vt_prefix_take(s, "x");
		if (!take_group(s, &group) || !vt_mul_u64(index, 1000, &index) ||
			!vt_add_u64(index, group, &index) || (more && !vt_prefix_take(s, "/")))
			return false;
	} while (more);
	*out = index;
	return index <= VT_TREE_MAX / VT_TILE_WIDTH;
}

vt_err vt_tile_path_parse(vt_span path, struct vt_tile *out)
{
	struct vt_tile t = {.width = VT_TILE_WIDTH};
	char again[VT_TILE_PATH_MAX];
	vt_span s = path;

	if (!vt_prefix_take(&s, "tile/"))
		return VT_EFORMAT;
	if (vt_prefix_take(&s, "entries/")) {
		t.level = VT_TILE_ENTRIES;
	} else {
		if (s.n < 2 || s.p[0] < '0' || s.p[0] >= '0' + LEVELS || s.p[1] != '/')
			return VT_EFORMAT;
		t.level = (unsigned)(s.p[0] - '0');
		s = vt_span_of(s.p + 2, s.n - 2);
	}
	if (!take_index(&s, &t.index))
		return VT_EFORMAT;
	if (vt_prefix_take(&s, ".p/")) {
		uint64_t width;

		if (!vt_decimal_get(s, &width) || width < 1 || width >= VT_TILE_WIDTH)
			return VT_EFORMAT;
		t.width = (unsigned)width;
	} else if (s.n != 0) {
		return VT_EFORMAT;
	}
	/* one tile, one path: no groups of zeros in front */
	if (!vt_span_eq(path, vt_span_str(vt_tile_path(&t, again))))
		return VT_EFORMAT;
	*out = t;
	return VT_OK;
}

/* How many hashes (or entries) tiles of this level hold in all. */
static uint64_t count_at(unsigned level, uint64_t size)
{
	return level == VT_TILE_ENTRIES ? size : size >> (LEVEL_BITS * level);
}

vt_err vt_tile_of(unsigned level, uint64_t index, uint64_t size, struct vt_tile *out)
{
	uint64_t count;

	if (size > VT_TREE_MAX || (level != VT_TILE_ENTRIES && level >= LEVELS))
		return VT_EARG;
	count = count_at(level, size);
	if (index >= count)
		return VT_EARG;
	out->level = level;
	out->index = index / VT_TILE_WIDTH;
	out->width = (unsigned)vt_min_u64(VT_TILE_WIDTH, count - out->index * VT_TILE_WIDTH);
	return VT_OK;
}

vt_err vt_tile_each_new(uint64_t old_size, uint64_t size, vt_tile_fn *fn, void *ctx)
{
	if (old_size > size || size > VT_TREE_MAX)
		return VT_EARG;
	for (unsigned l = 0; l <= LEVELS; l++) {
		unsigned level = l == 0 ? VT_TILE_ENTRIES : l - 1;
		uint64_t from = count_at(level, old_size), to = count_at(level, size);

		/* the first is the one that was partial, or not there */
		for (uint64_t at = from; at < to; at = (at / VT_TILE_WIDTH + 1) * VT_TILE_WIDTH) {
			struct vt_tile t;
			vt_err e = vt_tile_of(level, at, size, &t);

			if (!e)
				e = fn(ctx, &t);
			if (e)
				return e;
		}
	}
	return VT_OK;
}

vt_err vt_bundle_next(vt_reader *r, vt_span *out)
{
	vt_reader next = *r;
	vt_span entry;

	if (!r->bad && vt_reader_left(r) == 0)
		return VT_END;
	entry = vt_read_span(&next, vt_read_u16be(&next));
	if (next.bad) {
		r->bad = true;
		return VT_ETRUNCATED;
	}
	*r = next;
	*out = entry;
	return VT_OK;
}

vt_err vt_bundle_add(vt_buf *b, vt_span entry)
{
	const uint8_t length[2] = {(uint8_t)(entry.n >> 8), (uint8_t)entry.n};
	vt_err e;

	if (entry.n > VT_ENTRY_MAX)
		return VT_EARG;
	e = vt_buf_reserve(b, entry.n + sizeof length);
	if (!e)
		e = vt_buf_add(b, length, sizeof length);
	return e ? e : vt_buf_add(b, entry.p, entry.n);
}
