/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The literal filters and anchor tables of an image. Each target has its own anchors; its filter
 * also holds those of target 0, since objects of any type are matched against both in one pass.
 */
#include <stdlib.h>

#include "base/num.h"
#include "compile/internal.h"
#include "engine/db/gram.h"

/* An anchor with where it came from. */
struct ref {
	uint64_t value;
	uint8_t size, tier, gram;
	struct vt_image_ref image;
};

/* A gram of a literal, ready for the tables. */
struct gram {
	uint64_t hash;
	uint32_t literal;
	uint8_t at;
};

struct target {
	vt_buf refs;            /* struct ref, then sorted */
	vt_buf always;          /* u32 */
	vt_buf grams[VT_TIERS]; /* struct gram */
	uint32_t nliterals;
	bool odd_shorts; /* grams for stride 2 were made; otherwise stride 1 */
};

/* With more literals of 3 and 4 bytes than this, the short tier goes byte by byte instead. */
#define EXPANDED_GRAMS_MAX ((size_t)1 << 18)
#define FOLDED_BYTES 128u /* values that a folded byte can have */

/* Rules whose anchors are as common as this are evaluated at their fixed offset instead. */
#define COMMON_COST ((vt_cost)1 << 14)
#define NARROW_SHIFT 4096u

static int by_literal(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	if (x->tier != y->tier)
		return x->tier < y->tier ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	if (x->image.pattern != y->image.pattern)
		return x->image.pattern < y->image.pattern ? -1 : 1;
	if (x->image.run != y->image.run)
		return x->image.run < y->image.run ? -1 : 1;
	return x->image.place < y->image.place ? -1 : x->image.place > y->image.place;
}

static vt_err add_refs(struct vt_builder *b, struct target *t, uint32_t rule,
	const struct vt_image_sub *sub, uint32_t index, uint32_t pattern)
{
	struct vt_anchor anchors[VT_ANCHORS_MAX];
	vt_err e = VT_OK;
	size_t n;

	(void)vt_sub_anchors(b, sub, pattern, anchors, &n);
	for (size_t i = 0; i < n && !e; i++) {
		const struct vt_anchor *a = &anchors[i];
		struct ref r = {
			.value = a->value,
			.size = a->size,
			.tier = a->tier,
			.gram = a->gram,
			.image =
				{
					.pattern = pattern,
					.rule = rule,
					.run = a->run,
					.place = a->distance | index << VT_IMAGE_REF_SUB_SHIFT |
						(a->start ? VT_IMAGE_REF_START : 0),
				},
		};
		e = vt_vec_add(&t->refs, &r);
	}
	return e;
}

/* Does the rule need a hit of a content subsignature at (nearly) one place? */
static bool is_narrow(const struct vt_builder *b, const struct vt_image_rule *r)
{
	const struct vt_image_sub *s = vt_vec_data(&b->subs, struct vt_image_sub) + r->first_sub;

	return r->nsubs == 1 && s->kind == VT_SUB_CONTENT && s->shift <= NARROW_SHIFT &&
		(s->offset_kind == VT_OFF_ABS || s->offset_kind == VT_OFF_EOF ||
			s->offset_kind == VT_OFF_EP || s->offset_kind == VT_OFF_SECTION ||
			s->offset_kind == VT_OFF_SECTION_LAST);
}

static vt_err add_rule(struct vt_builder *b, struct target *t, uint32_t rule)
{
	struct vt_image_rule *r = vt_vec_data(&b->rules, struct vt_image_rule) + rule;
	const struct vt_image_sub *subs = vt_vec_data(&b->subs, struct vt_image_sub) + r->first_sub;
	uint64_t cover = 0;
	vt_err e = VT_OK;
	vt_cost cost;

	if (r->flags & VT_RULE_NO_REPORT)
		return VT_OK;
	cost = vt_cover(b, r, &cover);
	if (cost == VT_COST_NONE || (cost >= COMMON_COST && is_narrow(b, r)))
		return vt_vec_add(&t->always, &rule);
	r->anchored = cover;
	for (uint32_t i = 0; i < r->nsubs && !e; i++) {
		if (!(cover >> i & 1))
			continue;
		for (uint32_t k = 0; k < subs[i].npatterns && !e; k++)
			e = add_refs(b, t, rule, &subs[i], i, subs[i].first_pattern + k);
	}
	return e;
}

static vt_err add_gram(struct target *t, unsigned tier, uint64_t hash, uint32_t literal, uint8_t at)
{
	struct gram g = {.hash = hash, .literal = literal, .at = at};

	return vt_vec_add(&t->grams[tier], &g);
}

