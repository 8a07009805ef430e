/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical expressions become logic code (ClamAV manual, "Logical signatures"). "&" and "|" have
 * one and the same precedence and group to the right: 0&1|2 is 0&(1|2); but the last operator in a
 * pair of parentheses takes all that is before it: (0&1|2) is ((0&1)|2) (observed). A comparison
 * binds to the subsignature or group right before it.
 *
 * Code is written left to right. That a term is the first of a group shows only at the operator
 * behind it, so the group's header is then inserted before that term. A run of the same operator
 * is one group; another operator opens a group inside of the last term's place.
 */
#include "compile/clamav/parse.h"

#define HEAD 12 /* op, compare, u32 x, u32 y, u16 length of what follows */

struct group {
	size_t start; /* of its header; of its first term while op is 0 */
	uint8_t op;   /* 0: an open parenthesis with one term so far */
	bool paren;   /* opened by a parenthesis (or the whole expression) */
};

struct logic {
	struct vt_clam *c;
	vt_buf *code;
	vt_span s;
	size_t at;
	size_t term; /* where the last term starts */
	unsigned ids;
	unsigned depth;
	struct group groups[VT_LOGIC_DEPTH];
};

static vt_err bad(struct logic *l, const char *why)
{
	return vt_clam_bad(l->c, why);
}

static void skip_blanks(struct logic *l)
{
	while (l->at < l->s.n && l->s.p[l->at] == ' ')
		l->at++;
}

static uint8_t peek(struct logic *l)
{
	skip_blanks(l);
	return l->at < l->s.n ? l->s.p[l->at] : 0;
}

static vt_err open_group(struct logic *l, size_t start, uint8_t op, bool paren)
{
	if (l->depth == VT_LOGIC_DEPTH)
		return bad(l, "the logical expression is nested more than 32 deep");
	l->groups[l->depth++] = (struct group){.start = start, .op = op, .paren = paren};
	return VT_OK;
}

/* Puts a header before the code from `start` on. */
static vt_err insert_head(struct logic *l, size_t start, uint8_t op)
{
	const uint8_t head[HEAD] = {op, VT_CMP_NONE};
	vt_err err = vt_buf_add(l->code, head, sizeof head);

	if (err)
		return err;
	memmove(l->code->p + start + HEAD, l->code->p + start, l->code->n - HEAD - start);
	memcpy(l->code->p + start, head, sizeof head);
	return VT_OK;
}

/* The length of what follows the header at `start`, now that it is complete. */
static vt_err finish_head(struct logic *l, size_t start)
{
	size_t n = l->code->n - start - HEAD;
	uint16_t n16 = (uint16_t)n;

	if (n > UINT16_MAX)
		return bad(l, "the logical expression is too long");
	memcpy(l->code->p + start + HEAD - 2, &n16, sizeof n16);
	return VT_OK;
}

static vt_err parse_sub(struct logic *l)
{
	const uint8_t head[HEAD] = {VT_LOGIC_SUB, VT_CMP_NONE, [HEAD - 2] = 1};
	uint64_t id = 0;
	vt_err err;

	if (!vt_clam_digits(l->s, &l->at, UINT32_MAX, &id))
		return bad(l,
			l->at == l->s.n ? "the logical expression ends too early"
					: "a subsignature's number is missing in the "
					  "logical expression");
	if (id >= VT_MAX_SUBS)
		return bad(l, "the logical expression names a subsignature above 63");
	if (id >= l->ids)
		l->ids = (unsigned)id + 1;
	l->term = l->code->n;
	err = vt_buf_add(l->code, head, sizeof head);
	return err ? err : vt_buf_add_u8(l->code, (uint8_t)id);
}

static enum vt_compare compare_of(uint8_t ch)
{
	return ch == '=' ? VT_CMP_EQ : ch == '>' ? VT_CMP_GT : ch == '<' ? VT_CMP_LT : VT_CMP_NONE;
}

/*
 * =X  >X  <X, each with ,Y or not, after the term that starts at l->term. Observed, and used by
 * published signatures: of several signs in a row the last counts (">=2" is "=2"), the number
 * behind a comma may be missing, and ",Y" with no sign before it means nothing.
 */
