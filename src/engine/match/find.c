/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the first and the last byte of the literal at 16 places at a time (vector extensions of
 * the compiler, so any processor), and the rest only where both fit.
 */
#include "engine/match/find.h"

#include "base/num.h"

typedef uint8_t vec __attribute__((vector_size(16)));
typedef uint64_t vec_words __attribute__((vector_size(16)));

bool vt_same(const uint8_t *p, const uint8_t *lit, size_t n, bool nocase)
{
	if (!nocase)
		return memcmp(p, lit, n) == 0;
	for (size_t i = 0; i < n; i++) {
		if (vt_lower(p[i]) != lit[i])
			return false;
	}
	return true;
}

/* Bit 5 is ignored by OR-ing it in: a superset of "same letter", sorted out by vt_same(). */
static vec candidates(
	const uint8_t *p, size_t last, uint8_t first_byte, uint8_t last_byte, uint8_t fold)
{
	vec a, b, f = (vec){0} + fold;

	memcpy(&a, p, sizeof a);
	memcpy(&b, p + last, sizeof b);
	return (vec)(((a | f) == ((vec){0} + first_byte)) & ((b | f) == ((vec){0} + last_byte)));
}

static bool any(vec v)
{
	vec_words w = (vec_words)v;

	return (w[0] | w[1]) != 0;
}

bool vt_find(
	vt_span s, size_t from, size_t to, const uint8_t *lit, size_t n, bool nocase, size_t *out)
{
	uint8_t fold = nocase ? 0x20 : 0;
	uint8_t a = lit[0] | fold, b = lit[n - 1] | fold;
	size_t i = from;

	if (n > s.n || from > s.n - n)
		return false;
	to = vt_min_size(to, s.n - n);
	/* the vectors at i and at i + n - 1 end inside of the span */
	for (; i <= to && s.n - i >= n - 1 + sizeof(vec); i += sizeof(vec)) {
		vec hits = candidates(s.p + i, n - 1, a, b, fold);

		if (!any(hits))
			continue;
		for (size_t k = 0; k < sizeof(vec) && i + k <= to; k++) {
			if (hits[k] && vt_same(s.p + i + k, lit, n, nocase)) {
				*out = i + k;
				return true;
			}
		}
	}
	for (; i <= to; i++) {
		if (vt_same(s.p + i, lit, n, nocase)) {
			*out = i;
			return true;
		}
	}
	return false;
}
