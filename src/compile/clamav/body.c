/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hexadecimal body becomes pattern code (ClamAV manual, "Body-based signature content format").
 * One pass, one buffer: elements are appended and the last one grows as long as its kind stays the
 * same, so that runs of fixed bytes come out as long as they can be. Alternatives are a stack of
 * open headers, filled in when they close.
 */
#include "base/num.h"
#include "compile/clamav/parse.h"

#define NONE SIZE_MAX
#define HEAD 3       /* op, u16 n */
#define ALT_HEAD 8   /* op, negated, u16 count, u32 length */
#define INLINE 128   /* ClamAV: a jump of exactly n < 128 bytes does not split a signature */
#define MAX_MASKED 4 /* "??" up to this many in a row are masked bytes, more are a gap */
#define MAX_RUN UINT16_MAX
#define MAX_ANCHOR 32 /* ClamAV: y of [x-y] */

static const char two_fixed[] = "two fixed bytes in a row are needed on each side of a jump";

struct frame {
	size_t start;  /* of the ALT element */
	size_t member; /* of the open member's length */
	size_t outer;  /* `last` of the level around */
	bool negated;
};

struct body {
	struct vt_clam *c;
	vt_buf *code;
	vt_span hex;
	size_t at;
	unsigned flags;
	size_t last;  /* the element that may grow, or NONE */
	uint64_t any; /* bytes of any value not yet written */
	/* of the part since the last jump, top level only */
	size_t fixed;     /* fixed bytes in a row */
	bool part_ok;     /* two of them seen */
	size_t tokens;    /* bytes, alternatives, jumps of all kinds in the part */
	bool split;       /* there was a jump */
	uint32_t lead[2]; /* see vt_clam_body */
	unsigned depth;
	struct frame frames[VT_PATTERN_DEPTH];
};

static vt_err bad(struct body *s, const char *why)
{
	return vt_clam_bad(s->c, why);
}

static void put16(struct body *s, size_t at, uint16_t v)
{
	memcpy(s->code->p + at, &v, sizeof v);
}

static void put32(struct body *s, size_t at, uint32_t v)
{
	memcpy(s->code->p + at, &v, sizeof v);
}

static uint16_t get16(const struct body *s, size_t at)
{
	uint16_t v;

	memcpy(&v, s->code->p + at, sizeof v);
	return v;
}

static uint32_t get32(const struct body *s, size_t at)
{
	uint32_t v;

	memcpy(&v, s->code->p + at, sizeof v);
	return v;
}

/* Appends one byte to the run that ends the level, or starts a run. */
static vt_err add_byte(struct body *s, uint8_t value, uint8_t mask)
{
	uint8_t op = mask == 0xff ? VT_OP_LIT : VT_OP_MASK;
	const uint8_t pair[] = {value, mask};
	const uint8_t head[HEAD] = {op};
	uint16_t n;
	vt_err err = VT_OK;

	if (s->last == NONE || s->code->p[s->last] != op || get16(s, s->last + 1) == MAX_RUN) {
		s->last = s->code->n;
		err = vt_buf_add(s->code, head, sizeof head);
	}
	if (!err)
		err = vt_buf_add(s->code, pair, op == VT_OP_LIT ? 1 : 2);
	if (err)
		return err;
	n = (uint16_t)(get16(s, s->last + 1) + 1);
	put16(s, s->last + 1, n);
	if (s->depth == 0) {
		s->fixed = op == VT_OP_LIT ? s->fixed + 1 : 0;
		s->part_ok |= s->fixed >= 2;
	}
	return VT_OK;
}

static vt_err add_gap(struct body *s, uint64_t min, uint64_t max)
{
	bool open = max >= VT_GAP_ANY;
	vt_err err;

	if (s->last != NONE && s->code->p[s->last] == VT_OP_GAP) {
		min += get32(s, s->last + 1);
		open |= get32(s, s->last + 5) == VT_GAP_ANY;
		max = open ? VT_GAP_ANY : max + get32(s, s->last + 5);
	} else {
		s->last = s->code->n;
		err = vt_buf_add_u8(s->code, VT_OP_GAP);
		if (!err)
			err = vt_buf_add_u64(s->code, 0);
		if (err)
			return err;
	}
	if (min >= VT_GAP_ANY || (!open && max >= VT_GAP_ANY))
		return bad(s, "a jump is longer than 4 GiB");
	put32(s, s->last + 1, (uint32_t)min);
	put32(s, s->last + 5, open ? VT_GAP_ANY : (uint32_t)max);
	if (s->depth == 0)
		s->fixed = 0;
	return VT_OK;
}

