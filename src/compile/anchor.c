/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/anchor.h"

#include "base/num.h"
#include "engine/db/gram.h"
#include "engine/db/image.h"
#include "engine/match/pattern.h"

/* What a literal without a rare gram costs, by size, in 64 MiB: it needs expanded tables. */
#define COST_SIZE_4 (1u << 12)
#define COST_SIZE_3 (1u << 17)
#define COST_SIZE_2 (1u << 22)

/*
 * Open addressing by vt_gram4_hash(). A folded gram has bit 5 of each byte set; there the table
 * keeps the class, less VT_GRAM_CLASS_MIN. Zero is an empty slot.
 */
static const uint32_t common[] = {
#include "compile/grams.inc"
};
#define GRAM_CLASS_MIN 6

vt_cost vt_gram_frequency(uint32_t bytes)
{
	uint32_t gram = bytes & ~VT_FOLD32, i = vt_gram4_hash(bytes) >> 16;

	for (; common[i]; i = (i + 1) % VT_COUNT(common)) {
		uint32_t c = common[i] & VT_FOLD32;

		if ((common[i] & ~VT_FOLD32) == gram)
			return (vt_cost)1 << (GRAM_CLASS_MIN + (c >> 5 & 1) + (c >> 12 & 2) +
				       (c >> 19 & 4) + (c >> 26 & 8));
	}
	return 1;
}

vt_cost vt_cost_add(vt_cost a, vt_cost b)
{
	return a > UINT64_MAX - b ? VT_COST_NONE : a + b;
}

/*
 * The bytes of a run of elements of fixed length, folded, with "known" where every match has that
 * byte. Longer runs are cut: a signature's rare part is found in the first kilobyte or not at all.
 */
#define RUN_MAX 1024

struct fixed_run {
	uint8_t bytes[RUN_MAX];
	bool known[RUN_MAX];
	uint32_t n;
	uint32_t at; /* offset of its first element in the code */
	bool start;
};

static void put(struct fixed_run *r, uint8_t byte, bool known)
{
	if (r->n == RUN_MAX)
		return;
	r->bytes[r->n] = byte | VT_FOLD8;
	r->known[r->n] = known;
	r->n++;
}

/* The byte of flat code at an offset, if it is one value; after folding. */
static bool flat_byte(vt_span code, uint32_t at, uint8_t *out)
{
	vt_reader r = vt_reader_of(code);
	struct vt_element e;

	while (vt_element_next(&r, &e)) {
		if (at >= e.length) {
			at -= e.length;
			continue;
		}
		if (e.op == VT_OP_LIT)
			*out = e.data.p[at] | VT_FOLD8;
		else if (e.op == VT_OP_MASK && (e.data.p[2 * at + 1] | VT_FOLD8) == 0xff)
			*out = e.data.p[2 * at] | VT_FOLD8;
		else
			return false;
		return true;
	}
	return false;
}

/* Alternatives of one length: a column is known if all of them fold to one byte there. */
static void put_alt(struct fixed_run *r, const struct vt_element *e)
{
	for (uint32_t col = 0; col < e->length; col++) {
		vt_reader a = vt_reader_of(e->data);
		uint8_t first = 0, byte = 0;
		bool known = !e->negated;

		for (unsigned i = 0; known && i < e->count; i++) {
			vt_span alt = vt_read_span(&a, vt_read_u16le(&a));

			known = flat_byte(alt, col, &byte) && (i == 0 || byte == first);
			first = byte;
		}
		put(r, first, known);
	}
}

static void put_element(struct fixed_run *r, const struct vt_element *e)
{
	if (e->op == VT_OP_ALT) {
		put_alt(r, e);
		return;
	}
	for (uint32_t i = 0; i < e->length && r->n < RUN_MAX; i++) {
		if (e->op == VT_OP_LIT)
			put(r, e->data.p[i], true);
		else if (e->op == VT_OP_MASK)
			put(r, e->data.p[2 * i], (e->data.p[2 * i + 1] | VT_FOLD8) == 0xff);
		else
			put(r, 0, false);
	}
}

