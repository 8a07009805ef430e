/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/num.h"
#include "entry/entry.h"

static void test_known(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-12-31T23:59:59Z", 31535999},
		{"2000-02-29T12:00:00Z", 951825600},
		{"2026-11-24T04:00:00Z", 1795492800},
		{"2038-01-19T03:14:08Z", INT64_C(1) << 31},
		{"2100-03-01T00:00:00Z", INT64_C(4107542400)},
		{"9999-12-31T23:59:59Z", INT64_C(253402300799)},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		char text[VT_TIME_SIZE];
		int64_t t = -1;

		assert_true(vt_time_parse(vt_span_str(rows[i].text), &t));
		assert_int_equal(t, rows[i].seconds);
		assert_string_equal(vt_time_write(t, text), rows[i].text);
	}
}

static void test_refused(void **state)
{
	static const char *const rows[] = {"", "2026-11-24", "1969-12-31T23:59:59Z",
		"2026-11-24T04:00:00", "2026-11-24T04:00:00z", "2026-11-24t04:00:00Z",
		"2026-11-24 04:00:00Z", "2026-11-24T04:00:00.0Z", "2026-11-24T04:00:60Z",
		"2026-11-24T04:60:00Z", "2026-11-24T24:00:00Z", "2026-11-31T04:00:00Z",
		"2026-02-29T04:00:00Z", "2100-02-29T04:00:00Z", "2026-00-24T04:00:00Z",
		"2026-13-24T04:00:00Z", "2026-11-00T04:00:00Z", "+026-11-24T04:00:00Z",
		"2026-11-24T04:00: 0Z", "2026-11-24T04:00:00ZZ", "0000-01-01T00:00:00Z"};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		int64_t t = 5;

		if (vt_time_parse(vt_span_str(rows[i]), &t))
			print_error("%s\n", rows[i]);
		assert_false(vt_time_parse(vt_span_str(rows[i]), &t));
		assert_int_equal(t, 5);
	}
}

/* Each day that there is, at a second that moves, as the C library has it. */
static void test_every_day(void **state)
{
	(void)state;
	for (int64_t t = 0; t <= INT64_C(253402300799); t += 86400 + 1) {
		char text[VT_TIME_SIZE], theirs[VT_TIME_SIZE];
		int64_t again = -1;
		time_t clock = (time_t)t;
		struct tm tm;

		assert_non_null(gmtime_r(&clock, &tm));
		assert_int_equal(strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", &tm), 20);
		assert_string_equal(vt_time_write(t, text), theirs);
		assert_true(vt_time_parse(vt_span_str(text), &again));
		assert_int_equal(again, t);
	}
}

static void test_outside(void **state)
{
	char text[VT_TIME_SIZE];

	(void)state;
	assert_string_equal(vt_time_write(-1, text), "1970-01-01T00:00:00Z");
	assert_string_equal(vt_time_write(INT64_MIN, text), "1970-01-01T00:00:00Z");
	assert_string_equal(vt_time_write(INT64_MAX, text), "9999-12-31T23:59:59Z");
}

static void test_chunk_path(void **state)
{
	char path[VT_CHUNK_PATH_SIZE];
	vt_hash h;

	(void)state;
	for (unsigned i = 0; i < sizeof h.b; i++)
		h.b[i] = (uint8_t)(0xab + 7 * i);
	assert_string_equal(vt_chunk_path(&h, path),
		"chunk/ab/"
		"abb2b9c0c7ced5dce3eaf1f8ff060d141b222930373e454c535a61686f767d84");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_chunk_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
