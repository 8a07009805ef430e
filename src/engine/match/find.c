/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares two bytes of the literal, its rarest ones, at 16 places at a time (vector extensions of
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

static const uint8_t byte_rank[256] = {
#include "engine/match/byte_rank.inc"
};

/* Where the two rarest bytes of a literal are; the same place twice if it has one byte. */
struct probes {
	size_t at[2];
	uint8_t byte[2];
};

static unsigned rank_of(uint8_t c, bool nocase)
{
	unsigned rank = byte_rank[c];

	if (nocase && c >= 'a' && c <= 'z' && byte_rank[c ^ 0x20] > rank)
		rank = byte_rank[c ^ 0x20];
	return rank;
}

static struct probes choose(const uint8_t *lit, size_t n, bool nocase)
{
	struct probes p = {0};
	unsigned best[2] = {UINT8_MAX + 1, UINT8_MAX + 1};

	for (size_t i = 0; i < n && i < 64; i++) {
		unsigned rank = rank_of(lit[i], nocase);

		if (rank < best[0]) {
			best[1] = best[0];
			p.at[1] = p.at[0];
			best[0] = rank;
			p.at[0] = i;
		} else if (rank < best[1]) {
			best[1] = rank;
			p.at[1] = i;
		}
	}
	for (size_t k = 0; k < 2; k++)
		p.byte[k] = nocase ? lit[p.at[k]] | 0x20 : lit[p.at[k]];
	return p;
}

/* With `fold` bit 5 is ignored: a superset of "same letter", sorted out by vt_same(). */
static vec candidates(const uint8_t *p, const struct probes *probes, uint8_t fold)
{
	vec a, b, f = (vec){0} + fold;

	memcpy(&a, p + probes->at[0], sizeof a);
	memcpy(&b, p + probes->at[1], sizeof b);
	return (vec)(((a | f) == ((vec){0} + probes->byte[0])) &
		((b | f) == ((vec){0} + probes->byte[1])));
}

static bool any(vec v)
{
	vec_words w = (vec_words)v;

	return (w[0] | w[1]) != 0;
}

bool vt_find(
	vt_span s, size_t from, size_t to, const uint8_t *lit, size_t n, bool nocase, size_t *out)
{
	struct probes probes = choose(lit, n, nocase);
	uint8_t fold = nocase ? 0x20 : 0;
	size_t i = from;

	if (n > s.n || from > s.n - n)
		return false;
	to = vt_min_size(to, s.n - n);
	/* the vector at the last possible probe ends inside of the span */
	for (; i <= to && s.n - i >= n - 1 + sizeof(vec); i += sizeof(vec)) {
		vec hits = candidates(s.p + i, &probes, fold);

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
