/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of unpackers share: the samples of tests/gen/unpack_samples.py, and a walk. */
#ifndef VT_ENGINE_UNPACK_UNPACK_TEST_H
#define VT_ENGINE_UNPACK_UNPACK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* after the above */
#include <cmocka.h>

#include "base/num.h"
#include "engine/unpack/unpack.h"

#define HELLO "hello\n"
#define NUMBERS_SIZE 8890
#define SEEN_MAX 16

struct sample {
	const char *path;
	vt_type type;
};

struct seen {
	char name[64]; /* its beginning */
	size_t name_size;
	size_t size;
	vt_err status;
	vt_reason limit;
	bool encrypted;
	bool hello, numbers; /* the bytes are exactly this */
	bool prefix;         /* the bytes are the beginning of numbers.txt */
	bool direct;         /* the bytes lie in the container */
};

struct walk {
	struct vt_limits limits;
	struct vt_budget budget;
	vt_err end;       /* open()'s error, or what the last next() answered */
	unsigned members; /* all; the first SEEN_MAX are kept */
	uint64_t bytes, largest;
	struct seen seen[SEEN_MAX];
};

/* The lines 0 to 1999, as the generator of the samples makes them. */
static inline const char *numbers(void)
{
	static char text[NUMBERS_SIZE + 1];
	size_t at = 0;

	for (int i = 0; i < 2000 && !text[NUMBERS_SIZE - 1]; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%d\n", i);
	return text;
}

static inline void see(struct walk *w, vt_span container, const struct vt_member *m)
{
	struct seen *s;

	w->bytes += m->bytes.n;
	w->largest = vt_max_u64(w->largest, m->bytes.n);
	assert_int_equal(m->position, w->members + 1);
	if (w->members++ >= SEEN_MAX)
		return;
	s = &w->seen[w->members - 1];
	*s = (struct seen){
		.size = m->bytes.n,
		.status = m->status,
		.limit = m->limit,
		.encrypted = m->encrypted,
		.hello = vt_span_eq(m->bytes, vt_span_str(HELLO)),
		.numbers = vt_span_eq(m->bytes, vt_span_str(numbers())),
		.prefix = m->bytes.n <= NUMBERS_SIZE &&
			(m->bytes.n == 0 || memcmp(m->bytes.p, numbers(), m->bytes.n) == 0),
		.direct = m->bytes.p >= container.p &&
			m->bytes.p + m->bytes.n <= container.p + container.n,
	};
	assert_true(m->name.n <= VT_MEMBER_NAME_MAX);
	s->name_size = m->name.n;
	if (m->name.n)
		memcpy(s->name, m->name.p, vt_min_size(m->name.n, sizeof s->name - 1));
}

static inline void walk_with(
	struct walk *w, vt_type type, vt_span container, const struct vt_limits *limits)
{
	const struct vt_unpacker *u = vt_unpacker_for(type);
	struct vt_member m;
	void *state = NULL;

	memset(w, 0, sizeof *w);
	w->limits = *limits;
	vt_budget_start(&w->budget, limits, NULL, NULL);
	assert_non_null(u);
	w->end = u->open(container, type, &w->budget, &state);
	if (w->end)
		return;
	while ((w->end = u->next(state, &m)) == VT_OK)
		see(w, container, &m);
	u->close(state);
}

static inline void walk(struct walk *w, vt_type type, vt_span container)
{
	struct vt_limits l = vt_limits_default();

	walk_with(w, type, container, &l);
}

/* A sample's bytes, for the caller to free; exactly as long, so that a sanitizer sees overruns. */
static inline vt_span load(const char *path)
{
	char full[4096];
	uint8_t *p;
	long n;
	FILE *f;

	(void)snprintf(full, sizeof full, "%s/%s", VT_SAMPLES, path);
	f = fopen(full, "rb");
	if (!f)
		fail_msg("%s is missing: run tests/gen/unpack_samples.py", full);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	n = ftell(f);
	assert_true(n > 0);
	rewind(f);
	p = malloc((size_t)n);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, (size_t)n, f), n);
	(void)fclose(f);
	return vt_span_of(p, (size_t)n);
}

static inline void unload(vt_span s)
{
	free((void *)(uintptr_t)s.p);
}

/* hello.txt and numbers.txt, whole and in this order. */
static inline void check_both(const struct sample *s)
{
	vt_span bytes = load(s->path);
	struct walk w;

	walk(&w, s->type, bytes);
	if (w.end != VT_END || w.members != 2)
		fail_msg("%s: %u members, then %s", s->path, w.members, vt_err_text(w.end));
	if (!w.seen[0].hello || !w.seen[1].numbers)
		fail_msg("%s: wrong bytes", s->path);
	assert_string_equal(w.seen[0].name, "hello.txt");
	assert_string_equal(w.seen[1].name, "numbers.txt");
	assert_int_equal(w.seen[0].status, VT_OK);
	assert_int_equal(w.seen[1].status, VT_OK);
	unload(bytes);
}

/* A member that claims to be whole is one of the two, or half of numbers.txt. */
static inline void check_damaged(const struct sample *s, const struct walk *w, size_t at)
{
	for (unsigned i = 0; i < w->members && i < SEEN_MAX; i++) {
		const struct seen *m = &w->seen[i];

		if (m->status == VT_OK && !m->hello && !m->prefix)
			fail_msg("%s damaged at %zu: wrong bytes called whole", s->path, at);
	}
}

/* Cuts the sample at each byte. */
static inline void check_truncated(const struct sample *s)
{
	vt_span whole = load(s->path);
	struct walk w;

	for (size_t n = 0; n < whole.n; n += whole.n / 700 + 1) {
		uint8_t *p = malloc(n ? n : 1);

		assert_non_null(p);
		memcpy(p, whole.p, n);
		walk(&w, s->type, vt_span_of(p, n));
		check_damaged(s, &w, n);
		free(p);
	}
	unload(whole);
}

/* Turns over one bit in each byte; what a format without checksums answers is not judged. */
static inline void check_flipped(const struct sample *s, bool checksummed)
{
	vt_span whole = load(s->path);
	uint8_t *p = (uint8_t *)(uintptr_t)whole.p;
	struct walk w;

	for (size_t i = 0; i < whole.n; i += whole.n / 700 + 1) {
		p[i] ^= (uint8_t)(1u << (i % 8));
		walk(&w, s->type, whole);
		if (checksummed)
			check_damaged(s, &w, i);
		p[i] ^= (uint8_t)(1u << (i % 8));
	}
	unload(whole);
}

#endif
