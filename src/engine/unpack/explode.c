/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Implode (zip method 6, APPNOTE 5.3), which PKZIP 1 and much software after it wrote: LZ77 with
 * Shannon-Fano codes, which are canonical codes with all bits turned over. The stream has no end of
 * its own; the member's size ends it.
 */
#include <stdlib.h>

#include "base/num.h"
#include "engine/unpack/codec.h"
#include "engine/unpack/huffman.h"

#define FLAG_8K 2u    /* APPNOTE 4.4.4, bit 1 */
#define FLAG_TREES 4u /* bit 2: literals have a tree too */
#define LENGTH_MORE 63

struct vt_explode {
	struct vt_huffman literals, lengths, distances;
};

struct decoder {
	struct vt_bits bits;
	struct vt_explode *t;
	bool tree; /* for literals */
	unsigned low_bits;
};

/* One tree: pairs of (length - 1, repetitions - 1), APPNOTE 5.3.7. */
static vt_err read_tree(struct decoder *d, struct vt_huffman *h, unsigned symbols)
{
	uint8_t lengths[256];
	unsigned at = 0;
	uint32_t n, pair;

	if (!vt_bits_take(&d->bits, 8, &n))
		return VT_ETRUNCATED;
	for (n++; n; n--) {
		unsigned repeat;

		if (!vt_bits_take(&d->bits, 8, &pair))
			return VT_ETRUNCATED;
		repeat = (pair >> 4) + 1;
		if (repeat > symbols - at)
			return VT_EFORMAT;
		memset(lengths + at, (int)(pair & 15) + 1, repeat);
		at += repeat;
	}
	return at == symbols ? vt_huffman_build(h, lengths, symbols) : VT_EFORMAT;
}

static vt_err symbol(struct decoder *d, const struct vt_huffman *h, unsigned *out)
{
	return vt_huffman_symbol(h, &d->bits, UINT64_MAX, out);
}

/* The next match, or a literal (a distance of 0). */
static vt_err step(struct decoder *d, size_t *out_distance, unsigned *out_n)
{
	uint32_t literal, low, more = 0;
	unsigned high, n;
	vt_err e;

	if (!vt_bits_take(&d->bits, 1, &literal))
		return VT_ETRUNCATED;
	if (literal) {
		*out_distance = 0;
		if (d->tree)
			return symbol(d, &d->t->literals, out_n);
		return vt_bits_take(&d->bits, 8, out_n) ? VT_OK : VT_ETRUNCATED;
	}
	if (!vt_bits_take(&d->bits, d->low_bits, &low))
		return VT_ETRUNCATED;
	e = symbol(d, &d->t->distances, &high);
	if (!e)
		e = symbol(d, &d->t->lengths, &n);
	if (e)
		return e;
	if (n == LENGTH_MORE && !vt_bits_take(&d->bits, 8, &more))
		return VT_ETRUNCATED;
	*out_distance = ((size_t)high << d->low_bits | low) + 1;
	*out_n = n + more + (d->tree ? 3 : 2);
	return VT_OK;
}

static vt_err run(struct decoder *d, uint64_t size, struct vt_output *o)
{
	size_t left = 0, filled = 0, base = o->buf.n;
	uint8_t *room = NULL;
	size_t distance = 0;
	unsigned n = 0;
	vt_err e = VT_OK, settled;

	for (uint64_t made = 0; made < size && !e;) {
		e = step(d, &distance, &n);
		if (!e && left - filled < 512) { /* a match is at most 321 bytes */
			e = vt_output_commit(o, filled);
			left = filled = 0;
			if (!e)
				e = vt_output_room(o, &room, &left);
		}
		if (e)
			break;
		if (distance == 0) {
			room[filled++] = (uint8_t)n;
			made++;
			continue;
		}
		n = (unsigned)vt_min_u64(n, size - made);
		made += n;
		/* What lies before the beginning is zeros. */
		for (; n; n--, filled++)
			room[filled] =
				distance > o->buf.n - base + filled ? 0 : room[filled - distance];
	}
	settled = vt_output_commit(o, filled);
	return e ? e : settled;
}

vt_err vt_explode(struct vt_codec *c, vt_span in, uint16_t flags, uint64_t size,
	struct vt_output *o, size_t *out_used)
{
	struct decoder d = {
		.bits.in = in, .tree = flags & FLAG_TREES, .low_bits = flags & FLAG_8K ? 7 : 6};
	vt_err e = VT_OK;

	if (!c->explode)
		c->explode = malloc(sizeof *c->explode);
	if (!c->explode)
		return VT_ENOMEM;
	d.t = c->explode;
	if (d.tree)
		e = read_tree(&d, &d.t->literals, 256);
	if (!e)
		e = read_tree(&d, &d.t->lengths, 64);
	if (!e)
		e = read_tree(&d, &d.t->distances, 64);
	if (!e)
		e = run(&d, size, o);
	if (!e)
		*out_used = vt_bits_used(&d.bits);
	return e;
}
