/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backtracking matcher with explicit stacks. A choice is a gap that may be longer or an
 * alternative that may be another one; a continuation is where to go on behind a nested
 * alternative. An unbounded gap cuts: whatever could follow a later match of the part before it
 * could follow the earliest one too, so earlier choices are forgotten.
 */
#include "engine/match/pattern.h"

#include <stdlib.h>

#include "base/num.h"
#include "engine/match/find.h"

#define MAX_CHOICES 1024
#define MAX_CONTS 2048
#define NO_CONT (-1)
#define FIND_PIECE ((uint64_t)64 << 10)
#define BYTES_PER_STEP 512
#define ELEMENT_BYTES 64 /* of its code: an element with more costs more than one step */

struct cont {
	vt_span rest;
	int parent;
};

struct choice {
	vt_span rest;  /* GAP: code behind it; ALT: code from the next alternative on */
	vt_span after; /* ALT: code behind the ALT */
	uint64_t pos;
	uint64_t more; /* GAP: how much longer it may get; ALT: alternatives left */
	int cont;
	unsigned nconts;
	bool alt;
};

struct vt_matcher {
	struct choice choices[MAX_CHOICES];
	struct cont conts[MAX_CONTS];
};

/* The state of one attempt. */
struct run {
	struct vt_matcher *m;
	struct vt_steps *steps;
	vt_span bytes;
	bool nocase;
	vt_span rest;
	uint64_t pos;
	int cont;
	unsigned nconts, nchoices;
	bool cut;       /* an unbounded gap was reached */
	bool completed; /* all elements matched once */
};

vt_err vt_matcher_new(struct vt_matcher **out)
{
	struct vt_matcher *m = malloc(sizeof *m);

	if (!m)
		return VT_ENOMEM;
	*out = m;
	return VT_OK;
}

void vt_matcher_free(struct vt_matcher *m)
{
	free(m);
}

static bool is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (vt_lower(c) >= 'a' && vt_lower(c) <= 'z');
}

static bool masked_same(const uint8_t *p, const uint8_t *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((p[i] & pairs[2 * i + 1]) != pairs[2 * i])
			return false;
	}
	return true;
}

static bool is_delimiter(uint8_t c, uint8_t side)
{
	static const char *const of[] = {
		[VT_SIDE_BEFORE] = " -./<@_",
		[VT_SIDE_AFTER] = "\n\r \"'-/=>_",
		[VT_SIDE_HERE] = "\n\r \"'-./<=>@_",
	};

	return c && strchr(of[side], c);
}

/*
 * ClamAV manual, "Character classes"; which bytes count on which side is observed. Not before a
 * word is no byte that delimits on any side; not at an end of the object, which delimits.
 */
static bool bound_holds(vt_span bytes, const struct vt_element *e, uint64_t pos)
{
	bool before = e->side == VT_SIDE_BEFORE;
	bool at_end = before ? pos == 0 : pos >= bytes.n;
	uint8_t c;

	if (at_end)
		return e->side != VT_SIDE_HERE && !e->negated;
	c = bytes.p[before ? pos - 1 : pos];
	if (e->kind == VT_BOUND_WORD)
		return is_delimiter(c, e->negated && before ? VT_SIDE_HERE : e->side) != e->negated;
	if (e->kind == VT_BOUND_NONWORD)
		return is_alnum(c) == e->negated;
	if (e->side == VT_SIDE_AFTER && c == '\r' && pos + 1 < bytes.n)
		c = bytes.p[pos + 1];
	return (c == '\n') != e->negated;
}

/* One element of fixed length, without choices, at pos. ALT only if its alternatives are flat. */
static bool fixed_at(vt_span bytes, const struct vt_element *e, bool nocase, uint64_t pos);

/* Flat code (LIT, MASK, fixed GAP) at pos. */
static bool flat_at(vt_span bytes, vt_span code, bool nocase, uint64_t pos)
{
	vt_reader r = vt_reader_of(code);
	struct vt_element e;

	while (vt_element_next(&r, &e)) {
		if (e.op == VT_OP_ALT || !e.fixed || !fixed_at(bytes, &e, nocase, pos))
			return false;
		pos += e.length;
	}
	return !r.bad;
}

static bool fixed_alt_at(vt_span bytes, const struct vt_element *e, bool nocase, uint64_t pos)
{
	vt_reader r = vt_reader_of(e->data);

	for (unsigned i = 0; i < e->count; i++) {
		vt_span alt = vt_read_span(&r, vt_read_u16le(&r));

		if (r.bad)
			return false;
		if (flat_at(bytes, alt, nocase, pos))
			return !e->negated;
	}
	return e->negated;
}