static vt_err parse_compare(struct logic *l)
{
	uint8_t cmp = VT_CMP_NONE;
	uint64_t x = 0, y = 0;
	uint32_t xy[2];
	vt_err err = VT_OK;

	for (; compare_of(peek(l)); l->at++)
		cmp = (uint8_t)compare_of(peek(l));
	if (cmp && !vt_clam_digits(l->s, &l->at, UINT32_MAX, &x))
		return bad(l, "a number is missing after \"=\", \"<\" or \">\"");
	if (peek(l) == ',') {
		l->at++;
		skip_blanks(l);
		(void)vt_clam_digits(l->s, &l->at, UINT32_MAX, &y);
	}
	if (!cmp)
		return VT_OK;
	if (l->code->p[l->term] == VT_LOGIC_SUB)
		y = 0; /* a single subsignature is always one of one (observed) */
	if (l->code->p[l->term + 1] != VT_CMP_NONE) { /* ((0>1))=1 */
		err = insert_head(l, l->term, VT_LOGIC_OR);
		if (!err)
			err = finish_head(l, l->term);
	}
	if (err)
		return err;
	xy[0] = (uint32_t)x;
	xy[1] = (uint32_t)y;
	l->code->p[l->term + 1] = cmp;
	memcpy(l->code->p + l->term + 2, xy, sizeof xy);
	return VT_OK;
}

/* True at the last operator in a pair of parentheses. */
static bool is_last_operator(const struct logic *l)
{
	unsigned level = 0;

	for (size_t i = l->at + 1; i < l->s.n; i++) {
		uint8_t ch = l->s.p[i];

		if (level == 0 && (ch == ')' || ch == '&' || ch == '|'))
			return ch == ')';
		level += ch == '(';
		level -= ch == ')';
	}
	return false;
}

/* Everything since the parenthesis becomes one term, that the group of `op` begins with. */
static vt_err take_all(struct logic *l, uint8_t op)
{
	struct group *g = &l->groups[l->depth - 1];
	vt_err err = VT_OK;

	for (; !err && !g->paren; g = &l->groups[--l->depth - 1])
		err = finish_head(l, g->start);
	if (err || g->op == op)
		return err;
	g->op = op;
	err = finish_head(l, g->start);
	return err ? err : insert_head(l, g->start, op);
}

/* An operator after a term: the group goes on, gets its header, or a group inside it opens. */
static vt_err parse_operator(struct logic *l)
{
	uint8_t op = l->s.p[l->at] == '&' ? VT_LOGIC_AND : VT_LOGIC_OR;
	struct group *g = &l->groups[l->depth - 1];
	vt_err err = VT_OK;

	if (g->op && is_last_operator(l)) {
		l->at++;
		return take_all(l, op);
	}
	l->at++;
	if (g->op == op)
		return VT_OK;
	if (g->op)
		err = open_group(l, l->term, op, false);
	else
		g->op = op;
	return err ? err : insert_head(l, l->term, op);
}

/* Closes the groups up to and including the last one that a parenthesis opened. */
static vt_err close_groups(struct logic *l)
{
	struct group *g;

	do {
		vt_err err;

		g = &l->groups[--l->depth];
		err = g->op ? finish_head(l, g->start) : VT_OK;
		if (err)
			return err;
		l->term = g->start;
	} while (!g->paren);
	return VT_OK;
}

static vt_err parse_all(struct logic *l)
{
	vt_err err = open_group(l, 0, 0, true);

	while (!err) {
		while (!err && peek(l) == '(') {
			l->at++;
			err = open_group(l, l->code->n, 0, true);
		}
		if (!err)
			err = parse_sub(l);
		if (!err)
			err = parse_compare(l);
		while (!err && peek(l) == ')') {
			l->at++;
			err = close_groups(l);
			if (!err && l->depth == 0)
				return bad(l, "a closing parenthesis without an opening one");
			if (!err)
				err = parse_compare(l);
		}
		if (err || peek(l) == 0)
			break;
		if (peek(l) != '&' && peek(l) != '|')
			return bad(l, "\"&\" or \"|\" is missing in the logical expression");
		err = parse_operator(l);
	}
	if (!err)
		err = close_groups(l);
	if (!err && l->depth)
		return bad(l, "a closing parenthesis is missing in the logical expression");
	if (!err && l->at != l->s.n)
		return bad(l, "the logical expression holds a NUL byte");
	return err;
}

vt_err vt_clam_logic(struct vt_clam *c, vt_span s, unsigned *out_ids, vt_span *out_code)
{
	struct logic l = {.c = c, .code = &c->code, .s = s};
	char *code;
	vt_err err;

	vt_buf_clear(l.code);
	err = parse_all(&l);
	if (err)
		return err;
	code = vt_arena_copy(&c->arena, vt_buf_span(l.code));
	if (!code)
		return VT_ENOMEM;
	*out_ids = l.ids;
	*out_code = vt_span_of(code, l.code->n);
	return VT_OK;
}
