/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t convert(const char *from, const char *in, size_t n, char *out, size_t room)
{
	iconv_t cd = iconv_open("UTF-8", from);
	char bytes[64], *p = bytes, *q = out;
	size_t left = room;

	memcpy(bytes, in, n);
	if (iconv(cd, &p, &n, &q, &left))
		return SIZE_MAX;
	assert_int_equal(n, 0);
	assert_int_equal(iconv_close(cd), 0);
	return room - left;
}

static void test_utf16(void **state)
{
	/* a, U+00E9, U+20AC, U+1F600, a lone high surrogate, b */
	static const char le[] = "a\0\xe9\0\xac\x20\x3d\xd8\x00\xde\x00\xd8"
				 "b\0";
	static const char be[] = "\0a\0\xe9\x20\xac\xd8\x3d\xde\x00\xd8\x00\0b";
	static const char want[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xed\xa0\x80"
				   "b";
	char out[64];

	(void)state;
	assert_int_equal(convert("UTF-16LE", le, sizeof le - 1, out, 64), sizeof want - 1);
	assert_memory_equal(out, want, sizeof want - 1);
	assert_int_equal(convert("UTF-16BE", be, sizeof be - 1, out, 64), sizeof want - 1);
	assert_memory_equal(out, want, sizeof want - 1);
}

static void test_bytes(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(convert("CP932", "\x83\x41\x80\xff", 4, out, 64), 4);
	assert_memory_equal(out, "\x83\x41\x80\xff", 4);
}

static void test_ends(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(convert("UTF-16LE", "a\0b", 3, out, 64), SIZE_MAX);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(convert("UTF-16LE", "\xac\x20", 2, out, 2), SIZE_MAX);
	assert_int_equal(errno, E2BIG);
	assert_int_equal(iconv(iconv_open("", ""), NULL, NULL, NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
