/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matches two windows of lines. Small ones: the shortest edit script (E. W. Myers, "An O(ND)
 * Difference Algorithm", 1986). Large ones: first the longest run of lines that are there once on
 * either side and in the same order, then the gaps between those as small ones are.
 */
#include <stdlib.h>

#include "base/num.h"
#include "entry/diff.h"

#define NONE VT_MATCH_NONE
/* Lines of either side that are matched without looking for lines that are there once. */
#define SMALL 256
/* Differences that one search bears; more of them are found piece by piece, so many times. */
#define DEPTH (2 * SMALL)
#define ROUNDS 128

struct matcher {
	const struct vt_window *w;
	int32_t *trace;  /* row d: the furthest x on diagonals -d to d, from trace[d * d] on */
	uint32_t *lines; /* of large windows: three arrays of nold */
};

/* A rectangle of the two windows: old lines [a, a + n), new lines [b, b + m). */
struct gap {
	uint32_t a, b, n, m;
};

static bool same(const struct matcher *m, uint32_t a, uint32_t b)
{
	return m->w->old[a] == m->w->now[b];
}

/* The start of diagonal k's snake in row d: the furthest that one step from row d - 1 gets. */
static int32_t start_of(const struct matcher *m, const struct gap *g, int32_t d, int32_t k)
{
	const int32_t *row = m->trace + (size_t)(d - 1) * (size_t)(d - 1) + (size_t)(d - 1);
	int32_t down = k + 1 <= d - 1 ? row[k + 1] : -1, right = k - 1 >= 1 - d ? row[k - 1] : -1;

	if (down >= 0 && down - k > (int32_t)g->m)
		down = -1;
	right = right >= 0 && right < (int32_t)g->n ? right + 1 : -1;
	return right > down ? right : down;
}

/* Marks the path that ends on diagonal k in row d. */
static void trace_back(const struct matcher *m, const struct gap *g, int32_t d, int32_t k)
{
	for (; d >= 0; d--) {
		int32_t x = m->trace[(size_t)d * (size_t)d + (size_t)(k + d)];
		int32_t from = d ? start_of(m, g, d, k) : 0;
		const int32_t *row;

		while (x > from) {
			x--;
			m->w->match[g->a + (uint32_t)x] = g->b + (uint32_t)(x - k);
		}
		if (d == 0)
			break;
		row = m->trace + (size_t)(d - 1) * (size_t)(d - 1) + (size_t)(d - 1);
		if (k - 1 >= 1 - d && row[k - 1] >= 0 && row[k - 1] == x - 1)
			k--;
		else
			k++;
	}
}

/* Matches the gap, or the front of it: *g becomes what is left. */
static void match_front(struct matcher *m, struct gap *g)
{
	int32_t n = (int32_t)g->n, rest = (int32_t)g->m, best = -1, best_k = 0, d = 0;

	for (; d <= DEPTH; d++) {
		int32_t *row = m->trace + (size_t)d * (size_t)d + (size_t)d;

		best = -1;
		for (int32_t k = -d; k <= d; k += 2) {
			int32_t x = d ? start_of(m, g, d, k) : 0;

			while (x >= 0 && x < n && x - k < rest &&
				same(m, g->a + (uint32_t)x, g->b + (uint32_t)(x - k)))
				x++;
			row[k] = x;
			if (x >= 0 && 2 * (int64_t)x - k > best) {
				best = 2 * x - k;
				best_k = k;
			}
		}
		if (best == n + rest || d == DEPTH)
			break;
	}
	trace_back(m, g, d, best_k);
	n = m->trace[(size_t)d * (size_t)d + (size_t)(best_k + d)];
	g->a += (uint32_t)n;
	g->n -= (uint32_t)n;
	g->b += (uint32_t)(n - best_k);
	g->m -= (uint32_t)(n - best_k);
}

static void match_gap(struct matcher *m, struct gap g)
{
	while (g.n && g.m && same(m, g.a, g.b)) {
		m->w->match[g.a++] = g.b++;
		g.n--;
		g.m--;
	}
	while (g.n && g.m && same(m, g.a + g.n - 1, g.b + g.m - 1)) {
		g.n--;
		g.m--;
		m->w->match[g.a + g.n] = g.b + g.m;
	}
	for (unsigned round = 0; round < ROUNDS && g.n && g.m; round++)
		match_front(m, &g);
}

/* where[class]: the new line of a class that is there once on either side, else NONE. */
static void find_single(const struct vt_window *w, uint32_t *where, uint32_t *seen)
{
	memset(seen, 0, w->nold * sizeof *seen);
	memset(where, 0xff, w->nold * sizeof *where);
	for (uint32_t i = 0; i < w->nold; i++)
		seen[w->old[i]]++;
	for (uint32_t j = 0; j < w->nnow; j++) {
		uint32_t class = w->now[j];

		if (class == NONE || seen[class] != 1)
			continue;
		if (where[class] != NONE)
			seen[class] = 2;
		where[class] = seen[class] == 1 ? j : NONE;
	}
}

/*
 * The longest ascending run of where[]: match[] for its lines. `tails` and `before` are room:
 * tails[l] is the old line that ends the run of length l + 1 with the least new line.
 */
static void match_single(
	const struct vt_window *w, const uint32_t *where, uint32_t *tails, uint32_t *before)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->nold; i++) {
		uint32_t low = 0, high = n;

		if (where[i] == NONE)
			continue;
		while (low < high) {
			uint32_t mid = low + (high - low) / 2;

			if (where[tails[mid]] < where[i])
				low = mid + 1;
			else
				high = mid;
		}
		before[i] = low ? tails[low - 1] : NONE;
		tails[low] = i;
		n += low == n;
	}
	for (uint32_t i = n ? tails[n - 1] : NONE; i != NONE; i = before[i])
		w->match[i] = where[i];
}

static vt_err match_large(struct matcher *m)
{
	const struct vt_window *w = m->w;
	uint32_t *room = calloc(w->nold, 3 * sizeof *room), a = 0, b = 0;

	if (!room)
		return VT_ENOMEM;
	find_single(w, room, room + w->nold);
	match_single(w, room, room + w->nold, room + 2 * (size_t)w->nold);
	free(room);
	for (uint32_t i = 0; i < w->nold; i++) {
		uint32_t j = w->match[i];

		if (j == NONE)
			continue;
		match_gap(m, (struct gap){a, b, i - a, j - b});
		a = i + 1;
		b = j + 1;
	}
	match_gap(m, (struct gap){a, b, w->nold - a, w->nnow - b});
	return VT_OK;
}

vt_err vt_match(const struct vt_window *w)
{
	struct matcher m = {.w = w};
	vt_err e = VT_OK;

	memset(w->match, 0xff, w->nold * sizeof *w->match);
	m.trace = calloc((size_t)(DEPTH + 1) * (DEPTH + 1), sizeof *m.trace);
	if (!m.trace)
		return VT_ENOMEM;
	if (w->nold <= SMALL && w->nnow <= SMALL)
		match_gap(&m, (struct gap){0, 0, w->nold, w->nnow});
	else
		e = match_large(&m);
	free(m.trace);
	return e;
}