/* Writes the bytes of any value that were counted so far. */
static vt_err flush(struct body *s)
{
	uint64_t n = s->any;
	vt_err err = VT_OK;

	s->any = 0;
	if (n == 0)
		return VT_OK;
	if (n > MAX_MASKED || (s->last != NONE && s->code->p[s->last] == VT_OP_GAP))
		return add_gap(s, n, n);
	for (uint64_t i = 0; i < n && !err; i++)
		err = add_byte(s, 0, 0);
	return err;
}

/* One byte as the signature gives it: lower case and widened as the flags ask. */
static vt_err add_token(struct body *s, uint8_t value, uint8_t mask)
{
	vt_err err = VT_OK;

	s->tokens++;
	if (mask == 0) {
		s->any++;
		if (s->depth == 0)
			s->fixed = 0;
	} else {
		if (s->flags & VT_CLAM_NOCASE && mask == 0xff && value >= 'A' && value <= 'Z')
			value |= 0x20;
		err = flush(s);
		if (!err)
			err = add_byte(s, value, mask);
	}
	if (!err && s->flags & VT_CLAM_WIDE) {
		err = flush(s);
		if (!err)
			err = add_byte(s, 0, 0xff);
	}
	return err;
}

/* Two digits, either of which may be "?". */
static vt_err parse_byte(struct body *s)
{
	uint8_t value = 0, mask = 0;

	if (s->hex.n - s->at < 2)
		return bad(s, "half a byte: the hexadecimal digits are not in pairs");
	for (int i = 0; i < 2; i++) {
		uint8_t ch = s->hex.p[s->at + (size_t)i], v = vt_clam_hex_value[ch];

		if (v == 255 && ch != '?')
			return bad(s,
				vt_clam_hex_value[s->hex.p[s->at]] != 255
					? "half a byte: the hexadecimal digits are not in pairs"
					: "a character that is neither hexadecimal nor a wildcard");
		value = (uint8_t)(value << 4 | (v == 255 ? 0 : v));
		mask = (uint8_t)(mask << 4 | (v == 255 ? 0 : 15));
	}
	s->at += 2;
	return add_token(s, value, mask);
}

/* A jump of unknown length ends a part, which must hold something to search for. */
static vt_err end_part(struct body *s)
{
	if (!s->part_ok)
		return bad(s, two_fixed);
	s->split = true;
	s->part_ok = false;
	s->tokens = 0;
	s->fixed = 0;
	return VT_OK;
}

static vt_err parse_star(struct body *s)
{
	vt_err err;

	if (s->depth)
		return bad(s, "\"*\" inside of an alternative");
	s->at++;
	err = flush(s);
	if (!err)
		err = end_part(s);
	return err ? err : add_gap(s, 0, VT_GAP_ANY);
}

/* The bounds between two brackets; a bound that is missing stays as it is. */
static vt_err parse_bounds(struct body *s, uint8_t close, uint64_t *min, uint64_t *max)
{
	vt_span rest = vt_span_clip(s->hex, s->at + 1, s->hex.n);
	const uint8_t *end = rest.n ? memchr(rest.p, close, rest.n) : NULL;
	vt_span inside;

	if (!end)
		return bad(s, "a jump's closing bracket is missing");
	inside = vt_span_of(rest.p, (size_t)(end - rest.p));
	if (inside.n && !vt_clam_range(inside, min, max))
		return bad(s, "a jump is {n}, {-n}, {n-}, {n-m} or [x-y]");
	if (*min > *max)
		return bad(s, "a jump's lower bound is above its upper bound");
	if (*min >= VT_GAP_ANY || (*max >= VT_GAP_ANY && *max != UINT64_MAX))
		return bad(s, "a jump is longer than 4 GiB");
	s->at += inside.n + 2;
	return VT_OK;
}

static vt_err parse_jump(struct body *s)
{
	uint64_t min = 0, max = UINT64_MAX;
	size_t start = s->at + 1;
	vt_err err = parse_bounds(s, '}', &min, &max);

	if (err)
		return err;
	if (max == 0) /* observed: {0}, {-0} and {0-0} are any number of bytes */
		max = UINT64_MAX;
	if (min == max && min < INLINE && !memchr(s->hex.p + start, '-', s->at - start)) {
		s->any += min;
		s->tokens++;
		if (s->depth == 0)
			s->fixed = 0;
		return VT_OK;
	}
	if (s->depth)
		return bad(s, "inside of an alternative only jumps {n} with n < 128");
	err = flush(s);
	if (!err)
		err = end_part(s);
	return err ? err : add_gap(s, min, max == UINT64_MAX ? VT_GAP_ANY : max);
}

