/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/match/match.h"

#include <stdlib.h>

#include "base/num.h"
#include "engine/db/gram.h"
#include "engine/match/pattern.h"

/* Bytes filtered at a time: they stay in the first-level caches while candidates are resolved. */
#define BLOCK ((size_t)32 << 10)
#define BATCH 64
#define CODE_PER_STEP 64

/* When a rule became a candidate last, and which one in the list. */
struct seen {
	uint32_t generation, slot;
};

struct vt_match {
	const struct vt_db *db;
	const struct vt_filter_impl *impl;
	uint32_t *positions; /* BLOCK + 64 */
	struct seen *seen;   /* per rule */
	uint32_t generation;
	struct vt_candidate *rules;
	size_t nrules, cap;
	/* the object at hand */
	const struct vt_object *object;
	struct vt_steps work; /* without end but for time: candidates are looked up as they come */
	bool failed;
};

vt_err vt_match_new(
	const struct vt_db *db, const struct vt_filter_impl *impl, struct vt_match **out)
{
	struct vt_match *m = calloc(1, sizeof *m);

	if (!m)
		return VT_ENOMEM;
	m->db = db;
	m->impl = impl;
	m->positions = malloc((BLOCK + 64) * sizeof *m->positions);
	m->seen = calloc((size_t)db->rules.n + 1, sizeof *m->seen);
	if (!m->positions || !m->seen) {
		vt_match_free(m);
		return VT_ENOMEM;
	}
	*out = m;
	return VT_OK;
}

void vt_match_free(struct vt_match *m)
{
	if (!m)
		return;
	free(m->positions);
	free(m->seen);
	free(m->rules);
	free(m);
}

/* Is it known already that this subsignature of the rule has an anchor here? */
static bool is_seen(const struct vt_match *m, uint32_t rule, unsigned index)
{
	const struct seen *s = &m->seen[rule];

	return s->generation == m->generation && m->rules[s->slot].subs >> index & 1;
}

static void add_candidate(struct vt_match *m, uint32_t rule, unsigned index)
{
	struct seen *s = &m->seen[rule];

	if (s->generation == m->generation) {
		m->rules[s->slot].subs |= 1ull << index;
		return;
	}
	if (m->nrules == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 256;
		struct vt_candidate *p = realloc(m->rules, cap * sizeof *p);

		if (!p) {
			m->failed = true;
			return;
		}
		m->rules = p;
		m->cap = cap;
	}
	*s = (struct seen){.generation = m->generation, .slot = (uint32_t)m->nrules};
	m->rules[m->nrules++] = (struct vt_candidate){.rule = rule, .subs = 1ull << index};
}

/* A literal stands at `pos`: does the pattern's run around it, at an allowed offset? */
static void check_ref(struct vt_match *m, const struct vt_image_ref *ref, uint64_t pos)
{
	uint32_t distance = ref->place & VT_IMAGE_REF_DISTANCE;
	unsigned index = ref->place >> VT_IMAGE_REF_SUB_SHIFT & (VT_MAX_SUBS - 1);
	const struct vt_image_pattern *p;
	const struct vt_image_sub *sub;
	uint64_t start;
	vt_span code;

	if (ref->rule >= m->db->rules.n || is_seen(m, ref->rule, index) || distance > pos)
		return;
	start = pos - distance;
	p = vt_db_pattern(m->db, ref->pattern);
	if (!p || !vt_steps_spend(&m->work, p->code_size / CODE_PER_STEP))
		return;
	code = vt_db_code(m->db, p->code, p->code_size);
	if (!vt_pattern_run_at(m->object->bytes, code, p->flags, ref->run, start))
		return;
	sub = vt_db_sub(m->db, p->sub);
	if (!sub)
		return;
	if (ref->place & VT_IMAGE_REF_START && !vt_offset_allows(m->object, sub, start))
		return;
	add_candidate(m, ref->rule, index);
}

static uint64_t load_folded(vt_span s, uint64_t at)
{
	uint64_t v = 0;

	if (at >= s.n)
		return 0;
	memcpy(&v, s.p + at, s.n - at < sizeof v ? s.n - at : sizeof v);
	return v | VT_FOLD64;
}

static void check_literal(
	struct vt_match *m, const struct vt_anchors *a, uint32_t literal, uint64_t pos, uint64_t at)
{
	const struct vt_image_literal *l = &a->literals[literal];
	uint32_t end;

	if (at > pos || pos - at + l->size > m->object->bytes.n)
		return;
	pos -= at;
	if ((load_folded(m->object->bytes, pos) & vt_literal_mask(l->size)) != l->value)
		return;
	end = l[1].first_ref;
	if (l->first_ref >= end || end > a->nrefs || !vt_steps_spend(&m->work, end - l->first_ref))
		return;
	for (uint32_t i = l->first_ref; i < end; i++)
		check_ref(m, &a->refs[i], pos);
}

/* The bucket and the print of the gram at a position. */
static uint32_t gram_bucket(unsigned tier, unsigned bits, uint64_t bytes, uint16_t *print)
{
	if (tier == VT_TIER_LONG) {
		uint64_t h = vt_gram5_hash(bytes);

		*print = vt_gram5_print(h);
		return (uint32_t)(h >> (64 - bits));
	}
	if (tier == VT_TIER_SHORT) {
		uint32_t h = vt_gram4_hash((uint32_t)bytes);

		*print = vt_gram4_print(h);
		return h >> (32 - bits);
	}
	*print = (uint16_t)vt_gram2((uint32_t)bytes);
	return vt_gram2((uint32_t)bytes) >> (16 - bits);
}

