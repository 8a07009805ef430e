/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "cli/text.h"

typedef void put_fn(FILE *f, vt_span s);

static void check(put_fn *put, const char *in, size_t n, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	put(f, vt_span_of(in, n));
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}
#define CHECK(put, in, expected) check(put, in, sizeof(in) - 1, expected)

/* RFC 3629 section 10 and Unicode's table 3-7: overlong, surrogate and out-of-range forms. */
static void test_utf8(void **state)
{
	static const struct {
		const char *bytes;
		bool valid;
	} rows[] = {
		{"plain", true},
		{"\xc3\xa4", true},
		{"\xed\x9f\xbf", true},
		{"\xf4\x8f\xbf\xbf", true},
		{"\xc0\xaf", false},
		{"\xe0\x80\xaf", false},
		{"\xed\xa0\x80", false},
		{"\xf4\x90\x80\x80", false},
		{"\xf5\x80\x80\x80", false},
		{"\xe2\x82", false},
		{"\x80", false},
		{"a\xff", false},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++)
		assert_int_equal(vt_utf8_valid(vt_span_str(rows[i].bytes)), rows[i].valid);
}

static void test_visible(void **state)
{
	(void)state;
	CHECK(vt_put_visible, "a\xc3\xa4 b", "a\xc3\xa4 b");
	CHECK(vt_put_visible, "\n\t\r\x1b\x7f", "\\n\\t\\r\\x1b\\x7f");
	CHECK(vt_put_visible, "\xff\xc3", "\\xff\\xc3");
	CHECK(vt_put_visible, "\xc2\x9b\xe2\x80\xae", "\\u{9b}\\u{202e}");
	CHECK(vt_put_visible, "a\0b", "a\\x00b");
}

static void test_json(void **state)
{
	(void)state;
	CHECK(vt_put_json, "", "\"\"");
	CHECK(vt_put_json, "a\"\\\n\0", "\"a\\\"\\\\\\u000a\\u0000\"");
	CHECK(vt_put_json, "\xe2\x82x", "\"\xef\xbf\xbd\xef\xbf\xbdx\"");
	CHECK(vt_put_json, "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"");
}

/* RFC 4648 section 10 */
static void test_base64(void **state)
{
	(void)state;
	CHECK(vt_put_base64, "", "");
	CHECK(vt_put_base64, "f", "Zg==");
	CHECK(vt_put_base64, "fo", "Zm8=");
	CHECK(vt_put_base64, "foobar", "Zm9vYmFy");
	CHECK(vt_put_base64, "\xff\xfe\xfd", "//79");
}

static void test_markup(void **state)
{
	(void)state;
	CHECK(vt_put_html, "<a href='x'>&\"\x1b\xff",
		"&lt;a href=&#39;x&#39;&gt;&amp;&quot;\\x1b\xef\xbf\xbd");
	CHECK(vt_put_uri, "/a b/%\xff?#\0", "/a%20b/%25%FF%3F%23%00");
	CHECK(vt_put_csv, "plain", "plain");
	CHECK(vt_put_csv, "a,\"b\"\n", "\"a,\"\"b\"\"\n\"");
	CHECK(vt_put_csv, "", "");
}

static void test_numbers(void **state)
{
	char buf[VT_NUMBER_MAX];

	(void)state;
	assert_string_equal(vt_format_count(0, buf), "0");
	assert_string_equal(vt_format_count(999, buf), "999");
	assert_string_equal(vt_format_count(1000, buf), "1,000");
	assert_string_equal(vt_format_count(UINT64_MAX, buf), "18,446,744,073,709,551,615");
	assert_string_equal(vt_format_bytes(0, buf), "0 B");
	assert_string_equal(vt_format_bytes(1536, buf), "1.5 KiB");
	assert_string_equal(vt_format_bytes(3.0 * 1024 * 1024 * 1024, buf), "3.0 GiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_markup),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
