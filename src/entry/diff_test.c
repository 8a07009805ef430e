/* SPDX-License-Identifier: Apache-2.0 */
/* That any file becomes any other, and that the way is short for changes as they happen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "entry/delta.h"

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

/* Makes the delta, applies it, and compares. Lines that come and go. */
static size_t changes(vt_span old, vt_span now)
{
	const struct vt_delta_file a = {vt_span_str("f"), old, true}, b = {a.name, now, true};
	vt_buf text = VT_BUF_INIT((size_t)256 << 20), out = VT_BUF_INIT((size_t)256 << 20);
	struct vt_delta_reader d;
	struct vt_delta_step s;
	size_t n = 0;
	bool end = true;

	assert_int_equal(vt_delta_make(&text, vt_span_str("s"), 1, 2, &a, 1, &b, 1), VT_OK);
	assert_int_equal(vt_delta_open(vt_buf_span(&text), &d), VT_OK);
	while (vt_delta_next(&d, &s) == VT_OK)
		n += s.op == VT_DELTA_LESS || s.op == VT_DELTA_MORE;
	assert_int_equal(vt_delta_open(vt_buf_span(&text), &d), VT_OK);
	if (vt_delta_next(&d, &s) == VT_OK) {
		assert_int_equal(vt_delta_apply_file(&d, &s, old, &out, &end), VT_OK);
		assert_true(end);
		assert_true(vt_span_eq(vt_buf_span(&out), now));
	} else {
		assert_true(vt_span_eq(old, now));
	}
	vt_buf_free(&text);
	vt_buf_free(&out);
	return n;
}

/* A text is what these numbers are, one a line. */
struct text {
	uint32_t *v;
	size_t n;
	vt_buf b;
};

static struct text text_of(size_t room)
{
	struct text t = {.v = calloc(room + 1, sizeof *t.v), .b = VT_BUF_INIT((size_t)256 << 20)};

	assert_non_null(t.v);
	return t;
}

static vt_span write_text(struct text *t)
{
	vt_buf_clear(&t->b);
	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(vt_buf_addf(&t->b, "%x\n", t->v[i]), VT_OK);
	return vt_buf_span(&t->b);
}

static void free_text(struct text *t)
{
	free(t->v);
	vt_buf_free(&t->b);
}

/* The least number of changes, by the textbook. */
static size_t least(const struct text *a, const struct text *b)
{
	size_t *row = calloc(b->n + 1, sizeof *row), result;

	assert_non_null(row);
	for (size_t i = 0; i < a->n; i++) {
		size_t corner = 0;

		for (size_t j = 0; j < b->n; j++) {
			size_t up = row[j + 1];

			row[j + 1] = a->v[i] == b->v[j] ? corner + 1 : row[j] > up ? row[j] : up;
			corner = up;
		}
	}
	result = a->n + b->n - 2 * row[b->n];
	free(row);
	return result;
}

/* Few different lines, so that they repeat: any file becomes any other; small ones by the least. */
static void test_random(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 4000; round++) {
		uint32_t kinds = 1 + below(round % 7 ? 6 : 400);
		uint32_t size = round % 50 ? 60 : 1500;
		struct text a = text_of(size), b = text_of(size);

		seed = round;
		a.n = 1 + below(size);
		b.n = 1 + below(size);
		for (size_t i = 0; i < a.n; i++)
			a.v[i] = below(kinds);
		for (size_t i = 0; i < b.n; i++)
			b.v[i] = i < a.n && below(3) ? a.v[i] : below(kinds);
		{
			size_t n = changes(write_text(&a), write_text(&b));

			if (size == 60)
				assert_int_equal(n, least(&a, &b));
		}
		free_text(&a);
		free_text(&b);
	}
}

/* b is a with lines [at, at + n) moved to before line `to`, counted without them. */
static void move(const struct text *a, struct text *b, size_t at, size_t n, size_t to)
{
	size_t k = 0;

	for (size_t i = 0, rest = 0; i <= a->n; i++) {
		if (i == at)
			i += n;
		if (rest == to)
			for (size_t j = 0; j < n; j++)
				b->v[k++] = a->v[at + j];
		rest++;
		if (i < a->n)
			b->v[k++] = a->v[i];
	}
	b->n = k;
}

static void test_moves(void **state)
{
	static const struct {
		size_t at, n, to;
	} rows[] = {{0, 10, 500}, {0, 1000, 90000}, {90000, 1000, 0}, {20000, 30000, 60000},
		{99000, 1000, 10}, {5, 40, 0}, {70000, 7, 100}};
	struct text a = text_of(100000), b = text_of(100000);
	size_t far;

	(void)state;
	a.n = 100000;
	for (size_t i = 0; i < a.n; i++)
		a.v[i] = (uint32_t)i;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		move(&a, &b, rows[i].at, rows[i].n, rows[i].to);
		assert_int_equal(b.n, a.n);
		/* to move these lines, or those between their places: what is less */
		far = rows[i].at > rows[i].to ? rows[i].at - rows[i].to : rows[i].to - rows[i].at;
		assert_int_equal(
			changes(write_text(&a), write_text(&b)), 2 * vt_min_size(rows[i].n, far));
	}
	free_text(&a);
	free_text(&b);
}

/* A new set of signatures: lines changed here and there, some come, some go. */
static void test_scattered(void **state)
{
	struct text a = text_of(200000), b = text_of(400000);
	size_t expected = 0;

	(void)state;
	seed = 1;
	a.n = 200000;
	for (size_t i = 0; i < a.n; i++) {
		uint32_t what = below(1000);

		a.v[i] = i % 10 ? (uint32_t)i : 7; /* every tenth is the same */
		if (what > 2)
			b.v[b.n++] = a.v[i];
		else
			expected++;
		if (what > 0 && what < 5) {
			b.v[b.n++] = 1000000 + (uint32_t)i;
			expected++;
		}
		/* a block of new lines, some of which are elsewhere, too */
		for (uint32_t k = 0; i % 50000 == 777 && k < 3000; k++, expected++)
			b.v[b.n++] = k % 10 ? 2000000 + (uint32_t)i + k : 7;
	}
	{
		size_t n = changes(write_text(&a), write_text(&b));

		assert_in_range(n, expected * 98 / 100, expected * 102 / 100);
	}
	free_text(&a);
	free_text(&b);
}

/* Nothing alike, and all lines twice: slower ways must end, and be right. */
static void test_hard(void **state)
{
	struct text a = text_of(60000), b = text_of(60000);

	(void)state;
	a.n = b.n = 60000;
	for (size_t i = 0; i < a.n; i++) {
		a.v[i] = (uint32_t)i;
		b.v[i] = 100000 + (uint32_t)i;
	}
	assert_int_equal(changes(write_text(&a), write_text(&b)), 120000);
	for (size_t i = 0; i < a.n; i++) {
		a.v[i] = (uint32_t)(i % 30000);
		b.v[i] = (uint32_t)((i + 12000) % 30000);
	}
	assert_in_range(changes(write_text(&a), write_text(&b)), 24000, 40000);
	seed = 3;
	for (size_t i = 0; i < a.n; i++) {
		a.v[i] = below(200);
		b.v[i] = below(200);
	}
	assert_in_range(changes(write_text(&a), write_text(&b)), 60000, 120000);
	free_text(&a);
	free_text(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_scattered),
		cmocka_unit_test(test_hard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