/*
 * Looks candidates up in one target's anchors. In batches with prefetch: the buckets, then the
 * entries, are cache misses that overlap.
 */
static void resolve(struct vt_match *m, unsigned tier, const struct vt_anchors *a, uint64_t base,
	const uint32_t *positions, size_t n)
{
	const struct vt_anchor_tier *t = &a->tiers[tier];
	uint32_t bucket[BATCH];
	uint16_t print[BATCH];

	for (size_t i = 0; i < n; i += BATCH) {
		size_t k = vt_min_size(BATCH, n - i);

		for (size_t j = 0; j < k; j++) {
			uint64_t bytes = load_folded(m->object->bytes, base + positions[i + j]);

			bucket[j] = gram_bucket(tier, t->bits, bytes, &print[j]);
			__builtin_prefetch(t->buckets + bucket[j]);
		}
		for (size_t j = 0; j < k; j++) {
			uint32_t first = t->buckets[bucket[j]];

			if (first < t->nentries)
				__builtin_prefetch(t->entries + first);
		}
		for (size_t j = 0; j < k; j++) {
			uint32_t first = t->buckets[bucket[j]], end = t->buckets[bucket[j] + 1];
			uint64_t pos = base + positions[i + j];

			if (first >= end || end > t->nentries)
				continue;
			if (!vt_steps_spend(&m->work, end - first))
				return;
			for (; first < end; first++) {
				const struct vt_image_gram *g = &t->entries[first];

				if (g->print == print[j] && g->literal < a->nliterals)
					check_literal(m, a, g->literal,
						pos + (g->at == UINT8_MAX ? 1 : 0),
						g->at == UINT8_MAX ? 0 : g->at);
			}
		}
	}
}

/* One block: n bytes at p are the object's from `base` on; n is a multiple of VT_FILTER_STEP. */
static void filter_block(struct vt_match *m, const uint8_t *p, size_t n, uint64_t base)
{
	const unsigned target = m->object->target;
	const struct vt_filter *f = &m->db->filters[target];
	const bool has[VT_FILTER_TIERS] = {f->longs != NULL, f->shorts != NULL, f->pairs != NULL};

	for (unsigned tier = 0; tier < VT_FILTER_TIERS; tier++) {
		size_t count;

		if (!has[tier])
			continue;
		count = m->impl->tiers[tier](p, n, f, m->positions);
		if (count == 0)
			continue;
		if (m->db->anchors[0].tiers[tier].bits)
			resolve(m, tier, &m->db->anchors[0], base, m->positions, count);
		if (target && m->db->anchors[target].tiers[tier].bits)
			resolve(m, tier, &m->db->anchors[target], base, m->positions, count);
	}
}

/* Patterns that only the object's first bytes can match. */
static void check_head(struct vt_match *m)
{
	static const uint32_t start[] = {0};
	const unsigned targets[] = {0, m->object->target};

	for (size_t i = 0; i < (m->object->target ? VT_COUNT(targets) : 1); i++) {
		const struct vt_anchors *a = &m->db->anchors[targets[i]];

		if (a->tiers[VT_TIER_HEAD].bits)
			resolve(m, VT_TIER_HEAD, a, 0, start, VT_COUNT(start));
	}
}

static vt_err filter_object(struct vt_match *m, struct vt_budget *b)
{
	vt_span s = m->object->bytes;
	uint8_t tail[4 * VT_FILTER_STEP + VT_FILTER_AHEAD] = {0};
	uint64_t at = 0;
	vt_err e = VT_OK;

	while (!e && s.n - at >= VT_FILTER_STEP + VT_FILTER_AHEAD) {
		size_t n = vt_min_size(BLOCK, s.n - at - VT_FILTER_AHEAD);

		n -= n % VT_FILTER_STEP;
		filter_block(m, s.p + at, n, at);
		at += n;
		e = vt_budget_work(b, n);
	}
	if (e || at == s.n)
		return e;
	/* the last bytes, with zeros behind them */
	memcpy(tail, s.p + at, s.n - at);
	filter_block(
		m, tail, (s.n - at + VT_FILTER_STEP - 1) / VT_FILTER_STEP * VT_FILTER_STEP, at);
	return vt_budget_work(b, s.n - at);
}

static int by_rule(const void *a, const void *b)
{
	const struct vt_candidate *x = a, *y = b;

	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

vt_err vt_match_object(struct vt_match *m, const struct vt_object *o, struct vt_budget *b,
	const struct vt_candidate **out_rules, size_t *out_n)
{
	vt_err e;

	m->object = o;
	m->nrules = 0;
	m->failed = false;
	vt_steps_start(&m->work, UINT64_MAX, b);
	if (++m->generation == 0) {
		memset(m->seen, 0, ((size_t)m->db->rules.n + 1) * sizeof *m->seen);
		m->generation = 1;
	}
	check_head(m);
	e = filter_object(m, b);
	if (m->nrules)
		qsort(m->rules, m->nrules, sizeof *m->rules, by_rule);
	*out_rules = m->rules;
	*out_n = m->nrules;
	return m->failed ? VT_ENOMEM : e;
}
