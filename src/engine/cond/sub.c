/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cond/sub.h"

#include "base/num.h"
#include "engine/match/find.h"
#include "engine/match/match.h"
#include "engine/match/parts.h"

/* No logic counts higher than this. */
#define COUNT_MAX 65536u

static void add_hit(struct vt_hits *h, uint64_t start)
{
	h->first = h->count ? vt_min_u64(h->first, start) : start;
	h->last = h->count ? vt_max_u64(h->last, start) : start;
	h->count++;
}

static vt_span pattern_code(const struct vt_eval *e, const struct vt_image_pattern *p)
{
	return vt_db_code(e->db, p->code, p->code_size);
}

static void search_pattern(struct vt_eval *e, const struct vt_image_sub *s,
	const struct vt_image_pattern *p, uint32_t need, struct vt_hits *h)
{
	vt_span code = pattern_code(e, p);
	uint32_t before = h->count;
	uint64_t lo, hi, from, start, end;

	if (!vt_offset_range(e->object, s, &lo, &hi))
		return;
	from = lo;
	while (h->count < need &&
		vt_pattern_search(e->matcher, e->steps, e->object->bytes, code, p->flags, lo, hi,
			&start, &end)) {
		if (vt_offset_allows(e->object, s, start))
			add_hit(h, start);
		lo = start + 1;
	}
	/* of a pattern in several parts the places of the last one count, not those of the first */
	if (need > 1 && h->count > before && s->offset_kind != VT_OFF_VERSION &&
		!(p->flags & VT_PATTERN_FULLWORD) && vt_pattern_has_parts(code))
		h->count = before +
			vt_pattern_count(e->matcher, e->steps, e->object->bytes, code, p->flags,
				from, hi, need - before);
}

static void content_hits(
	struct vt_eval *e, const struct vt_image_sub *s, uint32_t need, struct vt_hits *h)
{
	for (uint32_t i = 0; i < s->npatterns; i++) {
		const struct vt_image_pattern *p = vt_db_pattern(e->db, s->first_pattern + i);

		if (p)
			search_pattern(e, s, p, need, h);
	}
}

/*
 * The expression sees the object from its offset on: that is where "^" matches (observed). A fixed
 * offset anchors it there, unless it is rolling; with a shift the match may start within it, and an
 * encompassing one sees no further (ClamAV manual, "PCRE subsignatures").
 */
static void pcre_hits(
	struct vt_eval *e, const struct vt_image_sub *s, uint32_t need, struct vt_hits *h)
{
	vt_span regex = vt_db_code(e->db, s->a, s->a_size);
	vt_span trigger = vt_db_code(e->db, s->b, s->b_size);
	uint64_t lo, hi, width = UINT64_MAX, from = 0, start, end;
	vt_span subject;
	bool anchored = false;

	if (trigger.n && !vt_logic_holds(e, trigger))
		return;
	if (!vt_offset_range(e->object, s, &lo, &hi))
		return;
	if (s->offset_kind != VT_OFF_ANY && hi > lo)
		width = hi - lo;
	else if (s->offset_kind != VT_OFF_ANY)
		anchored = !(s->c & VT_PCRE_ROLLING);
	subject = vt_span_clip(e->object->bytes, lo, s->c & VT_PCRE_ENCOMPASS ? width : UINT64_MAX);
	if (!(s->c & VT_PCRE_GLOBAL))
		need = 1;
	while (h->count < need &&
		vt_regex_search(e->regexes, e->steps, (uint64_t)s->a << 32 | s->c, regex, s->c,
			anchored, subject, from, &start, &end)) {
		if (start > width)
			return;
		add_hit(h, lo + start);
		from = vt_max_u64(vt_max_u64(end, start + 1), from + 1);
	}
}

static int digit(uint8_t c, unsigned base)
{
	int v = c >= '0' && c <= '9'                       ? c - '0'
		: vt_lower(c) >= 'a' && vt_lower(c) <= 'f' ? vt_lower(c) - 'a' + 10
							   : 99;

	return v < (int)base ? v : -1;
}

static bool is_prefixed(vt_span s)
{
	return vt_span_has(s, 0, 2) && s.p[0] == '0' && vt_lower(s.p[1]) == 'x';
}

/*
 * Pairs of hexadecimal digits, the lowest byte first; what is behind a pair that is none counts as
 * zero. An odd number of digits begins with a single one, which an exact field does not have.
 */
static bool little_endian_digits(vt_span s, bool exact, int64_t *out)
{
	uint64_t v = 0;
	size_t at = 0;

	if (exact && (s.n % 2 || is_prefixed(s)))
		return false;
	if (is_prefixed(s))
		s = vt_span_clip(s, 2, s.n);
	for (unsigned i = 0; i < 8 && at < s.n; i++) {
		int hi = at == 0 && s.n % 2 ? 0 : digit(s.p[at++], 16);
		int lo = at < s.n ? digit(s.p[at++], 16) : -1;

		if (hi < 0 || lo < 0)
			break;
		v |= (uint64_t)(hi << 4 | lo) << 8 * i;
	}
	*out = (int64_t)v;
	return true;
}

/*
 * A number in ASCII, read as strtoll(3) does: what is no number is 0, unless all bytes must belong
 * to it (observed).
 */
