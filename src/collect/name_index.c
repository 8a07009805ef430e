/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/name_index.h"

#include <stdlib.h>

#include "base/num.h"

#define BUCKETS 4096u
#define NONE UINT32_MAX

struct filed {
	vt_span literal; /* a piece of the glob; compared without case */
	uint32_t tag;
	uint32_t next; /* in its bucket */
};

struct list {
	struct filed *v;
	size_t n, cap;
};

struct vt_name_index {
	struct list names; /* in buckets, by the whole last name */
	uint32_t bucket[BUCKETS];
	/* The others, looked at one by one. */
	struct list path_begins, path_ends, name_begins, name_ends, path_has, name_has;
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static uint32_t hash(vt_span s)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ lower(s.p[i])) * 16777619u;
	return (h ^ (h >> 15)) % BUCKETS;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

vt_err vt_name_index_new(struct vt_name_index **out)
{
	struct vt_name_index *ix = calloc(1, sizeof *ix);

	if (!ix)
		return VT_ENOMEM;
	for (size_t i = 0; i < BUCKETS; i++)
		ix->bucket[i] = NONE;
	*out = ix;
	return VT_OK;
}

void vt_name_index_free(struct vt_name_index *ix)
{
	if (!ix)
		return;
	free(ix->names.v);
	free(ix->path_begins.v);
	free(ix->path_ends.v);
	free(ix->name_begins.v);
	free(ix->name_ends.v);
	free(ix->path_has.v);
	free(ix->name_has.v);
	free(ix);
}

static vt_err append(struct list *l, vt_span literal, uint32_t tag)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct filed *grown = reallocarray(l->v, cap, sizeof *grown);

		if (!grown)
			return VT_ENOMEM;
		l->v = grown;
		l->cap = cap;
	}
	l->v[l->n++] = (struct filed){.literal = literal, .tag = tag, .next = NONE};
	return VT_OK;
}

static bool is_special(uint8_t c)
{
	return c == '*' || c == '?' || c == '[' || c == ']' || c == '\\';
}

/* The longest run of literal bytes; what is in a set is none, nor is what a '\\' quotes. */
static vt_span longest_literal(vt_span glob)
{
	vt_span best = {0};
	size_t start = 0;
	bool in_set = false;

	for (size_t i = 0; i <= glob.n; i++) {
		uint8_t c = i < glob.n ? glob.p[i] : '*';

		if (!is_special(c))
			continue;
		if (!in_set && i - start > best.n)
			best = vt_span_of(glob.p + start, i - start);
		in_set = c == '[' || (in_set && c != ']');
		if (c == '[') { /* "]" is in a set that begins with it */
			i += i + 1 < glob.n && glob.p[i + 1] == '!';
			i += i + 1 < glob.n && glob.p[i + 1] == ']';
		} else if (c == '\\' && i + 1 < glob.n) {
			i++;
		}
		start = i + 1;
	}
	return best;
}

vt_err vt_name_index_add(struct vt_name_index *ix, vt_span glob, bool of_path, uint32_t tag)
{
	size_t slash = 0, first = 0, last = glob.n;
	vt_span middle;
	uint32_t *bucket;
	vt_err e;

	for (size_t i = 0; i < glob.n; i++)
		if (of_path && glob.p[i] == '/')
			slash = i + 1;
	while (first < glob.n && !is_special(glob.p[first]))
		first++;
	while (last > 0 && !is_special(glob.p[last - 1]))
		last--;
	if (last <= slash && slash < glob.n && (!of_path || slash)) {
		vt_span name = vt_span_of(glob.p + slash, glob.n - slash);

		e = append(&ix->names, name, tag);
		if (e)
			return e;
		bucket = &ix->bucket[hash(name)];
		ix->names.v[ix->names.n - 1].next = *bucket;
		*bucket = (uint32_t)(ix->names.n - 1);
		return VT_OK;
	}
	middle = longest_literal(glob);
	if (middle.n > first && middle.n > glob.n - last)
		return append(of_path ? &ix->path_has : &ix->name_has, middle, tag);
	if (first >= glob.n - last)
		return append(of_path ? &ix->path_begins : &ix->name_begins,
			vt_span_of(glob.p, first), tag);
	return append(of_path ? &ix->path_ends : &ix->name_ends,
		vt_span_of(glob.p + last, glob.n - last), tag);
}

static void find_begins(const struct list *l, vt_span s, vt_name_index_fn *fn, void *ctx)
{
	for (size_t i = 0; i < l->n; i++) {
		vt_span c = l->v[i].literal;

		/* The last byte first: paths of one folder begin alike. */
		if (c.n == 0 ||
			(c.n <= s.n && lower(c.p[c.n - 1]) == lower(s.p[c.n - 1]) &&
				same(c.p, s.p, c.n)))
			fn(ctx, l->v[i].tag);
	}
}

static void find_ends(const struct list *l, vt_span s, vt_name_index_fn *fn, void *ctx)
{
	for (size_t i = 0; i < l->n; i++) {
		vt_span c = l->v[i].literal;

		if (c.n <= s.n && same(c.p, s.p + s.n - c.n, c.n))
			fn(ctx, l->v[i].tag);
	}
}

static void find_within(const struct list *l, vt_span s, vt_name_index_fn *fn, void *ctx)
{
	for (size_t i = 0; i < l->n; i++) {
		vt_span c = l->v[i].literal;
		uint8_t first = lower(c.p[0]), last = lower(c.p[c.n - 1]);

		for (size_t at = 0; at + c.n <= s.n; at++)
			if (lower(s.p[at]) == first && lower(s.p[at + c.n - 1]) == last &&
				same(c.p, s.p + at, c.n)) {
				fn(ctx, l->v[i].tag);
				break;
			}
	}
}

void vt_name_index_find(
	const struct vt_name_index *ix, vt_span path, vt_span name, vt_name_index_fn *fn, void *ctx)
{
	for (uint32_t i = ix->bucket[hash(name)]; i != NONE; i = ix->names.v[i].next) {
		vt_span c = ix->names.v[i].literal;

		if (c.n == name.n && same(c.p, name.p, c.n))
			fn(ctx, ix->names.v[i].tag);
	}
	find_begins(&ix->path_begins, path, fn, ctx);
	find_begins(&ix->name_begins, name, fn, ctx);
	find_within(&ix->path_has, path, fn, ctx);
	find_within(&ix->name_has, name, fn, ctx);
	find_ends(&ix->path_ends, path, fn, ctx);
	find_ends(&ix->name_ends, name, fn, ctx);
}
