/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/num.h"
#include "base/span.h"

static void test_span_bounds(void **state)
{
	const uint8_t bytes[] = {1, 2, 3, 4, 5};
	vt_span s = vt_span_of(bytes, sizeof bytes), sub = {0};
	uint32_t v = 77;

	(void)state;
	assert_true(vt_get_u32le(s, 1, &v));
	assert_int_equal(v, 0x05040302);
	v = 77;
	assert_false(vt_get_u32le(s, 2, &v));
	assert_false(vt_get_u32le(s, UINT64_MAX, &v));
	assert_int_equal(v, 77);
	assert_true(vt_span_sub(s, 5, 0, &sub));
	assert_false(vt_span_sub(s, 5, 1, &sub));
	assert_false(vt_span_sub(s, 1, UINT64_MAX, &sub));
	assert_int_equal(vt_span_clip(s, 3, 100).n, 2);
	assert_int_equal(vt_span_clip(s, 9, 1).n, 0);
}

static void test_reader_stays_bad(void **state)
{
	const uint8_t bytes[] = {1, 2, 3};
	vt_reader r = vt_reader_of(vt_span_of(bytes, sizeof bytes));

	(void)state;
	assert_int_equal(vt_read_u16be(&r), 0x0102);
	assert_int_equal(vt_read_u16be(&r), 0);
	assert_true(r.bad);
	assert_int_equal(vt_read_u8(&r), 0); /* one byte is left, but the run has failed */
	assert_int_equal(r.at, 2);
}

static void test_buf_limit_and_slack(void **state)
{
	vt_buf b = VT_BUF_INIT(1000);
	uint8_t chunk[600];

	(void)state;
	memset(chunk, 0xee, sizeof chunk);
	assert_int_equal(vt_buf_add(&b, chunk, sizeof chunk), VT_OK);
	assert_int_equal(vt_buf_add(&b, chunk, sizeof chunk), VT_ELIMIT);
	assert_int_equal(b.n, 600);
	assert_int_equal(vt_buf_addf(&b, "%s-%d", "x", 5), VT_OK);
	assert_memory_equal(b.p + 600, "x-5", 3);
	for (size_t i = 0; i < VT_BUF_SLACK; i++)
		assert_int_equal(b.p[b.n + i], 0);
	vt_buf_free(&b);
}

static void test_arena_cap(void **state)
{
	vt_arena a = VT_ARENA_INIT(100);

	(void)state;
	assert_non_null(vt_arena_alloc(&a, 60));
	assert_null(vt_arena_alloc(&a, 60));
	assert_null(vt_arena_array(&a, SIZE_MAX, 2));
	vt_arena_reset(&a);
	assert_non_null(vt_arena_alloc(&a, 60));
	vt_arena_free(&a);
}

static void test_checked_numbers(void **state)
{
	uint64_t u = 9;

	(void)state;
	assert_false(vt_add_u64(UINT64_MAX, 1, &u));
	assert_int_equal(u, 9);
	assert_true(vt_mul_u64(3, 4, &u));
	assert_int_equal(u, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span_bounds),
		cmocka_unit_test(test_reader_stays_bad),
		cmocka_unit_test(test_buf_limit_and_slack),
		cmocka_unit_test(test_arena_cap),
		cmocka_unit_test(test_checked_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
