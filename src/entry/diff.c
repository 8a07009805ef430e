/* SPDX-License-Identifier: Apache-2.0 */
#include "entry/diff.h"

#include <stdlib.h>

#include "base/num.h"

/* Lines of the first window; the next are this many times larger. */
#define FIRST 64
#define GROW 4
#define LINES_MAX ((uint32_t)1 << 29)

/* Lines [0, n) of a text from `at` on: their offsets, and where the last ends. */
struct lines {
	vt_span text;
	size_t at;
	size_t *off; /* n + 1 */
	uint32_t n;
	bool all; /* the text ends here */
};

struct differ {
	vt_span old, now; /* without the end that is alike */
	size_t at_old, at_now;
	const struct vt_diff_out *out;
};

static vt_span line_of(const struct lines *l, uint32_t i)
{
	return vt_span_of(l->text.p + l->off[i], l->off[i + 1] - l->off[i] - 1);
}

static vt_err read_lines(struct lines *l, uint32_t most)
{
	size_t at = l->at, cap = 0;

	for (l->n = 0; l->n < most && at < l->text.n; l->n++) {
		if (l->n + (size_t)2 > cap) {
			size_t more = cap ? 2 * cap : (size_t)FIRST + 2;
			size_t *p = realloc(l->off, more * sizeof *p);

			if (!p)
				return VT_ENOMEM;
			l->off = p;
			cap = more;
		}
		l->off[l->n] = at;
		if (!vt_span_find(l->text, at, "\n", 1, &at))
			return VT_EARG;
		l->off[l->n + 1] = ++at;
	}
	l->all = at == l->text.n;
	return VT_OK;
}

static uint32_t hash(vt_span s)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ s.n, v;
	size_t i = 0;

	for (; i + sizeof v <= s.n; i += sizeof v) {
		memcpy(&v, s.p + i, sizeof v);
		h = (h ^ v) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	v = 0;
	if (i < s.n)
		memcpy(&v, s.p + i, s.n - i);
	h = (h ^ v) * 0xff51afd7ed558ccdu;
	h ^= h >> 32;
	h *= 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h >> 32);
}

/* Old lines by their hash. */
struct slot {
	uint32_t hash, line; /* line: index + 1 */
};
struct table {
	struct slot *v;
	size_t mask;
};

/* The slot of the line, or the empty one where it belongs. */
static struct slot *find(const struct table *t, const struct lines *old, vt_span line, uint32_t h)
{
	size_t i = h & t->mask;

	while (t->v[i].line &&
		(t->v[i].hash != h || !vt_span_eq(line_of(old, t->v[i].line - 1), line)))
		i = (i + 1) & t->mask;
	return &t->v[i];
}

/* Classes of the lines of both sides, as vt_match() wants them. */
static vt_err classify(
	const struct lines *old, const struct lines *now, uint32_t *of_old, uint32_t *of_now)
{
	struct table t = {.mask = FIRST};

	while (t.mask < 2 * (size_t)old->n)
		t.mask *= 2;
	t.v = calloc(t.mask, sizeof *t.v);
	if (!t.v)
		return VT_ENOMEM;
	t.mask--;
	for (uint32_t i = 0; i < old->n; i++) {
		uint32_t h = hash(line_of(old, i));
		struct slot *s = find(&t, old, line_of(old, i), h);

		if (!s->line)
			*s = (struct slot){.hash = h, .line = i + 1};
		of_old[i] = s->line - 1;
	}
	for (uint32_t j = 0; j < now->n; j++) {
		vt_span line = line_of(now, j);
		const struct slot *s = find(&t, old, line, hash(line));

		of_now[j] = s->line ? s->line - 1 : VT_MATCH_NONE;
	}
	free(t.v);
	return VT_OK;
}

/* How many are matched; behind the last of them in either window. */
static uint32_t count_matches(
	const uint32_t *match, uint32_t n, uint32_t *out_old, uint32_t *out_now)
{
	uint32_t count = 0;

	*out_old = *out_now = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (match[i] == VT_MATCH_NONE)
			continue;
		count++;
		*out_old = i + 1;
		*out_now = match[i] + 1;
	}
	return count;
}

/* Says what becomes of old lines [0, nold) and new lines [0, nnow). */
static vt_err tell(const struct differ *d, const struct lines *old, const struct lines *now,
	const uint32_t *match, uint32_t nold, uint32_t nnow)
{
	const struct vt_diff_out *out = d->out;
	uint32_t i = 0, j = 0;
	vt_err e = VT_OK;

	while (!e && (i < nold || j < nnow)) {
		uint32_t run = 0;

		for (; !e && i < nold && match[i] == VT_MATCH_NONE; i++)
			e = out->less(out->ctx, line_of(old, i));
		for (; !e && j < nnow && (i == nold || j < match[i]); j++)
			e = out->more(out->ctx, line_of(now, j));
		for (; i < nold && j < nnow && match[i] == j; i++, j++)
			run++;
		if (!e && run)
			e = out->keep(out->ctx, run);
	}
	return e;
}

