/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains: the full version that is nearest, and the deltas since. A chain that this machine has
 * already is extended, so that what is fetched is what changed.
 */
#include "update/verify_plan.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/num.h"

/* Of a set in the old plan; NULL: none. */
static const struct vt_plan_set *old_set(const struct vt_verify *v, const struct vt_logged *l,
	const struct vt_trusted_set **out_last)
{
	const struct vt_trusted *t = v->before;
	const struct vt_content *c = &l->entry.u.content;

	for (size_t i = 0; i < t->nplanned; i++) {
		if (t->planned[i].kind != l->entry.kind || !vt_span_eq(t->planned[i].name, c->name))
			continue;
		for (size_t k = 0; k < v->old.nsets; k++) {
			const struct vt_plan_set *s = &v->old.sets[k];

			if (s->kind == l->entry.kind && vt_span_eq(s->chain[0]->name, c->name) &&
				s->chain[s->nchain - 1]->version == t->planned[i].version) {
				*out_last = &t->planned[i];
				return s;
			}
		}
	}
	return NULL;
}

static uint64_t packed(const struct vt_chunk *v, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i].packed;
	return sum;
}

/* A chain that is being looked for, from its end. */
struct chain {
	size_t n, full; /* full: how many up to the nearest full version; 0: none yet */
	uint64_t deltas, full_cost;
	const struct vt_logged *v[VT_PLAN_CHAIN_MAX];
};

/* Walks back from the entry to version `to`. */
static vt_err walk(struct vt_verify *v, const struct vt_logged *from, uint64_t to,
	const struct vt_logged **out)
{
	const struct vt_logged *l = from;

	while (l->entry.u.content.version > to) {
		struct vt_logged *before;
		vt_err e = vt_verify_version_before(v, l, &before);

		if (e)
			return e == VT_END ? VT_EFORMAT : e;
		l = before;
	}
	*out = l;
	return VT_OK;
}

/*
 * Back from the last version to one that this machine has (*out_join), or else to a full one.
 * Deltas that cost more than a full version are not worth it.
 */
static vt_err find_chain(struct vt_verify *v, const struct vt_logged *last,
	const struct vt_trusted_set *had, struct chain *c, bool *out_join)
{
	const struct vt_logged *l = last;

	*out_join = false;
	for (;;) {
		const struct vt_content *x = &l->entry.u.content;
		vt_err e;

		if (had && vt_hash_eq(&had->leaf, &l->leaf)) {
			*out_join = true;
			return VT_OK;
		}
		if (c->n == VT_PLAN_CHAIN_MAX)
			return VT_OK;
		c->v[c->n++] = l;
		if (x->nfull && !c->full) {
			c->full = c->n;
			c->full_cost = c->deltas + packed(x->full, x->nfull);
		}
		c->deltas += packed(x->delta, x->ndelta);
		if (x->ndelta == 0 ||
			(c->full && (!had || x->from < had->version || c->deltas > c->full_cost)))
			return VT_OK;
		e = walk(v, l, x->from, &l);
		if (e == VT_EFORMAT)
			return vt_verify_refuse(v, VT_REFUSED_CONTENT,
				"the delta of entry %" PRIu64
				" starts from a version that never was",
				last->index);
		if (e)
			return e;
	}
}

static vt_err make_set(struct vt_verify *v, const struct vt_logged *last, struct vt_plan_set *out)
{
	struct chain *c = vt_arena_alloc(v->job->arena, sizeof *c);
	const struct vt_trusted_set *had = NULL;
	const struct vt_plan_set *old = old_set(v, last, &had);
	bool join;
	size_t kept;
	vt_err e = c ? find_chain(v, last, had, c, &join) : VT_ENOMEM;

	if (e)
		return e;
	join = join && old->nchain + c->n <= VT_PLAN_CHAIN_MAX;
	if (!join && !c->full)
		return vt_verify_refuse(v, VT_REFUSED_CONTENT,
			"no full version stands before entry %" PRIu64, last->index);
	kept = join ? old->nchain : 0;
	out->kind = last->entry.kind;
	out->nchain = kept + (join ? c->n : c->full);
	out->chain = vt_arena_array(v->job->arena, out->nchain, sizeof(const struct vt_content *));
	if (!out->chain)
		return VT_ENOMEM;
	for (size_t i = 0; i < kept; i++)
		out->chain[i] = old->chain[i];
	for (size_t i = kept; i < out->nchain; i++)
		out->chain[i] = &c->v[out->nchain - 1 - i]->entry.u.content;
	return VT_OK;
}

/*
 * The version to use in place of `l`: the newest state may have taken it back. Then the version
 * that the newest state has instead, if that is older than it and so has been public for longer;
 * else the nearest one before that is not taken back. NULL: none.
 */