/* All values of the bytes of `mask` in a four-byte gram whose other bytes are known. */
static vt_err add_expanded(
	struct target *t, uint32_t known, unsigned free_byte, uint32_t literal, uint8_t at)
{
	vt_err e = VT_OK;

	for (uint32_t v = 0; v < FOLDED_BYTES && !e; v++) {
		uint32_t byte = (v & 0x1f) | (v & 0x60) << 1 | VT_FOLD8;

		e = add_gram(t, VT_TIER_SHORT, vt_gram4_hash(known | byte << 8 * free_byte),
			literal, at);
	}
	return e;
}

static vt_err short_grams(struct target *t, const struct ref *r, uint32_t literal)
{
	uint32_t low = (uint32_t)r->value;
	vt_err e;

	if (r->size == 3) {
		e = add_expanded(t, low & 0xffffff, 3, literal, 0);
		if (!e && t->odd_shorts)
			e = add_expanded(t, low << 8, 0, literal, UINT8_MAX);
		return e;
	}
	e = add_gram(t, VT_TIER_SHORT, vt_gram4_hash((uint32_t)(r->value >> 8 * r->gram)), literal,
		r->gram);
	if (e || !t->odd_shorts)
		return e;
	if (r->size == 4)
		return add_expanded(t, low >> 8, 3, literal, 1);
	return add_gram(t, VT_TIER_SHORT, vt_gram4_hash((uint32_t)(r->value >> 8 * (r->gram + 1))),
		literal, (uint8_t)(r->gram + 1));
}

static vt_err literal_grams(struct target *t, const struct ref *r, uint32_t literal)
{
	vt_err e = VT_OK;

	if (r->tier == VT_TIER_PAIR || r->tier == VT_TIER_HEAD)
		return add_gram(t, r->tier, vt_gram2((uint32_t)r->value), literal, 0);
	if (r->tier == VT_TIER_SHORT)
		return short_grams(t, r, literal);
	for (uint8_t a = 0; a < 4 && !e; a++)
		e = add_gram(t, VT_TIER_LONG, vt_gram5_hash(r->value >> 8 * a), literal, a);
	return e;
}

static bool same_literal(const struct ref *a, const struct ref *b)
{
	return a->tier == b->tier && a->size == b->size && a->value == b->value;
}

static vt_err make_grams(struct target *t)
{
	size_t n = vt_vec_count(&t->refs, struct ref), small = 0;
	struct ref *refs = vt_vec_data(&t->refs, struct ref);
	vt_err e = VT_OK;

	if (n == 0)
		return VT_OK;
	qsort(refs, n, sizeof *refs, by_literal);
	for (size_t i = 0; i < n; i++)
		small += refs[i].size == 3 || refs[i].size == 4;
	t->odd_shorts = small * FOLDED_BYTES * 2 <= EXPANDED_GRAMS_MAX;
	for (size_t i = 0; i < n && !e; i++) {
		if (i == 0 || !same_literal(&refs[i - 1], &refs[i]))
			e = literal_grams(t, &refs[i], t->nliterals++);
	}
	return e;
}

static uint32_t log2_at_least(size_t n, uint32_t min, uint32_t max)
{
	uint32_t bits = min;

	while (bits < max && ((size_t)1 << bits) < n)
		bits++;
	return bits;
}

static vt_err pad8(vt_buf *b)
{
	static const uint8_t zeros[8] = {0};

	return vt_buf_add(b, zeros, (8 - b->n % 8) % 8);
}

/* `n` zero bytes at the next multiple of 8; *out_at is where. */
static vt_err add_zeros(vt_buf *b, size_t n, uint64_t *out_at)
{
	vt_err e = pad8(b);

	*out_at = b->n;
	if (!e)
		e = vt_buf_reserve(b, n);
	if (!e) {
		memset(b->p + b->n, 0, n);
		b->n += n;
	}
	return e;
}

static void fill_filter(
	vt_buf *out, const struct vt_image_filter *f, const struct target *t, unsigned tier)
{
	size_t n = vt_vec_count(&t->grams[tier], struct gram);
	const struct gram *g = vt_vec_data(&t->grams[tier], struct gram);
	uint64_t *longs = (uint64_t *)(void *)(out->p + f->long_table);
	uint32_t *shorts = (uint32_t *)(void *)(out->p + f->short_table);
	uint32_t *pairs = (uint32_t *)(void *)(out->p + f->pair_table);

	for (size_t i = 0; i < n; i++) {
		uint64_t h = g[i].hash;

		if (tier == VT_TIER_LONG)
			longs[h >> (64 - f->long_bits)] |= vt_gram5_bits(h);
		else if (tier == VT_TIER_SHORT)
			shorts[(uint32_t)h >> (32 - f->short_bits)] |= vt_gram4_bits((uint32_t)h);
		else
			pairs[h >> 5] |= 1u << (h & 31);
	}
}

