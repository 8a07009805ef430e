/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting pattern code into elements, and checking its form. */
#include "engine/match/pattern.h"

#include <stdlib.h>

#include "base/num.h"

/* Length of nested code if it is fixed and flat (LIT, MASK, fixed GAP); false otherwise. */
static bool flat_length(vt_span code, uint64_t *out)
{
	vt_reader r = vt_reader_of(code);
	struct vt_element e;
	uint64_t sum = 0;

	while (r.at < code.n) {
		uint8_t op = code.p[r.at];

		if (op != VT_OP_LIT && op != VT_OP_MASK && op != VT_OP_GAP)
			return false;
		if (!vt_element_next(&r, &e) || !e.fixed)
			return false;
		sum += e.length;
	}
	*out = sum;
	return true;
}

/* Sets fixed and length if all alternatives are flat and of one length. */
static void alt_length(struct vt_element *e)
{
	vt_reader r = vt_reader_of(e->data);
	uint64_t first = 0, n;

	for (unsigned i = 0; i < e->count; i++) {
		vt_span alt = vt_read_span(&r, vt_read_u16le(&r));

		if (r.bad || !flat_length(alt, &n) || (i && n != first))
			return;
		first = n;
	}
	if (first <= UINT32_MAX) {
		e->fixed = true;
		e->length = (uint32_t)first;
	}
}

bool vt_element_next(vt_reader *r, struct vt_element *out)
{
	struct vt_element e = {.at = (uint32_t)r->at};

	if (r->bad || vt_reader_left(r) == 0)
		return false;
	e.op = vt_read_u8(r);
	switch (e.op) {
	case VT_OP_LIT:
		e.count = vt_read_u16le(r);
		e.data = vt_read_span(r, e.count);
		e.fixed = true;
		e.length = e.count;
		break;
	case VT_OP_MASK:
		e.count = vt_read_u16le(r);
		e.data = vt_read_span(r, 2 * (uint64_t)e.count);
		e.fixed = true;
		e.length = e.count;
		break;
	case VT_OP_GAP:
		e.min = vt_read_u32le(r);
		e.max = vt_read_u32le(r);
		e.fixed = e.min == e.max && e.max != VT_GAP_ANY;
		e.length = e.min;
		r->bad |= e.min > e.max;
		break;
	case VT_OP_ALT:
		e.negated = vt_read_u8(r) != 0;
		e.count = vt_read_u16le(r);
		e.data = vt_read_span(r, vt_read_u32le(r));
		break;
	case VT_OP_BOUND:
		e.kind = vt_read_u8(r);
		e.side = vt_read_u8(r);
		e.negated = e.side & 1;
		e.side >>= 1;
		r->bad |= e.side > VT_SIDE_HERE;
		e.fixed = true;
		e.length = 0;
		break;
	default: r->bad = true;
	}
	if (r->bad)
		return false;
	if (e.op == VT_OP_ALT)
		alt_length(&e);
	*out = e;
	return true;
}

/* A piece of code still to be checked; a list in an array instead of recursion. */
struct piece {
	vt_span code;
	unsigned depth;
};

#define MAX_PIECES 4096

struct check {
	struct piece pieces[MAX_PIECES];
	unsigned n;
	const char *why;
};

static void check_alt(struct check *c, const struct vt_element *e, unsigned depth)
{
	vt_reader r = vt_reader_of(e->data);

	if (depth == VT_PATTERN_DEPTH)
		c->why = "alternatives are nested too deep";
	else if (e->count == 0)
		c->why = "an alternative list is empty";
	else if (e->negated && !e->fixed)
		c->why = "negated alternatives must have one fixed length";
	for (unsigned i = 0; i < e->count && !c->why; i++) {
		vt_span alt = vt_read_span(&r, vt_read_u16le(&r));

		if (r.bad)
			c->why = "an alternative ends too early";
		else if (c->n == MAX_PIECES)
			c->why = "too many alternatives in one pattern";
		else
			c->pieces[c->n++] = (struct piece){.code = alt, .depth = depth + 1};
	}
	if (!c->why && vt_reader_left(&r))
		c->why = "bytes behind the last alternative";
}

static void check_piece(struct check *c, struct piece p)
{
	vt_reader r = vt_reader_of(p.code);
	struct vt_element e;

	while (!c->why && vt_element_next(&r, &e)) {
		if (e.op == VT_OP_GAP && e.max == VT_GAP_ANY && p.depth)
			c->why = "an unbounded gap inside of an alternative";
		if (e.op == VT_OP_BOUND && e.kind != VT_BOUND_WORD && e.kind != VT_BOUND_LINE &&
			e.kind != VT_BOUND_NONWORD)
			c->why = "unknown boundary";
		if (e.op == VT_OP_ALT)
			check_alt(c, &e, p.depth);
	}
	if (!c->why && r.bad)
		c->why = "malformed pattern code";
}

/* The shortest match of flat code, and of ALTs by a bound from below that is good enough. */
static uint64_t min_length(vt_span code)
{
	vt_reader r = vt_reader_of(code);
	struct vt_element e;
	uint64_t sum = 0;

	while (vt_element_next(&r, &e)) {
		if (e.fixed)
			sum += e.length;
		else if (e.op == VT_OP_GAP)
			sum += e.min;
	}
	return sum;
}

const char *vt_pattern_check(vt_span code, uint64_t *out_min)
{
	struct check *c = calloc(1, sizeof *c);
	const char *why;

	if (!c)
		return vt_err_text(VT_ENOMEM);
	c->why = code.n > 0 ? NULL : "empty pattern";
	c->pieces[c->n++] = (struct piece){.code = code};
	for (unsigned i = 0; i < c->n && !c->why; i++)
		check_piece(c, c->pieces[i]);
	why = c->why;
	free(c);
	if (!why)
		*out_min = min_length(code);
	return why;
}