static bool fixed_at(vt_span bytes, const struct vt_element *e, bool nocase, uint64_t pos)
{
	if (e->op != VT_OP_BOUND && !vt_span_has(bytes, pos, e->length))
		return false;
	switch (e->op) {
	case VT_OP_LIT: return vt_same(bytes.p + pos, e->data.p, e->count, nocase);
	case VT_OP_MASK: return masked_same(bytes.p + pos, e->data.p, e->count);
	case VT_OP_BOUND: return bound_holds(bytes, e, pos);
	case VT_OP_ALT: return fixed_alt_at(bytes, e, nocase, pos);
	default: return true; /* a fixed GAP */
	}
}

bool vt_pattern_run_at(vt_span bytes, vt_span code, uint32_t flags, uint32_t run, uint64_t at)
{
	vt_reader r = {.s = code, .at = run};
	struct vt_element e;

	if (run > code.n)
		return false;
	while (vt_element_next(&r, &e) && e.fixed) {
		if (!fixed_at(bytes, &e, flags & VT_PATTERN_NOCASE, at))
			return false;
		at += e.length;
	}
	return !r.bad;
}

/* Enters the alternative at the front of `alts`; the others stay as a choice. */
static bool enter_alt(struct run *s, vt_span alts, uint64_t left, vt_span after)
{
	vt_reader r = vt_reader_of(alts);
	vt_span alt = vt_read_span(&r, vt_read_u16le(&r));

	if (r.bad || s->nconts == MAX_CONTS || s->nchoices == MAX_CHOICES) {
		s->steps->exhausted |= !r.bad;
		return false;
	}
	if (left > 1) {
		s->m->choices[s->nchoices++] = (struct choice){
			.rest = vt_span_clip(alts, r.at, alts.n),
			.after = after,
			.pos = s->pos,
			.more = left - 1,
			.cont = s->cont,
			.nconts = s->nconts,
			.alt = true,
		};
	}
	s->m->conts[s->nconts] = (struct cont){.rest = after, .parent = s->cont};
	s->cont = (int)s->nconts++;
	s->rest = alt;
	return true;
}

/* vt_find() in pieces, each of which is paid for. */
static bool find_literal(struct vt_steps *steps, vt_span bytes, uint64_t from, uint64_t to,
	vt_span lit, bool nocase, size_t *out)
{
	bool hit = false;

	to = vt_min_u64(to, bytes.n);
	for (; from <= to && !hit; from += FIND_PIECE) {
		uint64_t last = vt_min_u64(to, from + FIND_PIECE - 1);

		hit = vt_find(bytes, from, last, lit.p, lit.n, nocase, out);
		if (!vt_steps_spend(steps, 1 + ((hit ? *out : last) - from) / BYTES_PER_STEP))
			return false;
	}
	return hit;
}

/*
 * Moves to the first place in the gap where what follows can stand: if that is a literal, straight
 * to it. Leaves a choice for the places behind.
 */
static bool enter_gap(struct run *s, vt_span rest, uint64_t more)
{
	vt_reader r = vt_reader_of(rest);
	struct vt_element e;
	uint64_t from = s->pos;
	size_t hit;

	if (from > s->bytes.n)
		return false;
	more = vt_min_u64(more, s->bytes.n - from);
	if (vt_element_next(&r, &e) && e.op == VT_OP_LIT && e.count) {
		if (!find_literal(s->steps, s->bytes, from, from + more, e.data, s->nocase, &hit))
			return false;
		more -= hit - from;
		s->pos = hit;
	}
	if (more) {
		if (s->nchoices == MAX_CHOICES) {
			s->steps->exhausted = true;
			return false;
		}
		s->m->choices[s->nchoices++] = (struct choice){
			.rest = rest,
			.pos = s->pos + 1,
			.more = more - 1,
			.cont = s->cont,
			.nconts = s->nconts,
		};
	}
	s->rest = rest;
	return true;
}

/* Goes back to the last choice that is left; false if there is none. */
static bool backtrack(struct run *s)
{
	while (s->nchoices) {
		struct choice c = s->m->choices[--s->nchoices];

		if (!vt_steps_spend(s->steps, 1))
			return false;
		s->pos = c.pos;
		s->cont = c.cont;
		s->nconts = c.nconts;
		if (c.alt ? enter_alt(s, c.rest, c.more, c.after) : enter_gap(s, c.rest, c.more))
			return true;
	}
	return false;
}

