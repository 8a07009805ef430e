/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bits, lowest first, and prefix codes in canonical order (RFC 1951 3.2.2), as deflate64 and
 * implode have them. Hot, so the readers are here.
 */
#ifndef VT_ENGINE_UNPACK_HUFFMAN_H
#define VT_ENGINE_UNPACK_HUFFMAN_H

#include "base/err.h"
#include "base/span.h"

#define VT_HUFFMAN_BITS 16 /* the longest code */
#define VT_HUFFMAN_SYMBOLS 288
#define VT_HUFFMAN_FAST 10 /* codes up to this long take one look-up */

struct vt_bits {
	vt_span in;
	size_t at; /* next byte to load */
	uint64_t hold;
	unsigned n; /* bits in hold */
};

static inline void vt_bits_refill(struct vt_bits *b)
{
	while (b->n <= 56 && b->at < b->in.n) {
		b->hold |= (uint64_t)b->in.p[b->at++] << b->n;
		b->n += 8;
	}
}

static inline void vt_bits_drop(struct vt_bits *b, unsigned n)
{
	b->hold >>= n;
	b->n -= n;
}

/* The next n bits, at most 32; false if there are fewer. */
static inline bool vt_bits_take(struct vt_bits *b, unsigned n, uint32_t *out)
{
	if (b->n < n)
		vt_bits_refill(b);
	if (b->n < n)
		return false;
	*out = (uint32_t)(b->hold & (((uint64_t)1 << n) - 1));
	vt_bits_drop(b, n);
	return true;
}

/* Bytes that were taken, a partly used one included. */
static inline size_t vt_bits_used(const struct vt_bits *b)
{
	return b->at - b->n / 8;
}

struct vt_huffman {
	uint16_t fast[1 << VT_HUFFMAN_FAST]; /* symbol << 4 | length; 0: a longer code */
	uint16_t count[VT_HUFFMAN_BITS + 1]; /* codes of each length */
	uint16_t symbol[VT_HUFFMAN_SYMBOLS]; /* in the order of their codes */
};

/*
 * Makes the codes of n symbols, at most VT_HUFFMAN_SYMBOLS, from their lengths; 0: no code.
 * VT_EFORMAT if there are more codes than bits for them. Fewer may stand.
 */
VT_MUST_USE vt_err vt_huffman_build(struct vt_huffman *h, const uint8_t *lengths, unsigned n);

/*
 * The next symbol. `invert`: all ones if the stream has the codes' bits turned over, else 0.
 * VT_ETRUNCATED, or VT_EFORMAT if no code begins like this.
 */
static inline vt_err vt_huffman_symbol(
	const struct vt_huffman *h, struct vt_bits *b, uint64_t invert, unsigned *out)
{
	unsigned entry, code = 0, first = 0, index = 0;
	uint64_t hold;

	if (b->n < VT_HUFFMAN_BITS)
		vt_bits_refill(b);
	hold = b->hold ^ invert;
	entry = h->fast[hold & ((1 << VT_HUFFMAN_FAST) - 1)];
	if (entry && (entry & 15) <= b->n) {
		vt_bits_drop(b, entry & 15);
		*out = entry >> 4;
		return VT_OK;
	}
	for (unsigned len = 1; len <= VT_HUFFMAN_BITS; len++) {
		if (len > b->n)
			return VT_ETRUNCATED;
		code |= (hold >> (len - 1)) & 1;
		if (code - first < h->count[len]) {
			vt_bits_drop(b, len);
			*out = h->symbol[index + (code - first)];
			return VT_OK;
		}
		index += h->count[len];
		first = (first + h->count[len]) << 1;
		code <<= 1;
	}
	return VT_EFORMAT;
}

#endif