/* [x-y]: a single byte on one side, anchored to the string on the other. */
static vt_err parse_anchor(struct body *s)
{
	uint64_t min = 0, max = MAX_ANCHOR;
	vt_err err = parse_bounds(s, ']', &min, &max);

	if (err)
		return err;
	if (s->depth)
		return bad(s, "\"[\" inside of an alternative");
	if (max > MAX_ANCHOR)
		return bad(s, "the upper bound of [x-y] is above 32");
	if (s->tokens == 0 || s->at == s->hex.n)
		return bad(s, "[x-y] needs a byte on each side");
	if (!s->split && s->tokens == 1) {
		uint32_t one = s->flags & VT_CLAM_WIDE ? 2 : 1;

		s->lead[0] += one + (uint32_t)min;
		s->lead[1] += one + (uint32_t)max;
	}
	s->tokens++;
	err = flush(s);
	return err ? err : add_gap(s, min, max);
}

/* True if what follows is the end of the signature or of the part. */
static bool at_edge(const struct body *s, size_t at)
{
	vt_span rest = vt_span_clip(s->hex, at, s->hex.n);
	const uint8_t *end;

	if (rest.n == 0 || rest.p[0] == '*')
		return true;
	if (rest.p[0] != '{')
		return false;
	end = memchr(rest.p, '}', rest.n);
	return end && memchr(rest.p, '-', (size_t)(end - rest.p));
}

/* (L) among other bytes: LF or CRLF. */
static vt_err add_line_end(struct body *s)
{
	static const uint8_t code[] = {VT_OP_ALT, 0, 2, 0, 13, 0, 0, 0, /* 2 of them, 13 bytes */
		4, 0, VT_OP_LIT, 1, 0, '\n', 5, 0, VT_OP_LIT, 2, 0, '\r', '\n'};

	s->tokens++;
	s->last = NONE;
	s->fixed = 0;
	return vt_buf_add(s->code, code, sizeof code);
}

/*
 * (B), (L), (W). At an edge of a part they look at the byte outside and take up nothing, between
 * other bytes they take up what they look at (observed).
 */
static vt_err parse_bound(struct body *s, bool negated)
{
	uint8_t kind = s->hex.p[s->at + 1];
	enum vt_side side = VT_SIDE_HERE;
	size_t next = s->at + 3;
	vt_err err;

	if (s->depth)
		return bad(s, "a boundary inside of an alternative");
	s->at = next;
	while (vt_span_has(s->hex, next, 3) && s->hex.p[next] == '(' && s->hex.p[next + 2] == ')')
		next += 3;
	if (s->tokens == 0)
		side = VT_SIDE_BEFORE;
	else if (at_edge(s, next))
		side = VT_SIDE_AFTER;
	err = flush(s);
	if (!err && side == VT_SIDE_HERE && kind == VT_BOUND_LINE && !negated)
		return add_line_end(s);
	if (!err) {
		const uint8_t code[] = {VT_OP_BOUND, kind, (uint8_t)(side * 2u + negated)};

		err = vt_buf_add(s->code, code, sizeof code);
	}
	s->last = NONE;
	s->fixed = 0;
	if (side == VT_SIDE_HERE) {
		s->tokens++;
		s->any++;
	}
	return err;
}

static bool is_bound(const struct body *s)
{
	return vt_span_has(s->hex, s->at, 3) && s->hex.p[s->at + 2] == ')' &&
		memchr("BLW", s->hex.p[s->at + 1], 3);
}

static vt_err open_member(struct body *s, struct frame *f)
{
	f->member = s->code->n;
	s->last = NONE;
	return vt_buf_add_u16(s->code, 0);
}

static vt_err parse_open(struct body *s, bool negated)
{
	const uint8_t head[ALT_HEAD] = {VT_OP_ALT, negated};
	struct frame *f;
	vt_err err;

	if (s->depth == VT_PATTERN_DEPTH)
		return bad(s, "alternatives are nested more than 15 deep");
	if (s->depth && s->frames[s->depth - 1].negated)
		return bad(s, "a negated alternative holds another alternative");
	err = flush(s);
	if (err)
		return err;
	f = &s->frames[s->depth++];
	*f = (struct frame){.start = s->code->n, .outer = s->last, .negated = negated};
	s->at++;
	err = vt_buf_add(s->code, head, sizeof head);
	return err ? err : open_member(s, f);
}

