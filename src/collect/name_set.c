/* SPDX-License-Identifier: Apache-2.0 */
/* A set of names: FNV-1a, open addressing, few probes whatever the names are. */
#include "collect/name_set.h"

#define PROBES 128u
#define FIRST_CAP 1024u

static size_t hash_of(vt_span s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

/* Where it is, or would be; false if it is nowhere near. */
static bool find(vt_span *v, size_t cap, vt_span name, size_t *out)
{
	size_t at = hash_of(name);

	for (size_t i = 0; i < PROBES && i < cap; i++, at++) {
		at &= cap - 1;
		if (!v[at].p || vt_span_eq(v[at], name)) {
			*out = at;
			return true;
		}
	}
	return false;
}

static bool grow(struct vt_name_set *s)
{
	size_t cap = s->cap ? s->cap * 2 : FIRST_CAP, at;
	vt_span *v = vt_arena_array(&s->arena, cap, sizeof *v);

	if (!v)
		return false;
	for (size_t i = 0; i < s->cap; i++) {
		if (!s->v[i].p)
			continue;
		if (!find(v, cap, s->v[i], &at)) {
			s->overflow = true;
			continue;
		}
		v[at] = s->v[i];
	}
	s->v = v;
	s->cap = cap;
	return true;
}

void vt_name_set_add(struct vt_name_set *s, vt_span name)
{
	const char *copy;
	size_t at;

	if (s->n >= s->cap / 2 && !grow(s)) {
		s->overflow = true;
		return;
	}
	if (!find(s->v, s->cap, name, &at)) {
		s->overflow = true;
		return;
	}
	if (s->v[at].p)
		return;
	copy = vt_arena_copy(&s->arena, name);
	if (!copy) {
		s->overflow = true;
		return;
	}
	s->v[at] = vt_span_of(copy, name.n);
	s->n++;
}

bool vt_name_set_has(const struct vt_name_set *s, vt_span name)
{
	size_t at;

	return s->cap && find(s->v, s->cap, name, &at) && s->v[at].p;
}

void vt_name_set_free(struct vt_name_set *s)
{
	vt_arena_free(&s->arena);
}
