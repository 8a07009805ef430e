/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of generators: each gives the places of its part in rising order, and asks the one before
 * it for ends until one lies within the gap's reach.
 */
#include "engine/match/parts.h"

#define PARTS_MAX 64

struct part {
	vt_span code;
	uint64_t gap_min, gap_max; /* in front of it; gap_max = UINT64_MAX: any */
	uint64_t next;             /* where to look for the next place */
	uint64_t start, end;       /* of the place at hand */
	bool found, done;
};

struct chain {
	struct vt_matcher *m;
	struct vt_steps *steps;
	vt_span bytes;
	uint32_t flags;
	uint64_t to; /* the first part starts here at the latest */
	unsigned n;
	struct part parts[PARTS_MAX];
};

/* Cuts the code at its variable gaps; false if there are too many, or one at an end. */
static bool cut(vt_span code, struct chain *c)
{
	vt_reader r = vt_reader_of(code);
	struct vt_element e;
	size_t from = 0;

	c->n = 0;
	c->parts[0] = (struct part){0};
	while (vt_element_next(&r, &e)) {
		if (e.op != VT_OP_GAP || e.fixed)
			continue;
		c->parts[c->n].code = vt_span_clip(code, from, e.at - from);
		if (e.at == from || ++c->n == PARTS_MAX)
			return false;
		c->parts[c->n] = (struct part){
			.gap_min = e.min,
			.gap_max = e.max == VT_GAP_ANY ? UINT64_MAX : e.max,
		};
		from = r.at;
	}
	c->parts[c->n].code = vt_span_clip(code, from, code.n);
	return !r.bad && c->parts[c->n++].code.n > 0;
}

/* The next place of part i, wherever the parts before it stand. */
static bool next_place(struct chain *c, unsigned i)
{
	struct part *p = &c->parts[i];
	uint64_t last = i == 0 ? c->to : c->bytes.n;

	p->found = !p->done &&
		vt_pattern_search(c->m, c->steps, c->bytes, p->code, c->flags, p->next, last,
			&p->start, &p->end);
	p->done = !p->found;
	p->next = p->start + 1;
	return p->found;
}

static bool advance(struct chain *c, unsigned i);

/* Can part i stand at its place, behind some end of the part before it? Ends only go up. */
static bool reachable(struct chain *c, unsigned i)
{
	struct part *p = &c->parts[i], *before = &c->parts[i - 1];

	if (!before->found && !advance(c, i - 1))
		return false;
	while (p->gap_max != UINT64_MAX && before->end + p->gap_max < p->start) {
		if (!advance(c, i - 1))
			return false;
	}
	return before->end + p->gap_min <= p->start;
}

/* Moves part i on to its next place that can be reached; at most PARTS_MAX deep. */
static bool advance(struct chain *c, unsigned i)
{
	while (next_place(c, i)) {
		if (i == 0 || reachable(c, i))
			return true;
		if (!c->parts[i - 1].found)
			return false; /* nothing before it is left */
	}
	return false;
}

bool vt_pattern_has_parts(vt_span code)
{
	struct chain c;

	return cut(code, &c) && c.n > 1;
}

uint32_t vt_pattern_count(struct vt_matcher *m, struct vt_steps *steps, vt_span bytes, vt_span code,
	uint32_t flags, uint64_t from, uint64_t to, uint32_t need)
{
	struct chain c = {.m = m, .steps = steps, .bytes = bytes, .flags = flags, .to = to};
	uint32_t count = 0;

	if (!cut(code, &c))
		return 0;
	c.parts[0].next = from;
	while (count < need && advance(&c, c.n - 1))
		count++;
	return count;
}