/* The filter of target t with that of target 0 (the same when t is 0). */
static vt_err emit_filter(const struct target *zero, const struct target *t, vt_buf *out,
	struct vt_image_filter *out_head)
{
	struct vt_image_filter f = {0};
	size_t n[VT_TIERS];
	vt_err e = VT_OK;

	for (unsigned i = 0; i < VT_TIERS; i++)
		n[i] = vt_vec_count(&zero->grams[i], struct gram) +
			(t == zero ? 0 : vt_vec_count(&t->grams[i], struct gram));
	if (n[VT_TIER_LONG] + n[VT_TIER_SHORT] + n[VT_TIER_PAIR] == 0)
		return VT_OK;
	if (t != zero && t->refs.n == 0)
		return VT_OK; /* the header points to that of target 0 */
	/* at most two grams a word of 64 bits: one false alarm in 1,400, and a table that stays in
	 * cache */
	if (n[VT_TIER_LONG]) {
		f.long_bits = log2_at_least(n[VT_TIER_LONG] / 2, 10, 17);
		e = add_zeros(out, (size_t)8 << f.long_bits, &f.long_table);
	}
	if (!e && n[VT_TIER_SHORT]) {
		f.short_bits = log2_at_least(n[VT_TIER_SHORT], 10, 16);
		f.short_stride =
			(zero->refs.n == 0 || zero->odd_shorts) && (t->refs.n == 0 || t->odd_shorts)
			? 2
			: 1;
		e = add_zeros(out, (size_t)4 << f.short_bits, &f.short_table);
	}
	if (!e && n[VT_TIER_PAIR]) {
		f.has_pairs = 1;
		e = add_zeros(out, 65536 / 8, &f.pair_table);
	}
	if (e)
		return e;
	*out_head = f;
	for (unsigned i = 0; i < VT_FILTER_TIERS; i++) {
		fill_filter(out, &f, zero, i);
		if (t != zero)
			fill_filter(out, &f, t, i);
	}
	return VT_OK;
}

struct keyed_gram {
	uint32_t bucket;
	struct vt_image_gram gram;
};

static int by_bucket(const void *a, const void *b)
{
	const struct keyed_gram *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	if (x->gram.literal != y->gram.literal)
		return x->gram.literal < y->gram.literal ? -1 : 1;
	if (x->gram.print != y->gram.print)
		return x->gram.print < y->gram.print ? -1 : 1;
	return x->gram.at < y->gram.at ? -1 : x->gram.at > y->gram.at;
}

static struct keyed_gram key_gram(const struct gram *g, unsigned tier, unsigned bits)
{
	struct keyed_gram k = {.gram = {.literal = g->literal, .at = g->at}};

	if (tier == VT_TIER_LONG) {
		k.bucket = (uint32_t)(g->hash >> (64 - bits));
		k.gram.print = vt_gram5_print(g->hash);
	} else if (tier == VT_TIER_SHORT) {
		k.bucket = (uint32_t)g->hash >> (32 - bits);
		k.gram.print = vt_gram4_print((uint32_t)g->hash);
	} else {
		k.bucket = (uint32_t)g->hash >> (16 - bits);
		k.gram.print = (uint16_t)g->hash;
	}
	return k;
}

static vt_err emit_tier(
	const struct target *t, unsigned tier, vt_buf *out, struct vt_image_anchors *head)
{
	size_t n = vt_vec_count(&t->grams[tier], struct gram);
	const struct gram *g = vt_vec_data(&t->grams[tier], struct gram);
	struct keyed_gram *keyed;
	uint32_t bits, *buckets;
	uint64_t at = 0;
	vt_err e;

	if (n == 0)
		return VT_OK;
	bits = log2_at_least(n / 2, 8, tier >= VT_TIER_PAIR ? 16 : 20);
	keyed = malloc(n * sizeof *keyed);
	if (!keyed)
		return VT_ENOMEM;
	for (size_t i = 0; i < n; i++)
		keyed[i] = key_gram(&g[i], tier, bits);
	qsort(keyed, n, sizeof *keyed, by_bucket);
	e = add_zeros(out, (((size_t)1 << bits) + 1) * 4, &at);
	if (!e) {
		buckets = (uint32_t *)(void *)(out->p + at);
		for (size_t i = 0; i < n; i++)
			buckets[keyed[i].bucket + 1]++;
		for (size_t i = 0; i < (size_t)1 << bits; i++)
			buckets[i + 1] += buckets[i];
		head->tiers[tier].bucket_bits = bits;
		head->tiers[tier].entries = (uint32_t)n;
		head->tiers[tier].bucket_table = at;
		e = pad8(out);
		head->tiers[tier].entry_table = out->n;
	}
	for (size_t i = 0; i < n && !e; i++)
		e = vt_vec_add(out, &keyed[i].gram);
	free(keyed);
	return e;
}