static uint32_t load4(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static vt_cost cost_long(const uint8_t *p)
{
	vt_cost sum = 0, rarest = VT_COST_NONE;

	/* a 5-gram at each of four alignments is no more common than either 4-gram in it */
	for (unsigned i = 0; i < 4; i++) {
		vt_cost a = vt_gram_frequency(load4(p + i)),
			b = vt_gram_frequency(load4(p + i + 1));

		sum += vt_min_u64(a, b);
		rarest = vt_min_u64(rarest, vt_min_u64(a, b));
	}
	return sum + rarest;
}

static vt_cost cost_short(const uint8_t *p, unsigned n, uint8_t *out_gram)
{
	vt_cost best = VT_COST_NONE;

	*out_gram = 0;
	if (n == 2)
		return COST_SIZE_2;
	if (n == 3)
		return COST_SIZE_3;
	if (n == 4)
		return COST_SIZE_4 + 4 * vt_gram_frequency(load4(p));
	for (unsigned i = 0; i + 5 <= n; i++) {
		vt_cost c = vt_gram_frequency(load4(p + i)) + vt_gram_frequency(load4(p + i + 1));

		if (c < best) {
			best = c;
			*out_gram = (uint8_t)i;
		}
	}
	return 64 + best;
}

struct choice {
	struct vt_anchor anchor;
	vt_cost cost;
};

static void consider(
	struct choice *best, const struct fixed_run *r, uint32_t at, unsigned n, uint32_t shift)
{
	struct vt_anchor a = {.size = (uint8_t)n, .run = r->at, .start = r->start};
	vt_cost cost = cost_short(r->bytes + at, n, &a.gram), cost8;

	a.tier = n == 2 ? VT_TIER_PAIR : VT_TIER_SHORT;
	if (n == 8) {
		cost8 = cost_long(r->bytes + at);
		if (cost8 <= cost) {
			cost = cost8;
			a.tier = VT_TIER_LONG;
		}
	}
	if (cost >= best->cost)
		return;
	memcpy(&a.value, r->bytes + at, n);
	a.distance = at + shift;
	*best = (struct choice){.anchor = a, .cost = cost};
}

/* The best window of known bytes in a run; `shift` is added to its distance. */
static void best_window(struct choice *best, const struct fixed_run *r, uint32_t shift)
{
	uint32_t from = 0;

	while (from < r->n) {
		uint32_t end = from;

		while (end < r->n && r->known[end])
			end++;
		if (end - from >= 8) {
			for (uint32_t i = from; i + 8 <= end; i++)
				consider(best, r, i, 8, shift);
		} else if (end - from >= 2) {
			consider(best, r, from, end - from, shift);
		}
		from = end + 1;
	}
}

/* One anchor for each alternative of the ALT element; none if one of them has no literal. */
static vt_cost alt_anchors(const struct vt_element *e, bool start, struct fixed_run *scratch,
	struct vt_anchor out[VT_ANCHORS_MAX], size_t *out_n)
{
	vt_reader alts = vt_reader_of(e->data);
	vt_cost sum = 0;

	if (e->negated || e->count > VT_ANCHORS_MAX)
		return VT_COST_NONE;
	for (unsigned i = 0; i < e->count; i++) {
		vt_reader r = vt_reader_of(vt_read_span(&alts, vt_read_u16le(&alts)));
		struct choice best = {.cost = VT_COST_NONE};
		struct vt_element inner;

		/* only the fixed start of the alternative: its distance must be known */
		*scratch = (struct fixed_run){.at = e->at, .start = start};
		while (vt_element_next(&r, &inner) && inner.fixed)
			put_element(scratch, &inner);
		best_window(&best, scratch, 0);
		if (best.cost == VT_COST_NONE)
			return VT_COST_NONE;
		sum = vt_cost_add(sum, best.cost);
		out[i] = best.anchor;
	}
	*out_n = e->count;
	return sum;
}

bool vt_anchor_head(vt_span code, struct vt_anchor *out)
{
	vt_reader r = vt_reader_of(code);
	struct fixed_run run = {.start = true};
	struct vt_element e;

	while (run.n < 2 && vt_element_next(&r, &e) && e.fixed)
		put_element(&run, &e);
	if (run.n < 2 || !run.known[0] || !run.known[1])
		return false;
	*out = (struct vt_anchor){.size = 2, .tier = VT_TIER_HEAD, .start = true};
	memcpy(&out->value, run.bytes, 2);
	return true;
}

vt_cost vt_anchor_choose(vt_span code, struct vt_anchor out[VT_ANCHORS_MAX], size_t *out_n)
{
	vt_reader r = vt_reader_of(code);
	struct choice best = {.cost = VT_COST_NONE};
	struct fixed_run run = {.start = true};
	struct vt_anchor alts[VT_ANCHORS_MAX];
	struct vt_element e;
	size_t nalts = 0;

	*out_n = 0;
	while (vt_element_next(&r, &e)) {
		if (e.fixed) {
			put_element(&run, &e);
			continue;
		}
		best_window(&best, &run, 0);
		run.n = 0;
		run.at = (uint32_t)r.at;
		run.start = false;
	}
	best_window(&best, &run, 0);
	if (best.cost < COST_SIZE_3) {
		out[0] = best.anchor;
		*out_n = 1;
		return best.cost;
	}
	/* nothing good: perhaps an alternative list has something better for each of its members */
	r = vt_reader_of(code);
	run = (struct fixed_run){.start = true};
	while (vt_element_next(&r, &e)) {
		vt_cost cost;

		if (e.op != VT_OP_ALT)
			continue;
		cost = alt_anchors(&e, e.at == 0, &run, alts, &nalts);
		if (cost < best.cost) {
			best.cost = cost;
			*out_n = nalts;
			memcpy(out, alts, nalts * sizeof *out);
		}
	}
	if (*out_n == 0 && best.cost != VT_COST_NONE) {
		out[0] = best.anchor;
		*out_n = 1;
	}
	return best.cost;
}
