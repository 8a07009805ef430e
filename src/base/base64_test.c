/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/num.h"

/* RFC 4648, section 10 */
static void test_vectors(void **state)
{
	static const struct {
		const char *bytes, *text;
	} all[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"}};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(all); i++) {
		vt_buf b = VT_BUF_INIT(100);
		uint8_t back[16];
		size_t n = 99;

		assert_int_equal(vt_base64_add(&b, vt_span_str(all[i].bytes)), VT_OK);
		assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str(all[i].text)));
		assert_int_equal(b.n, VT_BASE64_SIZE(strlen(all[i].bytes)));
		assert_true(vt_base64_get(vt_span_str(all[i].text), back, sizeof back, &n));
		assert_true(vt_span_eq(vt_span_of(back, n), vt_span_str(all[i].bytes)));
		/* into just enough room, and into less */
		assert_true(vt_base64_get(vt_span_str(all[i].text), back, n, &n));
		if (n)
			assert_false(vt_base64_get(vt_span_str(all[i].text), back, n - 1, &n));
		vt_buf_free(&b);
	}
}

static void test_every_byte_and_length(void **state)
{
	uint8_t bytes[256], back[256];

	(void)state;
	for (size_t i = 0; i < 256; i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (size_t len = 0; len <= 256; len++) {
		vt_buf b = VT_BUF_INIT(400);
		size_t n;

		assert_int_equal(vt_base64_add(&b, vt_span_of(bytes, len)), VT_OK);
		assert_true(vt_base64_get(vt_buf_span(&b), back, sizeof back, &n));
		assert_int_equal(n, len);
		assert_memory_equal(back, bytes, len);
		vt_buf_free(&b);
	}
}

static void test_what_does_not_decode(void **state)
{
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg==\n",
		"Zg== ", "=g==", "Z===", "====", "Zg==Zg==", "Zm9=Zm9v", "Zh==", "Zm9=", "Zm-v",
		"Zm_v", "Zm9v=", "Zm 9v", "Zm\n9v\n\n\n", "Z=g=", "Zm=v", "\xc3\xa9mv"};
	uint8_t back[16];
	size_t n = 99;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_base64_get(vt_span_str(bad[i]), back, sizeof back, &n))
			fail_msg("decoded: %s", bad[i]);
	assert_int_equal(n, 99);
	/* whatever four characters decode encodes to the same four */
	for (uint32_t i = 0; i < 1u << 16; i++) {
		uint8_t text[4] = {'A', (uint8_t)i, (uint8_t)(i >> 8), '='};
		vt_buf b = VT_BUF_INIT(8);

		if (!vt_base64_get(vt_span_of(text, 4), back, sizeof back, &n))
			continue;
		assert_int_equal(vt_base64_add(&b, vt_span_of(back, n)), VT_OK);
		assert_memory_equal(b.p, text, 4);
		vt_buf_free(&b);
	}
}

static void test_limits(void **state)
{
	vt_buf b = VT_BUF_INIT(7);

	(void)state;
	assert_int_equal(vt_base64_add(&b, vt_span_str("four")), VT_ELIMIT);
	assert_int_equal(vt_hex_add(&b, vt_span_str("four")), VT_ELIMIT);
	assert_int_equal(b.n, 0);
	assert_int_equal(vt_base64_add(&b, vt_span_str("abc")), VT_OK);
	vt_buf_free(&b);
}

static void test_hex(void **state)
{
	static const char *const bad[] = {
		"0", "0g", "0A", "AB", " 0", "0x", "001", "00 1", "/0", ":0", "`0"};
	const uint8_t bytes[] = {0x00, 0x9a, 0xff, 0x10};
	vt_buf b = VT_BUF_INIT(100);
	uint8_t back[4] = {0};

	(void)state;
	assert_int_equal(vt_hex_add(&b, vt_span_of(bytes, sizeof bytes)), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str("009aff10")));
	assert_true(vt_hex_get(vt_buf_span(&b), back, sizeof back));
	assert_memory_equal(back, bytes, sizeof bytes);
	assert_false(vt_hex_get(vt_buf_span(&b), back, 3));
	assert_true(vt_hex_get(vt_span_str(""), back, 0));
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_hex_get(vt_span_str(bad[i]), back, 1))
			fail_msg("decoded: %s", bad[i]);
	vt_buf_free(&b);
}

static void test_decimals(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {{"0", 0}, {"7", 7}, {"10", 10}, {"18446744073709551615", UINT64_MAX}};
	static const char *const bad[] = {"", "00", "01", "-1", "+1", " 1", "1 ", "1\n", "0x1",
		"1e3", "18446744073709551616", "99999999999999999999", "184467440737095516150",
		"\xd9\xa1"};
	uint64_t v = 77;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_decimal_get(vt_span_str(bad[i]), &v))
			fail_msg("read: %s", bad[i]);
	assert_int_equal(v, 77);
	for (size_t i = 0; i < VT_COUNT(good); i++) {
		assert_true(vt_decimal_get(vt_span_str(good[i].text), &v));
		assert_true(v == good[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_byte_and_length),
		cmocka_unit_test(test_what_does_not_decode),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