static vt_err emit_literals(const struct target *t, vt_buf *out, struct vt_image_anchors *head)
{
	size_t n = vt_vec_count(&t->refs, struct ref);
	const struct ref *r = vt_vec_data(&t->refs, struct ref);
	struct vt_image_literal l = {0};
	vt_err e = pad8(out);

	head->literals = t->nliterals;
	head->refs = (uint32_t)n;
	head->literal_table = out->n;
	for (size_t i = 0; i < n && !e; i++) {
		if (i && same_literal(&r[i - 1], &r[i]))
			continue;
		l = (struct vt_image_literal){
			.value = r[i].value, .first_ref = (uint32_t)i, .size = r[i].size};
		e = vt_vec_add(out, &l);
	}
	l = (struct vt_image_literal){.first_ref = (uint32_t)n};
	if (!e)
		e = vt_vec_add(out, &l);
	if (!e)
		e = pad8(out);
	head->ref_table = out->n;
	for (size_t i = 0; i < n && !e; i++)
		e = vt_vec_add(out, &r[i].image);
	return e;
}

static vt_err emit_anchors(const struct target *t, vt_buf *out, struct vt_image_anchors *out_head)
{
	struct vt_image_anchors head = {0};
	vt_err e = VT_OK;

	if (t->refs.n == 0)
		return VT_OK;
	for (unsigned tier = 0; tier < VT_TIERS && !e; tier++)
		e = emit_tier(t, tier, out, &head);
	if (!e)
		e = emit_literals(t, out, &head);
	if (!e)
		*out_head = head;
	return e;
}

static vt_err build_targets(
	struct vt_builder *b, struct target targets[VT_TARGETS], vt_buf sections[VT_SEC_END])
{
	uint32_t nrules = (uint32_t)vt_vec_count(&b->rules, struct vt_image_rule);
	struct vt_image_target heads[VT_TARGETS] = {0};
	vt_err e = VT_OK;

	for (uint32_t i = 0; i < nrules && !e; i++) {
		unsigned t = vt_vec_data(&b->rules, struct vt_image_rule)[i].target;

		e = add_rule(b, &targets[t], i);
	}
	for (unsigned t = 0; t < VT_TARGETS && !e; t++)
		e = make_grams(&targets[t]);
	for (unsigned t = 0; t < VT_TARGETS && !e; t++) {
		/* a target without anchors of its own uses the filter of target 0 */
		heads[t].filter = heads[0].filter;
		e = emit_filter(
			&targets[0], &targets[t], &sections[VT_SEC_FILTERS + t], &heads[t].filter);
		if (!e)
			e = emit_anchors(
				&targets[t], &sections[VT_SEC_ANCHORS + t], &heads[t].anchors);
		if (!e)
			e = vt_buf_add(&sections[VT_SEC_ALWAYS + t], targets[t].always.p,
				targets[t].always.n);
	}
	return e ? e : vt_buf_add(&sections[VT_SEC_TARGETS], heads, sizeof heads);
}

vt_err vt_build_filters(struct vt_builder *b, vt_buf sections[VT_SEC_END])
{
	const vt_buf empty = VT_VEC_INIT;
	struct target *targets = calloc(VT_TARGETS, sizeof *targets);
	vt_err e;

	if (!targets)
		return VT_ENOMEM;
	for (unsigned t = 0; t < VT_TARGETS; t++) {
		targets[t].refs = targets[t].always = empty;
		for (unsigned i = 0; i < VT_TIERS; i++)
			targets[t].grams[i] = empty;
	}
	e = build_targets(b, targets, sections);
	for (unsigned t = 0; t < VT_TARGETS; t++) {
		vt_buf_free(&targets[t].refs);
		vt_buf_free(&targets[t].always);
		for (unsigned i = 0; i < VT_TIERS; i++)
			vt_buf_free(&targets[t].grams[i]);
	}
	free(targets);
	return e;
}