/* Takes one element; false: it does not match here. */
static bool step(struct run *s)
{
	vt_reader r = vt_reader_of(s->rest);
	struct vt_element e;
	vt_span after;

	if (!vt_element_next(&r, &e) || !vt_steps_spend(s->steps, e.data.n / ELEMENT_BYTES))
		return false;
	after = vt_span_clip(s->rest, r.at, s->rest.n);
	if (e.fixed) {
		if (!fixed_at(s->bytes, &e, s->nocase, s->pos))
			return false;
		s->pos += e.length;
		s->rest = after;
		return true;
	}
	if (e.op == VT_OP_ALT)
		return !e.negated && enter_alt(s, e.data, e.count, after);
	if (e.max == VT_GAP_ANY && s->cont == NO_CONT) {
		s->nchoices = 0;
		s->cut = true;
	}
	s->pos += e.min;
	return enter_gap(s, after, e.max == VT_GAP_ANY ? UINT64_MAX : e.max - e.min);
}

/* An alphanumeric character stands at pos, in one byte or in two. */
static bool alnum_at(vt_span bytes, uint64_t pos, bool wide)
{
	return pos < bytes.n && is_alnum(bytes.p[pos]) &&
		(!wide || (pos + 1 < bytes.n && bytes.p[pos + 1] == 0));
}

static bool fullword_ok(vt_span bytes, uint32_t flags, uint64_t start, uint64_t end)
{
	bool wide = flags & VT_PATTERN_WIDE;
	unsigned width = wide ? 2 : 1;

	if (!(flags & VT_PATTERN_FULLWORD))
		return true;
	return !(start >= width && alnum_at(bytes, start - width, wide)) &&
		!alnum_at(bytes, end, wide);
}

/*
 * One attempt at `at`. *out_hopeless: it failed behind an unbounded gap, so what is missing there
 * is missing for every later start as well.
 */
static bool attempt(struct vt_matcher *m, struct vt_steps *steps, vt_span bytes, vt_span code,
	uint32_t flags, uint64_t at, uint64_t *out_end, bool *out_hopeless)
{
	struct run s = {
		.m = m,
		.steps = steps,
		.bytes = bytes,
		.nocase = (flags & VT_PATTERN_NOCASE) != 0,
		.rest = code,
		.pos = at,
		.cont = NO_CONT,
	};

	while (vt_steps_spend(steps, 1)) {
		if (s.rest.n == 0 && s.cont == NO_CONT) {
			s.completed = true;
			if (fullword_ok(bytes, flags, at, s.pos)) {
				*out_end = s.pos;
				return true;
			}
		} else if (s.rest.n == 0) {
			s.rest = m->conts[s.cont].rest;
			s.cont = m->conts[s.cont].parent;
			continue;
		} else if (step(&s)) {
			continue;
		}
		if (!backtrack(&s))
			break;
	}
	*out_hopeless = s.cut && !s.completed;
	return false;
}

/* The longest literal in the run of fixed elements at the start of the code. */
static bool start_key(vt_span code, vt_span *out_lit, uint64_t *out_distance)
{
	vt_reader r = vt_reader_of(code);
	struct vt_element e;
	uint64_t distance = 0;

	*out_lit = (vt_span){0};
	while (vt_element_next(&r, &e) && e.fixed) {
		if (e.op == VT_OP_LIT && e.count > out_lit->n) {
			*out_lit = e.data;
			*out_distance = distance;
		}
		distance += e.length;
	}
	return out_lit->n > 0;
}

/* A pattern can't match where one of its longer top-level literals does not occur at all. */
static bool literals_occur(
	struct vt_steps *steps, vt_span bytes, vt_span code, bool nocase, uint64_t from)
{
	vt_reader r = vt_reader_of(code);
	struct vt_element e;
	size_t hit;

	while (vt_element_next(&r, &e)) {
		if (e.op == VT_OP_LIT && e.count >= 4 &&
			!find_literal(steps, bytes, from, UINT64_MAX, e.data, nocase, &hit))
			return false;
	}
	return true;
}

bool vt_pattern_search(struct vt_matcher *m, struct vt_steps *steps, vt_span bytes, vt_span code,
	uint32_t flags, uint64_t from, uint64_t to, uint64_t *out_start, uint64_t *out_end)
{
	bool nocase = flags & VT_PATTERN_NOCASE, hopeless = false;
	uint64_t distance = 0;
	bool keyed;
	vt_span key;
	size_t hit;

	to = vt_min_u64(to, bytes.n);
	if (from > to)
		return false;
	keyed = start_key(code, &key, &distance);
	if (!keyed && to - from > 256 && !literals_occur(steps, bytes, code, nocase, from))
		return false;
	for (; from <= to && !hopeless && vt_steps_spend(steps, 1); from++) {
		if (keyed) {
			if (from + distance > bytes.n ||
				!find_literal(steps, bytes, from + distance, to + distance, key,
					nocase, &hit))
				return false;
			from = hit - distance;
		}
		if (attempt(m, steps, bytes, code, flags, from, out_end, &hopeless)) {
			*out_start = from;
			return true;
		}
	}
	return false;
}
