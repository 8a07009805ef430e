/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Globs of catalogue rules: '*' any run (of '/' too), '?' one byte, "[a-z]" and "[!a-z]" one byte
 * of a set, '\\' quotes. A '[' without its ']' is a '['. Without recursion: a mismatch goes back to
 * the last '*' only, so the work is at most the product of both lengths.
 */
#include "inventory/catalogue.h"

static uint8_t lower(uint8_t c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* One byte against the set that begins behind g.p[at] == '['. False: no set. */
static bool set_at(vt_span g, size_t at, uint8_t c, bool fold, bool *out_hit, size_t *out_next)
{
	size_t i = at + 1;
	bool not_in = i < g.n && g.p[i] == '!', hit = false;

	i += not_in;
	for (size_t first = i; i < g.n; i++) {
		uint8_t low = g.p[i], high = low;

		if (low == ']' && i > first) {
			*out_hit = hit != not_in;
			*out_next = i + 1;
			return true;
		}
		if (i + 2 < g.n && g.p[i + 1] == '-' && g.p[i + 2] != ']') {
			high = g.p[i + 2];
			i += 2;
		}
		hit = hit || (c >= low && c <= high);
		if (fold)
			hit = hit ||
				(lower(c, true) >= lower(low, true) &&
					lower(c, true) <= lower(high, true));
	}
	return false;
}

/* One byte against one element; where the next begins. */
static bool element(vt_span g, size_t at, uint8_t c, bool fold, size_t *out_next)
{
	bool hit;

	if (g.p[at] == '?') {
		*out_next = at + 1;
		return true;
	}
	if (g.p[at] == '[' && set_at(g, at, c, fold, &hit, out_next))
		return hit;
	if (g.p[at] == '\\' && at + 1 < g.n)
		at++;
	*out_next = at + 1;
	return lower(g.p[at], fold) == lower(c, fold);
}

bool vt_glob_match(vt_span g, vt_span s, bool fold)
{
	size_t at = 0, i = 0, star = SIZE_MAX, mark = 0, next;

	while (i < s.n) {
		if (at < g.n && g.p[at] == '*') {
			star = ++at;
			mark = i;
		} else if (at < g.n && element(g, at, s.p[i], fold, &next)) {
			at = next;
			i++;
		} else if (star != SIZE_MAX) {
			at = star;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (at < g.n && g.p[at] == '*')
		at++;
	return at == g.n;
}
