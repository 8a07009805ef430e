/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which subsignatures must be looked for so that no rule is missed: of a conjunction the cheapest
 * member, of an alternative all members.
 */
#include "base/num.h"
#include "compile/internal.h"
#include "engine/core/logic.h"

struct cover {
	vt_cost cost;
	uint64_t subs;
};

static const struct cover no_cover = {.cost = VT_COST_NONE};

static const char *check_node(const struct vt_logic_node *n, unsigned nsubs, unsigned depth)
{
	vt_reader r = vt_reader_of(n->body);
	struct vt_logic_node child;
	const char *why = NULL;

	if (n->compare > VT_CMP_LT)
		return "unknown comparison in logic";
	if (n->op == VT_LOGIC_SUB)
		return n->body.n == 1 && n->body.p[0] < nsubs
			? NULL
			: "logic names a subsignature that does not exist";
	if (n->op != VT_LOGIC_AND && n->op != VT_LOGIC_OR)
		return "unknown logic operator";
	if (depth == VT_LOGIC_DEPTH)
		return "logic is nested too deep";
	if (n->body.n == 0)
		return "empty group in logic";
	while (!why && vt_logic_next(&r, &child))
		why = check_node(&child, nsubs, depth + 1); /* bounded by VT_LOGIC_DEPTH */
	return why ? why : r.bad ? "malformed logic code" : NULL;
}

const char *vt_logic_check(vt_span code, unsigned nsubs)
{
	vt_reader r = vt_reader_of(code);
	struct vt_logic_node n;

	if (!vt_logic_next(&r, &n) || vt_reader_left(&r))
		return "malformed logic code";
	return check_node(&n, nsubs, 0);
}

static struct cover join(struct cover a, struct cover b)
{
	return (struct cover){.cost = vt_cost_add(a.cost, b.cost), .subs = a.subs | b.subs};
}

/*
 * The rule at hand, and what is known of its subsignatures: triggers may name them any number of
 * times, and, in a rule that is not well made, in a circle.
 */
struct covering {
	const struct vt_builder *b;
	const struct vt_image_rule *rule;
	struct cover subs[VT_MAX_SUBS];
	bool seen[VT_MAX_SUBS];
};

static struct cover cover_logic(struct covering *g, vt_span code, unsigned depth);

/* What one look at an object's first bytes is worth: dearer than a rare literal, cheaper than most.
 */
#define HEAD_COST ((vt_cost)1 << 10)

vt_cost vt_sub_anchors(const struct vt_builder *b, const struct vt_image_sub *s, uint32_t pattern,
	struct vt_anchor out[VT_ANCHORS_MAX], size_t *out_n)
{
	const struct vt_image_pattern *p =
		vt_vec_data(&b->patterns, struct vt_image_pattern) + pattern;
	vt_span code = vt_span_of(b->code.p + p->code, p->code_size);
	vt_cost cost = vt_anchor_choose(code, out, out_n);

	if (cost > HEAD_COST && s->offset_kind == VT_OFF_ABS && s->offset_value == 0 &&
		s->shift == 0 && vt_anchor_head(code, out)) {
		*out_n = 1;
		return HEAD_COST;
	}
	return cost;
}

static struct cover cover_content(
	const struct vt_builder *b, const struct vt_image_sub *s, unsigned i)
{
	struct cover c = {.subs = 1ull << i};

	for (uint32_t k = 0; k < s->npatterns; k++) {
		struct vt_anchor anchors[VT_ANCHORS_MAX];
		size_t n;

		c.cost = vt_cost_add(
			c.cost, vt_sub_anchors(b, s, s->first_pattern + k, anchors, &n));
	}
	return c;
}

static struct cover cover_sub(struct covering *g, unsigned i, unsigned depth);

static struct cover cover_new_sub(struct covering *g, unsigned i, unsigned depth)
{
	const struct vt_image_sub *s =
		vt_vec_data(&g->b->subs, struct vt_image_sub) + g->rule->first_sub + i;
	const uint8_t *code = g->b->code.p;
	struct vt_image_byte_compare c;