static bool ascii_number(vt_span s, const struct vt_image_byte_compare *c, int64_t *out)
{
	unsigned base = c->base == VT_BASE_DECIMAL ? 10 : 16;
	bool negative, digits = false;
	size_t at = 0;
	int64_t v = 0;

	while (at < s.n && (s.p[at] == ' ' || (s.p[at] >= '\t' && s.p[at] <= '\r')))
		at++;
	if (at && c->exact)
		return false;
	s = vt_span_clip(s, at, s.n);
	if (c->base == VT_BASE_AUTO && s.n < 3)
		return false; /* no room for 0x and a digit */
	if (c->base == VT_BASE_HEX && !c->big_endian)
		return little_endian_digits(s, c->exact, out);
	negative = s.n && s.p[0] == '-';
	at = negative || (s.n && s.p[0] == '+');
	if (c->base == VT_BASE_AUTO && !is_prefixed(vt_span_clip(s, at, s.n)))
		base = 10;
	if (base == 16 && is_prefixed(vt_span_clip(s, at, s.n)))
		at += 2;
	for (; at < s.n && digit(s.p[at], base) >= 0; at++) {
		digits = true;
		if (__builtin_mul_overflow(v, (int64_t)base, &v) ||
			__builtin_add_overflow(v, digit(s.p[at], base), &v))
			v = INT64_MAX;
	}
	if (c->exact && (!digits || at < s.n))
		return false;
	*out = negative ? -v : v;
	return true;
}

static bool raw_number(vt_span s, bool big_endian, int64_t *out)
{
	uint64_t v = 0;

	if (s.n < 1 || s.n > sizeof v)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		size_t at = big_endian ? i : s.n - 1 - i;

		v = v << 8 | s.p[at];
	}
	*out = (int64_t)v;
	return true;
}

/* Signed: a raw number of eight bytes may be negative (observed). */
static bool comparisons_hold(const struct vt_image_byte_compare *c, int64_t v)
{
	for (unsigned i = 0; i < c->ncompare && i < VT_COUNT(c->op); i++) {
		int64_t with = (int64_t)c->value[i];
		bool holds = c->op[i] == VT_CMP_EQ ? v == with
			: c->op[i] == VT_CMP_GT    ? v > with
						   : v < with;
		if (!holds)
			return false;
	}
	return true;
}

/* The number stands at an offset from the start of the trigger's last match. */
static void bytecmp_hits(struct vt_eval *e, const struct vt_image_sub *s, struct vt_hits *h)
{
	vt_span code = vt_db_code(e->db, s->a, s->a_size), field;
	struct vt_image_byte_compare c;
	const struct vt_hits *trigger;
	int64_t v = 0;
	uint64_t at;
	bool ok;

	if (code.n != sizeof c)
		return;
	memcpy(&c, code.p, sizeof c);
	trigger = vt_sub_hits(e, c.trigger, COUNT_MAX);
	/* the last match is known only if all were found */
	if (!trigger || trigger->count == 0 || e->steps->exhausted)
		return;
	at = trigger->last;
	if (c.offset < 0 && -(uint64_t)c.offset > at)
		return;
	at += (uint64_t)c.offset; /* wraps back below for negative offsets */
	if (!vt_span_sub(e->object->bytes, at, c.width, &field) ||
		!vt_steps_spend(e->steps, c.width / 16))
		return;
	ok = c.base == VT_BASE_INTEGER ? raw_number(field, c.big_endian, &v)
				       : ascii_number(field, &c, &v);
	if (ok && comparisons_hold(&c, v))
		add_hit(h, at);
}

/* A member of the group stands between min and max bytes behind the subsignature before. */
static void macro_hits(
	struct vt_eval *e, const struct vt_image_sub *s, unsigned i, struct vt_hits *h)
{
	const struct vt_hits *before = i ? vt_sub_hits(e, i - 1, COUNT_MAX) : NULL;
	const uint32_t *members = e->db->macros.p;

	if (!before || before->count == 0 || e->steps->exhausted)
		return;
	for (uint32_t k = 0; k < e->db->macros.n && h->count == 0; k++) {
		const struct vt_image_sub *m = vt_db_sub(e->db, members[k]);
		const struct vt_image_pattern *p =
			m ? vt_db_pattern(e->db, m->first_pattern) : NULL;
		uint64_t lo, hi, start, end;

		if (!vt_steps_spend(e->steps, 1))
			return;
		if (!p || m->offset_kind != VT_OFF_MACRO || m->offset_value != s->c)
			continue;
		if (!vt_add_u64(before->last, s->a, &lo) || !vt_add_u64(before->last, s->b, &hi))
			continue;
		if (vt_pattern_search(e->matcher, e->steps, e->object->bytes, pattern_code(e, p),
			    p->flags, lo, hi, &start, &end))
			add_hit(h, start);
	}
}

const struct vt_hits *vt_sub_hits(struct vt_eval *e, unsigned i, uint32_t need)
{
	const struct vt_image_sub *s;
	struct vt_hits *h;

	if (i >= e->rule->nsubs || i >= VT_MAX_SUBS)
		return NULL;
	h = &e->hits[i];
	need = need < COUNT_MAX ? need : COUNT_MAX;
	if (h->busy || (h->known && (h->all || h->count >= need)))
		return h;
	s = vt_db_sub(e->db, e->rule->first_sub + i);
	if (!s)
		return NULL;
	*h = (struct vt_hits){.busy = true};
	switch (s->kind) {
	case VT_SUB_CONTENT: content_hits(e, s, need, h); break;
	case VT_SUB_PCRE: pcre_hits(e, s, need, h); break;
	case VT_SUB_BYTECMP: bytecmp_hits(e, s, h); break;
	case VT_SUB_MACRO: macro_hits(e, s, i, h); break;
	default: break;
	}
	h->all = h->count < need;
	h->known = true;
	h->busy = false;
	return h;
}
