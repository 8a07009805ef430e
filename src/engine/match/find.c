/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two bytes of the literal, its rarest ones, in blocks, and the rest only where both fit.
 */
#include "engine/match/find.h"

#include "base/num.h"

#define BLOCK 64

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

bool vt_same(const uint8_t *p, const uint8_t *lit, size_t n, bool nocase)
{
	if (!nocase)
		return n == 0 || memcmp(p, lit, n) == 0;
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

/*
 * The first block in which the two probe bytes stand at one distance, or `blocks`. With `fold` bit
 * 5 is ignored: a superset of "same letter", sorted out by vt_same(). The compiler makes vectors of
 * the inner loop, for each instruction set of the clones.
 */
CLONES static size_t next_block(
	const uint8_t *p, const struct probes *probes, uint8_t fold, size_t blocks)
{
	const uint8_t *a = p + probes->at[0], *b = p + probes->at[1];
	const uint8_t x = probes->byte[0], y = probes->byte[1];

	for (size_t i = 0; i < blocks; i++) {
		uint8_t hit = 0;

		for (size_t k = 0; k < BLOCK; k++)
			hit |= (uint8_t)(((a[k] | fold) == x) & ((b[k] | fold) == y));
		if (hit)
			return i;
		a += BLOCK;
		b += BLOCK;
	}
	return blocks;
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
	/* whole blocks of starts, whose last probes lie inside of the span */
	while (i <= to && s.n - i >= n - 1 + BLOCK) {
		size_t blocks = vt_min_size((s.n - (n - 1) - i) / BLOCK, (to - i) / BLOCK + 1);

		i += BLOCK * next_block(s.p + i, &probes, fold, blocks);
		for (size_t k = 0; k < BLOCK && i <= to; k++, i++) {
			if ((s.p[i + probes.at[0]] | fold) == probes.byte[0] &&
				vt_same(s.p + i, lit, n, nocase)) {
				*out = i;
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
