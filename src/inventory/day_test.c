/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "inventory/day.h"

static vt_day day(const char *s)
{
	vt_day d;

	assert_true(vt_day_parse(vt_span_str(s), &d));
	return d;
}

static void same(vt_day d, const char *want)
{
	char buf[VT_DAY_SIZE];

	assert_string_equal(vt_day_write(d, buf), want);
}

static vt_day add(const char *from, const char *period)
{
	struct vt_period p;

	assert_true(vt_period_parse(vt_span_str(period), &p));
	return vt_day_add(day(from), p);
}

static void test_parse(void **state)
{
	static const char *const bad[] = {"", "2017-9-13", "2017-09-1", "2017/09/13", "2017-13-01",
		"2017-00-01", "2017-01-00", "2017-02-29", "1900-02-29", "2100-02-29", "2017-04-31",
		"2017-09-13T00:00", " 2017-09-13", "1582-12-31", "20170913", "+017-09-13",
		"2017-09-1a"};
	vt_day d;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		assert_false(vt_day_parse(vt_span_str(bad[i]), &d));
	assert_int_equal(day("1970-01-01"), 0);
	assert_int_equal(day("1969-12-31"), -1);
	assert_int_equal(day("2000-02-29"), 11016);
	assert_int_equal(day("9999-12-31"), 2932896);
	same(VT_DAY_NONE, "-");
	for (vt_day i = day("1583-01-01"); i <= day("9999-12-31"); i += 17) {
		char buf[VT_DAY_SIZE];

		assert_true(vt_day_parse(vt_span_str(vt_day_write(i, buf)), &d));
		assert_int_equal(d, i);
	}
}

static void test_weekday_and_time(void **state)
{
	(void)state;
	assert_int_equal(vt_day_weekday(day("2017-09-13")), 2); /* a Wednesday */
	assert_int_equal(vt_day_weekday(day("1969-12-28")), 6);
	assert_int_equal(vt_day_weekday(day("1583-01-01")), 5);
	assert_int_equal(vt_day_of_time(-1), -1);
	assert_int_equal(vt_day_of_time(0), 0);
	assert_int_equal(vt_day_of_time(86399), 0);
	assert_int_equal(vt_day_of_time(86400), 1);
	same(vt_day_of_time(INT64_MAX), "9999-12-31");
}

static void test_periods(void **state)
{
	static const char *const bad[] = {"", "P", "PD", "P0D", "30D", "P30", "P30H", "P-1D",
		"P1M1D", "P36501D", "P1234567D", "p30d", "P03D", "P3.5D", "PT1H"};
	struct vt_period p;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		assert_false(vt_period_parse(vt_span_str(bad[i]), &p));
	/* BOD 17-01 */
	same(add("2017-09-13", "P30D"), "2017-10-13");
	same(add("2017-09-13", "P60D"), "2017-11-12");
	same(add("2017-09-13", "P90D"), "2017-12-12");
	/* over leap days, ends of months, and the changes of summer time, which do not matter */
	same(add("2024-01-31", "P30D"), "2024-03-01");
	same(add("2023-01-31", "P30D"), "2023-03-02");
	same(add("2024-01-31", "P1M"), "2024-02-29");
	same(add("2023-01-31", "P1M"), "2023-02-28");
	same(add("2024-02-29", "P1Y"), "2025-02-28");
	same(add("2024-02-29", "P4Y"), "2028-02-29");
	same(add("2096-02-29", "P4Y"), "2100-02-28");
	same(add("2024-12-31", "P2M"), "2025-02-28");
	same(add("2024-03-09", "P2D"), "2024-03-11");
	same(add("2024-10-26", "P1W"), "2024-11-02");
	same(add("2026-02-05", "P18M"), "2027-08-05");
	same(add("9999-12-31", "P1D"), "9999-12-31");
	same(add("9999-06-15", "P100Y"), "9999-12-31");
}

static void test_business(void **state)
{
	const vt_day own[] = {day("2024-07-05"), day("2024-07-08")};
	struct vt_holidays none = {0}, us = {.us_federal = true};
	struct vt_holidays both = {.us_federal = true, .n = 2, .v = own};

	(void)state;
	same(vt_day_add_business(day("2024-07-03"), 3, &none), "2024-07-08");
	same(vt_day_add_business(day("2024-07-03"), 3, NULL), "2024-07-08");
	same(vt_day_add_business(day("2024-07-03"), 3, &us), "2024-07-09");
	same(vt_day_add_business(day("2024-07-03"), 3, &both), "2024-07-11");
	same(vt_day_add_business(day("2024-07-06"), 1, &us), "2024-07-08");
	same(vt_day_add_business(day("2024-07-06"), 0, &us), "2024-07-06");
	same(vt_day_add_business(day("9999-12-30"), 50, &us), "9999-12-31");
	assert_int_equal(vt_days_business_between(day("2024-07-03"), day("2024-07-09"), &us), 3);
	assert_int_equal(vt_days_business_between(day("2024-07-09"), day("2024-07-03"), &us), -3);
	assert_int_equal(vt_days_business_between(day("2024-07-03"), day("2024-07-03"), &us), 0);
}

static void test_us_holidays(void **state)
{
	/* as the Office of Personnel Management lists them, with the days that are observed */
	static const char *const off[] = {"2021-01-01", "2021-06-18", "2021-07-05", "2021-12-24",
		"2021-12-31", "2022-01-17", "2022-02-21", "2022-05-30", "2022-06-20", "2022-07-04",
		"2022-09-05", "2022-10-10", "2022-11-11", "2022-11-24", "2022-12-26", "2023-01-02",
		"2023-11-10", "2024-06-19", "2024-11-28", "2026-07-03"};
	static const char *const on[] = {"2021-12-27", "2022-01-03", "2020-06-19", "2022-06-17",
		"2022-11-25", "2023-01-03", "2024-05-20", "2026-07-06", "1985-01-21"};
	struct vt_holidays us = {.us_federal = true};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(off); i++)
		assert_false(vt_day_is_business(day(off[i]), &us));
	for (size_t i = 0; i < VT_COUNT(on); i++)
		assert_true(vt_day_is_business(day(on[i]), &us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_weekday_and_time),
		cmocka_unit_test(test_periods),
		cmocka_unit_test(test_business),
		cmocka_unit_test(test_us_holidays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