	switch (s->kind) {
	case VT_SUB_CONTENT:
		return s->offset_kind == VT_OFF_MACRO ? no_cover : cover_content(g->b, s, i);
	case VT_SUB_PCRE: /* runs only if its trigger holds */
		return s->b_size ? cover_logic(g, vt_span_of(code + s->b, s->b_size), depth)
				 : no_cover;
	case VT_SUB_BYTECMP:
		memcpy(&c, code + s->a, sizeof c);
		return cover_sub(g, c.trigger, depth);
	case VT_SUB_MACRO: /* starts from the match of the subsignature before it */
		return i ? cover_sub(g, i - 1, depth) : no_cover;
	default: return no_cover;
	}
}

static struct cover cover_sub(struct covering *g, unsigned i, unsigned depth)
{
	if (i >= g->rule->nsubs || depth > 2 * VT_LOGIC_DEPTH)
		return no_cover;
	if (!g->seen[i]) {
		g->seen[i] = true;
		g->subs[i] = no_cover; /* for a circle */
		g->subs[i] = cover_new_sub(g, i, depth + 1);
	}
	return g->subs[i];
}

/*
 * All children together, less the `spare` dearest ones: those that may miss when so many distinct
 * subsignatures must hit. A group among the children may bring several, so then none is spared.
 */
static struct cover cover_any(struct covering *g, vt_span body, uint32_t spare, unsigned depth)
{
	vt_reader r = vt_reader_of(body);
	struct cover children[VT_MAX_SUBS], sum = {0};
	size_t n = 0, worst;

	while (vt_reader_left(&r) && !r.bad) {
		size_t from = r.at;
		struct vt_logic_node child;

		if (!vt_logic_next(&r, &child) || n == VT_COUNT(children))
			return no_cover;
		if (child.op != VT_LOGIC_SUB)
			spare = 0;
		children[n++] = cover_logic(g, vt_span_of(body.p + from, r.at - from), depth);
	}
	while (spare-- && n > 1) {
		worst = 0;
		for (size_t i = 1; i < n; i++)
			worst = children[i].cost > children[worst].cost ? i : worst;
		children[worst] = children[--n];
	}
	for (size_t i = 0; i < n; i++)
		sum = join(sum, children[i]);
	return sum;
}

static struct cover cover_cheapest(struct covering *g, vt_span body, unsigned depth)
{
	vt_reader r = vt_reader_of(body);
	struct cover best = no_cover;

	while (vt_reader_left(&r)) {
		size_t from = r.at;
		struct vt_logic_node child;
		struct cover c;

		if (!vt_logic_next(&r, &child))
			return no_cover;
		c = cover_logic(g, vt_span_of(body.p + from, r.at - from), depth);
		if (c.cost < best.cost)
			best = c;
	}
	return best;
}

/* Depth is bounded: vt_logic_check() has seen the code. */
static struct cover cover_logic(struct covering *g, vt_span code, unsigned depth)
{
	vt_reader r = vt_reader_of(code);
	struct vt_logic_node n;

	if (!vt_logic_next(&r, &n))
		return no_cover;
	/* "fewer than" and "none" hold in objects without any hit */
	if (n.compare == VT_CMP_LT || (n.compare == VT_CMP_EQ && n.x == 0))
		return no_cover;
	if (n.op == VT_LOGIC_SUB)
		return cover_sub(g, n.body.p[0], depth + 1);
	if (n.op == VT_LOGIC_AND && n.compare == VT_CMP_NONE)
		return cover_cheapest(g, n.body, depth + 1);
	if (n.compare == VT_CMP_NONE || n.y == 0)
		return cover_any(g, n.body, 0, depth + 1);
	return cover_any(g, n.body, n.y - 1, depth + 1);
}

vt_cost vt_cover(const struct vt_builder *b, const struct vt_image_rule *r, uint64_t *out_subs)
{
	struct covering g = {.b = b, .rule = r};
	struct cover c = cover_logic(&g, vt_span_of(b->code.p + r->logic, r->logic_size), 0);

	*out_subs = c.subs;
	return c.cost;
}