/* Fills in the open member's length. */
static vt_err end_member(struct body *s)
{
	struct frame *f = &s->frames[s->depth - 1];
	uint16_t count = get16(s, f->start + 2);
	vt_err err = flush(s);
	size_t n = s->code->n - f->member - 2;

	if (err)
		return err;
	if (n == 0)
		return bad(s, "an alternative is empty");
	if (n > UINT16_MAX || count == UINT16_MAX)
		return bad(s, "an alternative is too long");
	put16(s, f->member, (uint16_t)n);
	put16(s, f->start + 2, (uint16_t)(count + 1));
	if (f->negated &&
		(s->code->p[f->member + 2] != VT_OP_LIT || get16(s, f->member + 3) != n - HEAD ||
			n != get16(s, f->start + ALT_HEAD)))
		return bad(s, "a negated alternative has wildcards, or members of several lengths");
	return VT_OK;
}

/*
 * If the members of the alternative at `start` are single bytes that one masked byte describes
 * exactly, as (41|61) is 41 under the mask df: that byte.
 */
static bool as_masked_byte(const struct body *s, size_t start, uint8_t *value, uint8_t *mask)
{
	const uint8_t *p = s->code->p;
	bool seen[256] = {false};
	unsigned distinct = 0;
	uint8_t differ = 0;
	size_t at = start + ALT_HEAD;
	uint8_t first = p[at + 2 + HEAD];

	for (; at < s->code->n; at += 2 + HEAD + 1) {
		uint8_t v = p[at + 2 + HEAD];

		if (get16(s, at) != HEAD + 1 || p[at + 2] != VT_OP_LIT)
			return false;
		distinct += !seen[v];
		seen[v] = true;
		differ |= v ^ first;
	}
	if (distinct != 1u << __builtin_popcount(differ))
		return false;
	if (s->flags & VT_CLAM_NOCASE && differ)
		return false; /* a mask does not fold case */
	*mask = (uint8_t)~differ;
	*value = first & *mask;
	return true;
}

static vt_err parse_close(struct body *s)
{
	struct frame *f = &s->frames[s->depth - 1];
	uint8_t value = 0, mask = 0;
	vt_err err = end_member(s);

	if (err)
		return err;
	s->at++;
	s->depth--;
	s->tokens++;
	if (!f->negated && as_masked_byte(s, f->start, &value, &mask)) {
		s->code->n = f->start;
		s->last = f->outer;
		return add_byte(s, value, mask);
	}
	put32(s, f->start + 4, (uint32_t)(s->code->n - f->start - ALT_HEAD));
	s->last = NONE;
	if (s->depth == 0)
		s->fixed = 0;
	return VT_OK;
}

static vt_err parse_paren(struct body *s)
{
	bool negated = s->hex.p[s->at] == '!';

	if (negated) {
		s->at++;
		if (s->at == s->hex.n || s->hex.p[s->at] != '(')
			return bad(s, "\"!\" is not followed by an alternative");
	}
	return is_bound(s) ? parse_bound(s, negated) : parse_open(s, negated);
}

static vt_err parse_next(struct body *s)
{
	vt_err err;

	switch (s->hex.p[s->at]) {
	case '*': return parse_star(s);
	case '{': return parse_jump(s);
	case '[': return parse_anchor(s);
	case '!':
	case '(': return parse_paren(s);
	case '|':
		if (s->depth == 0)
			return bad(s, "\"|\" outside of parentheses");
		err = end_member(s);
		s->at++;
		return err ? err : open_member(s, &s->frames[s->depth - 1]);
	case ')':
		if (s->depth == 0)
			return bad(s, "a closing parenthesis without an opening one");
		return parse_close(s);
	default: return parse_byte(s);
	}
}

vt_err vt_clam_body(struct vt_clam *c, vt_span hex, unsigned flags, struct vt_clam_body *out)
{
	struct body s = {.c = c, .code = &c->code, .hex = hex, .flags = flags, .last = NONE};
	vt_err err = VT_OK;
	char *code;

	vt_buf_clear(s.code);
	if (hex.n == 0)
		return vt_clam_bad(c, "the signature is empty");
	while (!err && s.at < hex.n)
		err = parse_next(&s);
	if (!err && s.depth)
		return vt_clam_bad(c, "a closing parenthesis is missing");
	if (!err)
		err = flush(&s);
	if (err)
		return err;
	if (!s.part_ok)
		return vt_clam_bad(
			c, s.split ? two_fixed : "the signature needs two fixed bytes in a row");
	code = vt_arena_copy(&c->arena, vt_buf_span(s.code));
	if (!code)
		return VT_ENOMEM;
	*out = (struct vt_clam_body){
		.code = vt_span_of(code, s.code->n),
		.lead_min = s.lead[0],
		.lead_max = s.lead[1],
	};
	return VT_OK;
}
