/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "engine/match/find.h"
#include "engine/match/pattern.h"

/* Small pieces of pattern code, chained. */
static vt_buf code = VT_BUF_INIT(1 << 20);

static void must(vt_err e)
{
	assert_int_equal(e, VT_OK);
}

static void lit(const char *s)
{
	must(vt_buf_add_u8(&code, VT_OP_LIT));
	must(vt_buf_add_u16(&code, (uint16_t)strlen(s)));
	must(vt_buf_add(&code, s, strlen(s)));
}

static void gap(uint32_t min, uint32_t max)
{
	must(vt_buf_add_u8(&code, VT_OP_GAP));
	must(vt_buf_add_u32(&code, min));
	must(vt_buf_add_u32(&code, max));
}

static void bound(uint8_t kind, unsigned side)
{
	must(vt_buf_add_u8(&code, VT_OP_BOUND));
	must(vt_buf_add_u8(&code, kind));
	must(vt_buf_add_u8(&code, (uint8_t)(2 * side)));
}

/* Alternatives that are literals. */
static void alt(bool negated, const char *const *s, uint16_t n)
{
	uint32_t size = 0;

	for (uint16_t i = 0; i < n; i++)
		size += 2 + 3 + (uint32_t)strlen(s[i]);
	must(vt_buf_add_u8(&code, VT_OP_ALT));
	must(vt_buf_add_u8(&code, negated));
	must(vt_buf_add_u16(&code, n));
	must(vt_buf_add_u32(&code, size));
	for (uint16_t i = 0; i < n; i++) {
		must(vt_buf_add_u16(&code, (uint16_t)(3 + strlen(s[i]))));
		lit(s[i]);
	}
}

/* The length of the first match in `text` from its start position, or -1. */
static int64_t search(const char *text, uint32_t flags, uint64_t *out_start)
{
	struct vt_steps steps = {.left = 1000000};
	struct vt_matcher *m = NULL;
	uint64_t start = 0, end = 0, min;
	bool hit;

	assert_null(vt_pattern_check(vt_buf_span(&code), &min));
	must(vt_matcher_new(&m));
	hit = vt_pattern_search(m, &steps, vt_span_str(text), vt_buf_span(&code), flags, 0,
		UINT64_MAX, &start, &end);
	vt_matcher_free(m);
	assert_false(steps.exhausted);
	if (hit)
		*out_start = start;
	return hit ? (int64_t)(end - start) : -1;
}

static void expect(const char *text, uint32_t flags, int64_t length, uint64_t start)
{
	uint64_t at = 0;

	assert_int_equal(search(text, flags, &at), length);
	if (length >= 0)
		assert_int_equal(at, start);
}

static void test_literals_and_gaps(void **state)
{
	(void)state;
	vt_buf_clear(&code);
	lit("ab");
	gap(1, 3);
	lit("cd");
	expect("xxabcd ab-cd", 0, 5, 7);
	expect("ab---cd", 0, 7, 0);
	expect("ab----cd", 0, -1, 0);
	expect("AB-CD", 0, -1, 0);
	expect("AB-CD", VT_PATTERN_NOCASE, 5, 0);
	gap(0, VT_GAP_ANY);
	lit("ef");
	expect("ab-cd....................................................ef", 0, 59, 0);
	expect("ef ab-cd", 0, -1, 0);
}

/* The gap must be tried longer when the shorter one leads nowhere. */
static void test_backtracking(void **state)
{
	static const char *const two[] = {"x", "xy"};

	(void)state;
	vt_buf_clear(&code);
	lit("a");
	gap(0, 5);
	lit("b");
	gap(1, 1);
	lit("c");
	expect("ab.b.c", 0, 6, 0);
	vt_buf_clear(&code);
	lit("<");
	alt(false, two, 2);
	lit(">");
	expect("<xy>", 0, 4, 0);
	expect("<x>", 0, 3, 0);
	expect("<xyy>", 0, -1, 0);
}

static void test_negation_and_boundaries(void **state)
{
	static const char *const bad[] = {"xx", "yy"};

	(void)state;
	vt_buf_clear(&code);
	lit("a");
	alt(true, bad, 2);
	lit("b");
	expect("axxb", 0, -1, 0);
	expect("axyb", 0, 4, 0);
	vt_buf_clear(&code);
	bound(VT_BOUND_WORD, VT_SIDE_BEFORE);
	lit("cat");
	bound(VT_BOUND_WORD, VT_SIDE_AFTER);
	expect("concat cats cat", 0, 3, 12);
	vt_buf_clear(&code);
	lit("cat");
	expect("concat cats cat", VT_PATTERN_FULLWORD, 3, 12);
}

/* Many unbounded gaps over text that almost matches stay linear. */
static void test_unbounded_gaps_do_not_explode(void **state)
{
	static char text[20001];
	uint64_t at = 0;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	vt_buf_clear(&code);
	for (int i = 0; i < 40; i++) {
		lit("a");
		gap(0, VT_GAP_ANY);
	}
	lit("b");
	assert_int_equal(search(text, 0, &at), -1);
}

/* Nested ranges can explode: the budget ends it and says so. */
static void test_steps_run_out(void **state)
{
	struct vt_steps steps = {.left = 10000};
	struct vt_matcher *m = NULL;
	static char text[4001];
	uint64_t start, end;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	vt_buf_clear(&code);
	for (int i = 0; i < 30; i++) {
		lit("a");
		gap(0, 60);
	}
	lit("b");
	must(vt_matcher_new(&m));
	assert_false(vt_pattern_search(
		m, &steps, vt_span_str(text), vt_buf_span(&code), 0, 0, UINT64_MAX, &start, &end));
	assert_true(steps.exhausted);
	vt_matcher_free(m);
}

static void test_malformed_code_is_refused(void **state)
{
	uint64_t min;

	(void)state;
	vt_buf_clear(&code);
	assert_non_null(vt_pattern_check(vt_buf_span(&code), &min));
	lit("abc");
	code.n--;
	assert_non_null(vt_pattern_check(vt_buf_span(&code), &min));
	vt_buf_clear(&code);
	gap(5, 4);
	assert_non_null(vt_pattern_check(vt_buf_span(&code), &min));
}

static void test_find_agrees_with_memmem(void **state)
{
	static uint8_t text[5000];
	uint32_t x = 7;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (uint8_t)("abAB"[x >> 30]);
	}
	for (size_t n = 1; n < 12; n++) {
		for (size_t from = 0; from < 600; from += 7) {
			vt_span s = vt_span_of(text, 700);
			const uint8_t *lit_at = text + 4000 + from;
			const uint8_t *want = memmem(text + from, 700 - from, lit_at, n);
			size_t got = 0;
			bool hit = vt_find(s, from, SIZE_MAX, lit_at, n, false, &got);

			assert_int_equal(hit, want != NULL);
			if (want)
				assert_ptr_equal(text + got, want);
		}
	}
	assert_false(
		vt_find(vt_span_str("ab"), 0, 9, (const uint8_t *)"abc", 3, false, &(size_t){0}));
}

static int free_code(void **state)
{
	(void)state;
	vt_buf_free(&code);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals_and_gaps),
		cmocka_unit_test(test_backtracking),
		cmocka_unit_test(test_negation_and_boundaries),
		cmocka_unit_test(test_unbounded_gaps_do_not_explode),
		cmocka_unit_test(test_steps_run_out),
		cmocka_unit_test(test_malformed_code_is_refused),
		cmocka_unit_test(test_find_agrees_with_memmem),
	};
	return cmocka_run_group_tests(tests, NULL, free_code);
}