/*
 * Tells what differs at the front of the two windows. VT_EAGAIN: too little of them is alike to say
 * what is moved and what is new.
 */
static vt_err tell_window(
	struct differ *d, const struct lines *old, const struct lines *now, uint32_t most)
{
	uint32_t *room = calloc(2 * (size_t)old->n + now->n + 1, sizeof *room);
	const struct vt_window w = {
		room, room + old->n, old->n, now->n, room + old->n + (size_t)now->n};
	bool all = old->all && now->all;
	uint32_t nold = old->n, nnow = now->n;
	vt_err e;

	if (!room)
		return VT_ENOMEM;
	e = classify(old, now, room, room + old->n);
	if (!e)
		e = vt_match(&w);
	if (!e && !all && count_matches(w.match, old->n, &nold, &nnow) < most / 4)
		e = VT_EAGAIN;
	if (!e)
		e = tell(d, old, now, w.match, nold, nnow);
	if (!e) {
		d->at_old = nold ? old->off[nold] : d->at_old;
		d->at_now = nnow ? now->off[nnow] : d->at_now;
	}
	free(room);
	return e;
}

static vt_err tell_difference(struct differ *d)
{
	vt_err e = VT_EAGAIN;

	for (uint32_t most = FIRST; e == VT_EAGAIN; most *= GROW) {
		struct lines old = {.text = d->old, .at = d->at_old};
		struct lines now = {.text = d->now, .at = d->at_now};

		e = most > LINES_MAX ? VT_ELIMIT : read_lines(&old, most);
		if (!e)
			e = read_lines(&now, most);
		if (!e)
			e = tell_window(d, &old, &now, most);
		free(old.off);
		free(now.off);
	}
	return e;
}

/* How many bytes are the same in front of both. */
static size_t common(const uint8_t *a, const uint8_t *b, size_t n)
{
	const size_t block = 4096;
	size_t i = 0;

	while (n - i >= block && memcmp(a + i, b + i, block) == 0)
		i += block;
	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* The same from the ends. */
static size_t common_end(vt_span a, vt_span b, size_t most)
{
	const size_t block = 4096;
	size_t i = 0;

	while (most - i >= block &&
		memcmp(a.p + a.n - i - block, b.p + b.n - i - block, block) == 0)
		i += block;
	while (i < most && a.p[a.n - i - 1] == b.p[b.n - i - 1])
		i++;
	return i;
}

static uint64_t count_lines(const uint8_t *p, size_t n)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

/* Moves over whole lines that are the same. */
static vt_err skip(struct differ *d)
{
	vt_span a = vt_span_clip(d->old, d->at_old, SIZE_MAX);
	vt_span b = vt_span_clip(d->now, d->at_now, SIZE_MAX);
	size_t most = vt_min_size(a.n, b.n), n = most ? common(a.p, b.p, most) : 0;
	const uint8_t *end = n ? memrchr(a.p, '\n', n) : NULL;

	if (!end)
		return VT_OK;
	n = (size_t)(end - a.p) + 1;
	d->at_old += n;
	d->at_now += n;
	return d->out->keep(d->out->ctx, count_lines(a.p, n));
}

/* Cuts off the whole lines at the ends that are the same. */
static void cut_end(struct differ *d)
{
	size_t n =
		common_end(d->old, d->now, vt_min_size(d->old.n - d->at_old, d->now.n - d->at_now));
	const uint8_t *first = n ? memchr(d->old.p + d->old.n - n, '\n', n) : NULL;

	if (!first)
		return;
	n = (size_t)(d->old.p + d->old.n - first) - 1;
	d->old.n -= n;
	d->now.n -= n;
}

vt_err vt_diff(vt_span old, vt_span now, const struct vt_diff_out *out)
{
	struct differ d = {.old = old, .now = now, .out = out};
	vt_err e;

	if ((old.n && old.p[old.n - 1] != '\n') || (now.n && now.p[now.n - 1] != '\n'))
		return VT_EARG;
	e = skip(&d);
	cut_end(&d);
	while (!e && (d.at_old < d.old.n || d.at_now < d.now.n)) {
		e = tell_difference(&d);
		if (!e)
			e = skip(&d);
	}
	return e;
}
