/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deflate64 (zip method 9, APPNOTE 4.4.5): deflate (RFC 1951) with a window of 64 KiB, so distance
 * codes 30 and 31 exist, and with length code 285 standing for 3 plus 16 extra bits. All output
 * stays in memory, so the output is the window.
 */
#include "engine/unpack/codec.h"

#include <stdlib.h>

#include "base/num.h"
#include "engine/unpack/huffman.h"

#define END_OF_BLOCK 256

struct vt_inflate64 {
	struct vt_huffman lengths, distances;
};

struct decoder {
	struct vt_bits bits;
	struct vt_output *o;
	size_t base; /* where this stream's output begins */
	uint8_t *room;
	size_t left, filled;
	struct vt_inflate64 *t;
};

static bool take(struct decoder *d, unsigned n, uint32_t *out)
{
	return vt_bits_take(&d->bits, n, out);
}

/* Settles what was put into the room and gets more of it. */
static vt_err flush(struct decoder *d)
{
	vt_err e = vt_output_commit(d->o, d->filled);

	d->filled = 0;
	d->left = 0;
	return e ? e : vt_output_room(d->o, &d->room, &d->left);
}

static vt_err put(struct decoder *d, uint8_t b)
{
	if (d->filled == d->left) {
		vt_err e = flush(d);

		if (e)
			return e;
	}
	d->room[d->filled++] = b;
	return VT_OK;
}

static vt_err copy(struct decoder *d, size_t distance, size_t n)
{
	vt_err e;

	if (distance > d->o->buf.n + d->filled - d->base)
		return VT_EFORMAT;
	while (n) {
		size_t run;

		if (d->filled == d->left) {
			e = flush(d);
			if (e)
				return e;
		}
		run = vt_min_size(n, d->left - d->filled);
		n -= run;
		/* The room follows the content, so the source is one run with it; it may overlap.
		 */
		for (uint8_t *p = d->room + d->filled; run; run--, p++, d->filled++)
			*p = *(p - distance);
	}
	return VT_OK;
}

static vt_err symbol(struct decoder *d, const struct vt_huffman *h, unsigned *out)
{
	return vt_huffman_symbol(h, &d->bits, 0, out);
}

static vt_err match(struct decoder *d, unsigned sym)
{
	static const uint16_t base[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35,
		43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3};
	static const uint8_t extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
		4, 4, 4, 4, 5, 5, 5, 5, 16};
	unsigned code, bits;
	uint32_t more;
	size_t n, distance;
	vt_err e;

	if (sym >= VT_COUNT(base))
		return VT_EFORMAT;
	if (!take(d, extra[sym], &more))
		return VT_ETRUNCATED;
	n = base[sym] + more;
	e = symbol(d, &d->t->distances, &code);
	if (e)
		return e;
	/* RFC 1951 3.2.5's table as a formula, which codes 30 and 31 continue. */
	bits = code < 4 ? 0 : (code - 2) / 2;
	if (code > 31)
		return VT_EFORMAT;
	if (!take(d, bits, &more))
		return VT_ETRUNCATED;
	distance = (code < 2 ? code : (size_t)(2 + (code & 1)) << bits) + 1 + more;
	return copy(d, distance, n);
}

static vt_err codes(struct decoder *d)
{
	for (;;) {
		unsigned sym;
		vt_err e = symbol(d, &d->t->lengths, &sym);

		if (e || sym == END_OF_BLOCK)
			return e;
		e = sym < END_OF_BLOCK ? put(d, (uint8_t)sym) : match(d, sym - END_OF_BLOCK - 1);
		if (e)
			return e;
	}
}

static vt_err stored(struct decoder *d)
{
	uint32_t n, inverse, byte;
	vt_err e = VT_OK;

	vt_bits_drop(&d->bits, d->bits.n % 8);
	if (!take(d, 16, &n) || !take(d, 16, &inverse))
		return VT_ETRUNCATED;
	if ((n ^ inverse) != 0xffff)
		return VT_EFORMAT;
	while (n-- && !e) {
		if (!take(d, 8, &byte))
			return VT_ETRUNCATED;
		e = put(d, (uint8_t)byte);
	}
	return e;
}

static vt_err fixed(struct decoder *d)
{
	uint8_t lengths[VT_HUFFMAN_SYMBOLS];
	vt_err e;

	for (unsigned i = 0; i < VT_HUFFMAN_SYMBOLS; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	e = vt_huffman_build(&d->t->lengths, lengths, VT_HUFFMAN_SYMBOLS);
	if (e)
		return e;
	memset(lengths, 5, 32);
	e = vt_huffman_build(&d->t->distances, lengths, 32);
	return e ? e : codes(d);
}

/* RFC 1951 3.2.7 */
static vt_err dynamic(struct decoder *d)
{
	static const uint8_t order[] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	uint8_t lengths[VT_HUFFMAN_SYMBOLS + 32] = {0};
	uint32_t nlen, ndist, ncode, v;
	unsigned at = 0;
	vt_err e;

	if (!take(d, 5, &nlen) || !take(d, 5, &ndist) || !take(d, 4, &ncode))
		return VT_ETRUNCATED;
	nlen += 257;
	ndist += 1;
	for (unsigned i = 0; i < ncode + 4; i++) {
		if (!take(d, 3, &v))
			return VT_ETRUNCATED;
		lengths[order[i]] = (uint8_t)v;
	}
	e = vt_huffman_build(&d->t->lengths, lengths, VT_COUNT(order));
	if (e)
		return e;
	while (at < nlen + ndist) {
		unsigned sym, repeat;
		uint8_t value = 0;

		e = symbol(d, &d->t->lengths, &sym);
		if (e)
			return e;
		if (sym < 16) {
			lengths[at++] = (uint8_t)sym;
			continue;
		}
		if (sym == 16 && at == 0)
			return VT_EFORMAT;
		if (sym == 16)
			value = lengths[at - 1];
		if (!take(d, sym == 16 ? 2 : sym == 17 ? 3 : 7, &v))
			return VT_ETRUNCATED;
		repeat = v + (sym == 18 ? 11 : 3);
		if (repeat > nlen + ndist - at)
			return VT_EFORMAT;
		memset(lengths + at, value, repeat);
		at += repeat;
	}
	e = vt_huffman_build(&d->t->lengths, lengths, nlen);
	if (!e)
		e = vt_huffman_build(&d->t->distances, lengths + nlen, ndist);
	return e ? e : codes(d);
}

vt_err vt_inflate64(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	static vt_err (*const kinds[])(struct decoder *) = {stored, fixed, dynamic};
	struct decoder d = {.bits.in = in, .o = o, .base = o->buf.n};
	uint32_t last = 0, kind;
	vt_err e = VT_OK, settled;

	if (!c->inflate64)
		c->inflate64 = malloc(sizeof *c->inflate64);
	if (!c->inflate64)
		return VT_ENOMEM;
	d.t = c->inflate64;
	while (!e && !last) {
		e = VT_ETRUNCATED;
		if (take(&d, 1, &last) && take(&d, 2, &kind))
			e = kind < VT_COUNT(kinds) ? kinds[kind](&d) : VT_EFORMAT;
		if (!e)
			e = vt_budget_work(o->budget, 64); /* empty blocks cost time too */
	}
	settled = vt_output_commit(o, d.filled);
	if (!e)
		e = settled;
	if (!e)
		*out_used = vt_bits_used(&d.bits);
	return e;
}
