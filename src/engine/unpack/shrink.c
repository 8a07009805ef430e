/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shrink (zip method 1, APPNOTE 5.1): LZW with codes of 9 to 13 bits. Code 256 is a command: with 1
 * behind it, codes get one bit longer; with 2, every entry that no other entry builds on is freed.
 */
#include <stdlib.h>

#include "base/num.h"
#include "engine/unpack/codec.h"
#include "engine/unpack/huffman.h"

#define CODES 8192
#define COMMAND 256
#define NONE UINT16_MAX

struct vt_shrink {
	uint16_t prefix[CODES]; /* NONE: the code is free */
	uint8_t suffix[CODES];
	uint8_t word[CODES]; /* the current one, last byte first */
	bool used[CODES];
};

static void clear_leaves(struct vt_shrink *t)
{
	memset(t->used, 0, sizeof t->used);
	for (unsigned i = COMMAND + 1; i < CODES; i++) {
		if (t->prefix[i] != NONE)
			t->used[t->prefix[i]] = true;
	}
	for (unsigned i = COMMAND + 1; i < CODES; i++) {
		if (!t->used[i])
			t->prefix[i] = NONE;
	}
}

/* The bytes of `code` into word[], last first; 0 if the entries run in a circle or into a free one.
 */
static size_t expand(struct vt_shrink *t, unsigned code)
{
	size_t n = 0;

	for (; code >= COMMAND; code = t->prefix[code]) {
		if (n == CODES - 1 || code >= CODES || code == COMMAND || t->prefix[code] == NONE)
			return 0;
		t->word[n++] = t->suffix[code];
	}
	t->word[n++] = (uint8_t)code;
	return n;
}

static vt_err put_word(struct vt_shrink *t, size_t n, struct vt_output *o)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t b = t->word[i];

		t->word[i] = t->word[n - 1 - i];
		t->word[n - 1 - i] = b;
	}
	return vt_output_add(o, vt_span_of(t->word, n));
}

static vt_err command(struct vt_shrink *t, struct vt_bits *b, unsigned *io_bits, unsigned *io_free)
{
	uint32_t what;

	if (!vt_bits_take(b, *io_bits, &what))
		return VT_ETRUNCATED;
	if (what == 1 && *io_bits < 13) {
		++*io_bits;
		return VT_OK;
	}
	if (what != 2)
		return VT_EFORMAT;
	clear_leaves(t);
	*io_free = COMMAND + 1;
	return VT_OK;
}

/* Gives the lowest free code to the word of `prefix` and one more byte. */
static void learn(struct vt_shrink *t, unsigned prefix, uint8_t suffix, unsigned *io_free)
{
	while (*io_free < CODES && t->prefix[*io_free] != NONE)
		++*io_free;
	if (*io_free == CODES)
		return;
	t->prefix[*io_free] = (uint16_t)prefix;
	t->suffix[*io_free] = suffix;
}

static vt_err run(struct vt_shrink *t, struct vt_bits *b, uint64_t size, struct vt_output *o)
{
	unsigned bits = 9, next_free = COMMAND + 1;
	uint32_t code, last = NONE;
	uint8_t first = 0;
	size_t n, base = o->buf.n;
	vt_err e;

	while (o->buf.n - base < size) {
		if (!vt_bits_take(b, bits, &code))
			return VT_ETRUNCATED;
		e = vt_budget_work(o->budget, 1);
		if (!e && code == COMMAND)
			e = command(t, b, &bits, &next_free);
		if (e)
			return e;
		if (code == COMMAND)
			continue;
		/* A code that is just about to get its meaning: the last word and its first byte.
		 */
		if (last != NONE && code > COMMAND && t->prefix[code] == NONE) {
			learn(t, last, first, &next_free);
			n = expand(t, code);
			if (n)
				first = t->word[n - 1];
		} else {
			n = expand(t, code);
			if (n)
				first = t->word[n - 1];
			if (n && last != NONE)
				learn(t, last, first, &next_free);
		}
		if (n == 0)
			return VT_EFORMAT;
		e = put_word(t, n, o);
		if (e)
			return e;
		last = code;
	}
	return VT_OK;
}

vt_err vt_unshrink(
	struct vt_codec *c, vt_span in, uint64_t size, struct vt_output *o, size_t *out_used)
{
	struct vt_bits b = {.in = in};
	vt_err e;

	if (!c->shrink)
		c->shrink = malloc(sizeof *c->shrink);
	if (!c->shrink)
		return VT_ENOMEM;
	memset(c->shrink->prefix, 0xff, sizeof c->shrink->prefix);
	e = run(c->shrink, &b, size, o);
	if (!e)
		*out_used = vt_bits_used(&b);
	return e;
}
