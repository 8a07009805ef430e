/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cond/eval.h"

#include <stdlib.h>

#include "base/num.h"
#include "engine/cond/sub.h"
#include "engine/core/logic.h"

vt_err vt_eval_new(const struct vt_db *db, struct vt_eval **out)
{
	struct vt_eval *e = calloc(1, sizeof *e);
	vt_err err = VT_ENOMEM;

	if (!e)
		return VT_ENOMEM;
	e->db = db;
	err = vt_matcher_new(&e->matcher);
	if (!err)
		err = vt_regexes_new(&e->regexes);
	if (err)
		vt_eval_free(e);
	else
		*out = e;
	return err;
}

void vt_eval_free(struct vt_eval *e)
{
	if (!e)
		return;
	vt_matcher_free(e->matcher);
	vt_regexes_free(e->regexes);
	free(e);
}

/* ClamAV manual, "Logical signatures": the target description block. */
static bool intermediates_fit(const struct vt_object *o, const struct vt_image_tdb *t)
{
	unsigned n = t->nintermediates;

	if (n > VT_MAX_INTERMEDIATES || n > o->nparents)
		return false;
	/* given outermost first; parents are innermost first */
	for (unsigned i = 0; i < n; i++) {
		uint16_t want = t->intermediates[n - 1 - i];

		if (want != VT_TYPE_ANY && !vt_type_is(o->parents[i], (vt_type)want))
			return false;
	}
	return true;
}

static bool description_fits(const struct vt_object *o, const struct vt_image_tdb *t)
{
	if (o->bytes.n < t->size_min || o->bytes.n > t->size_max)
		return false;
	if (t->has_entry &&
		(!o->has_exe || !o->exe.has_entry || o->exe.entry < t->entry_min ||
			o->exe.entry > t->entry_max))
		return false;
	if (t->has_sections &&
		(!o->has_exe || o->exe.nsections < t->sections_min ||
			o->exe.nsections > t->sections_max))
		return false;
	if (t->container != VT_TYPE_ANY &&
		(o->nparents == 0 || !vt_type_is(o->parents[0], (vt_type)t->container)))
		return false;
	return t->nintermediates == 0 || intermediates_fit(o, t);
}

/* What a node of the logic amounts to. */
struct value {
	uint64_t hits;
	unsigned distinct;
	bool holds;
};

static bool compare_holds(const struct vt_logic_node *n, const struct value *v)
{
	if (n->y > v->distinct)
		return false;
	switch (n->compare) {
	case VT_CMP_EQ: return v->hits == n->x;
	case VT_CMP_GT: return v->hits > n->x;
	default: return v->hits < n->x;
	}
}

static struct value node_value(
	struct vt_eval *e, const struct vt_logic_node *n, uint32_t need, unsigned depth);

/* Sums up the children; without a comparison it stops as soon as the answer is certain. */
static struct value group_value(
	struct vt_eval *e, const struct vt_logic_node *n, uint32_t need, unsigned depth)
{
	bool stop_early = n->compare == VT_CMP_NONE && need <= 1;
	vt_reader r = vt_reader_of(n->body);
	struct value sum = {.holds = n->op == VT_LOGIC_AND};
	struct vt_logic_node child;

	while (vt_logic_next(&r, &child)) {
		struct value v = node_value(e, &child, need, depth + 1);

		if (v.holds) {
			sum.hits += v.hits;
			sum.distinct += v.distinct;
		}
		if (n->op == VT_LOGIC_AND)
			sum.holds = sum.holds && v.holds;
		else
			sum.holds = sum.holds || v.holds;
		if (stop_early && sum.holds == (n->op == VT_LOGIC_OR))
			break;
	}
	/* What is not there as a whole has no hits (observed: (0&1)>2 needs both). */
	if (n->op == VT_LOGIC_AND && !sum.holds)
		sum.hits = sum.distinct = 0;
	return sum;
}

