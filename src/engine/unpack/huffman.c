/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/huffman.h"

vt_err vt_huffman_build(struct vt_huffman *h, const uint8_t *lengths, unsigned n)
{
	unsigned first[VT_HUFFMAN_BITS + 2] = {0}, code[VT_HUFFMAN_BITS + 2] = {0};
	int left = 1;

	memset(h, 0, sizeof *h);
	for (unsigned i = 0; i < n; i++)
		h->count[lengths[i]]++;
	h->count[0] = 0;
	for (unsigned len = 1; len <= VT_HUFFMAN_BITS; len++) {
		left = left * 2 - h->count[len];
		if (left < 0)
			return VT_EFORMAT;
		first[len + 1] = first[len] + h->count[len];
		code[len + 1] = (code[len] + h->count[len]) << 1;
	}
	for (unsigned i = 0; i < n; i++) {
		unsigned len = lengths[i], c, reversed = 0;

		if (len == 0)
			continue;
		h->symbol[first[len]++] = (uint16_t)i;
		c = code[len]++;
		if (len > VT_HUFFMAN_FAST)
			continue;
		for (unsigned b = 0; b < len; b++)
			reversed |= ((c >> b) & 1) << (len - 1 - b);
		for (; reversed < 1 << VT_HUFFMAN_FAST; reversed += 1u << len)
			h->fast[reversed] = (uint16_t)(i << 4 | len);
	}
	return VT_OK;
}