static vt_err replacement(struct vt_verify *v, const struct vt_logged *l,
	const struct vt_live_list *newest, const struct vt_logged **out)
{
	for (;;) {
		const struct vt_content *c = &l->entry.u.content;
		struct vt_logged *before;
		vt_err e;

		*out = l;
		if (!vt_live_withdrawn(newest, l->entry.kind, c->name, c->version))
			return VT_OK;
		e = vt_verify_version_before(v, l, &before);
		if (e) {
			*out = NULL;
			return e == VT_END ? VT_OK : e;
		}
		l = before;
	}
}

/* What somebody on this machine wants instead of the live version: an older one of the log. */
static vt_err pinned(struct vt_verify *v, const struct vt_logged *l, const struct vt_logged **out)
{
	static const enum vt_setting kinds[] = {VT_SETTING_PIN, VT_SETTING_ROLLBACK};
	const struct vt_content *c = &l->entry.u.content;
	uint64_t to = c->version;
	vt_err e;

	*out = l;
	if (!v->job->settings || l->entry.kind != VT_ENTRY_CONTENT)
		return VT_OK;
	for (size_t i = 0; i < VT_COUNT(kinds); i++) {
		const struct vt_setting_row *r =
			vt_settings_find(v->job->settings, kinds[i], c->name);

		if (r)
			to = vt_min_u64(to, r->number);
	}
	e = to < 1 ? VT_EFORMAT : walk(v, l, to, out);
	if (e == VT_EFORMAT)
		return vt_verify_refuse(v, VT_REFUSED_CONTENT,
			"a set is pinned to version %" PRIu64 ", which is not in the log", to);
	return e;
}

static vt_err add_rules(struct vt_plan *p, const struct vt_live_list *live)
{
	for (size_t i = 0; i < live->n; i++) {
		const struct vt_entry *e = &live->v[i]->entry;
		bool has = e->kind != VT_ENTRY_WITHDRAW || e->u.withdraw.what != VT_WITHDRAW_RULE;

		for (size_t k = 0; !has && k < p->nrules; k++) {
			const struct vt_withdraw *w = p->rules[k];

			has = vt_span_eq(w->name, e->u.withdraw.name) &&
				vt_span_eq(w->file, e->u.withdraw.file) &&
				vt_hash_eq(&w->line, &e->u.withdraw.line);
		}
		if (!has && p->nrules == VT_ENTRY_LIVE_MAX)
			return VT_ELIMIT;
		if (!has)
			p->rules[p->nrules++] = &e->u.withdraw;
	}
	return VT_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct vt_plan_set *x = a, *y = b;
	vt_span m = x->chain[0]->name, n = y->chain[0]->name;
	int c;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	c = memcmp(m.p, n.p, vt_min_size(m.n, n.n));
	return c ? c : (m.n > n.n) - (m.n < n.n);
}

static vt_err add_set(struct vt_verify *v, const struct vt_logged *l, struct vt_plan *p)
{
	struct vt_trusted *t = v->out->trusted;
	vt_err e = make_set(v, l, &p->sets[p->nsets]);

	if (e)
		return e;
	p->nsets++;
	t->planned[t->nplanned++] = (struct vt_trusted_set){.kind = l->entry.kind,
		.name = l->entry.u.content.name,
		.version = l->entry.u.content.version,
		.index = l->index,
		.leaf = l->leaf};
	return VT_OK;
}

vt_err vt_verify_plan(struct vt_verify *v, const struct vt_logged *state,
	const struct vt_live_list *chosen, const struct vt_live_list *newest)
{
	const struct vt_state *s = &state->entry.u.state;
	struct vt_plan *p = &v->out->plan;
	vt_err e = VT_OK;

	*p = (struct vt_plan){.size = v->at->head.at.size,
		.state_index = state->index,
		.state_version = s->version,
		.state_time = s->time,
		.state_expires = s->expires};
	p->sets = vt_arena_array(v->job->arena, VT_ENTRY_LIVE_MAX, sizeof *p->sets);
	p->rules = vt_arena_array(
		v->job->arena, VT_ENTRY_LIVE_MAX, sizeof(const struct vt_withdraw *));
	if (!p->sets || !p->rules)
		return VT_ENOMEM;
	v->out->trusted->nplanned = 0;
	for (size_t i = 0; !e && i < chosen->n; i++) {
		const struct vt_logged *l = chosen->v[i];

		if ((l->entry.kind != VT_ENTRY_CONTENT && l->entry.kind != VT_ENTRY_DIRECTIVE) ||
			!vt_update_config_wants(v->config, l->entry.u.content.name))
			continue;
		e = pinned(v, l, &l);
		if (!e)
			e = replacement(v, l, newest, &l);
		if (!e && l)
			e = add_set(v, l, p);
	}
	if (!e && p->nsets)
		qsort(p->sets, p->nsets, sizeof *p->sets, by_name);
	/* taken back at once; given back only after the wait */
	if (!e)
		e = add_rules(p, newest);
	if (!e)
		e = add_rules(p, chosen);
	if (e == VT_ELIMIT)
		return vt_verify_refuse(v, VT_REFUSED_STATE, "too many rules are withdrawn");
	return e;
}