/* Depth is bounded by VT_LOGIC_DEPTH, whatever the image says. */
static struct value node_value(
	struct vt_eval *e, const struct vt_logic_node *n, uint32_t need, unsigned depth)
{
	struct value v = {0};

	if (depth > VT_LOGIC_DEPTH || !vt_steps_spend(e->steps, 1))
		return v;
	if (n->compare != VT_CMP_NONE)
		need = n->x >= UINT32_MAX - 1 ? UINT32_MAX : n->x + 1 > need ? n->x + 1 : need;
	if (n->op == VT_LOGIC_SUB) {
		const struct vt_hits *h =
			n->body.n == 1 ? vt_sub_hits(e, n->body.p[0], need) : NULL;

		if (h) {
			v.hits = h->count;
			v.distinct = h->count > 0;
			v.holds = h->count > 0;
		}
	} else {
		v = group_value(e, n, need, depth);
	}
	if (n->compare != VT_CMP_NONE) {
		/* where not all hits were found, only "more than" is certain */
		v.holds = compare_holds(n, &v) && (n->compare == VT_CMP_GT || !e->steps->exhausted);
		/*
		 * Observed: to the group around it a comparison counts as one distinct
		 * subsignature if it is of one, even of none of its hits, and as none if it is of
		 * a group.
		 */
		v.distinct = n->op == VT_LOGIC_SUB;
	}
	return v;
}

bool vt_logic_holds(struct vt_eval *e, vt_span logic)
{
	vt_reader r = vt_reader_of(logic);
	struct vt_logic_node n;

	return vt_logic_next(&r, &n) && node_value(e, &n, 1, 0).holds;
}

bool vt_eval_rule(struct vt_eval *e, const struct vt_object *o, struct vt_steps *steps,
	const struct vt_image_rule *rule, uint64_t absent)
{
	const struct vt_image_tdb *t = vt_db_tdb(e->db, rule->tdb);
	bool exhausted = steps->exhausted, holds;

	if (!vt_steps_spend(steps, 1) || !t || !description_fits(o, t))
		return false;
	steps->exhausted = false; /* until this rule exhausts them */
	e->object = o;
	e->rule = rule;
	e->steps = steps;
	for (unsigned i = 0; i < rule->nsubs && i < VT_MAX_SUBS; i++) {
		bool none = absent >> i & 1;

		e->hits[i] = (struct vt_hits){.known = none, .all = none};
	}
	holds = vt_logic_holds(e, vt_db_code(e->db, rule->logic, rule->logic_size));
	steps->exhausted |= exhausted;
	return holds;
}

static bool in_range(uint64_t v, uint64_t min, uint64_t max)
{
	if (min == 0 && max == UINT64_MAX)
		return true;
	return v != VT_SIZE_ANY && v >= min && v <= max;
}

bool vt_eval_container(struct vt_eval *e, struct vt_steps *steps, const struct vt_member_facts *m,
	const struct vt_image_container *r)
{
	vt_span regex = vt_db_code(e->db, r->regex, r->regex_size);
	uint64_t start, end;

	if (!vt_steps_spend(steps, 1))
		return false;
	if (r->container != VT_TYPE_ANY && !vt_type_is(m->container, (vt_type)r->container))
		return false;
	if (!in_range(m->container_size, r->container_min, r->container_max) ||
		!in_range(m->packed_size, r->packed_min, r->packed_max) ||
		!in_range(m->real_size, r->real_min, r->real_max) ||
		!in_range(m->position, r->position_min, r->position_max))
		return false;
	if (r->encrypted < 2 && r->encrypted != m->encrypted)
		return false;
	if (r->has_crc && (!m->has_crc || m->crc != r->crc))
		return false;
	return regex.n == 0 ||
		vt_regex_search(e->regexes, steps, (uint64_t)r->regex << 32 | UINT32_MAX, regex, 0,
			false, m->name, 0, &start, &end);
}
