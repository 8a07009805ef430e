/* SPDX-License-Identifier: Apache-2.0 */
/* Property lists: both forms, what is refused, and small files that stand for huge trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inventory/artefact/plist.h"

static vt_arena arena = VT_ARENA_INIT((size_t)256 << 20);
static const struct vt_plist *top;

static vt_err parse(const char *text)
{
	vt_arena_reset(&arena);
	return vt_plist_parse(vt_span_str(text), &arena, &top);
}

static bool is(vt_span s, const char *text)
{
	return vt_span_eq(s, vt_span_str(text));
}

static void test_xml(void **state)
{
	(void)state;
	assert_int_equal(
		parse("\xef\xbb\xbf<?xml?><!-- <plist> --><!DOCTYPE plist><plist version='1.0'> "
		      "<dict >"
		      "<key>a&lt;</key><string>1 &amp; &#65;&#x20AC;&#x1F600; &unknown; &</string>"
		      "<key>b</key><array><true/><false/><integer>7</integer><string/><dict></"
		      "dict></array>"
		      "<key/><string><![CDATA[<&>]]></string></dict></plist>"),
		VT_OK);
	assert_true(is(vt_plist_text(top, "a<"), "1 & A\xe2\x82\xac\xf0\x9f\x98\x80 &unknown; &"));
	assert_true(is(vt_plist_text(top, ""), "<&>"));
	assert_int_equal(vt_plist_get(top, "b")->first->type, VT_PLIST_TRUE);
	assert_true(is(vt_plist_get(top, "b")->first->next->next->text, "7"));
	assert_null(vt_plist_get(top, "c"));
	assert_null(vt_plist_get(NULL, "c"));
}

static void test_refused(void **state)
{
	static const char *const bad[] = {"", "<", "<html></html>", "<plist>", "<plist></plist>",
		"<plist></array>", "<plist><dict><string>x</string></dict></plist>",
		"<plist><dict><key>a</key></dict></plist>", "<plist><array></dict></plist>",
		"<plist><string>x</dict></plist>", "<plist><string>x",
		"<!DOCTYPE plist [<!ENTITY a \"b\">]><plist><string>&a;</string></plist>",
		"bplist00", "<!--"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_not_equal(parse(bad[i]), VT_OK);
}

static void test_depth(void **state)
{
	static char text[100 * 7 + 20];
	size_t n;

	(void)state;
	for (int depth = 60; depth <= 100; depth += 40) {
		memcpy(text, "<plist>", 7);
		n = 7;
		for (int i = 0; i < depth; i++, n += 7)
			memcpy(text + n, "<array>", 7);
		text[n] = 0;
		assert_int_equal(parse(text), depth == 60 ? VT_ETRUNCATED : VT_ELIMIT);
	}
}

/* Arrays of arrays that all name the same one: 2^40 values in 400 bytes; and an array of itself. */
static void test_bombs(void **state)
{
	uint8_t b[1024];
	size_t n;

	(void)state;
	for (int loop = 0; loop < 2; loop++) {
		int objects = loop ? 1 : 41;
		size_t table;

		memcpy(b, "bplist00", 8);
		n = 8;
		for (int i = 0; i < objects; i++) {
			b[n++] = i + 1 == objects && !loop ? 0x09 : 0xa2;
			if (b[n - 1] == 0xa2) {
				b[n++] = (uint8_t)(loop ? 0 : i + 1);
				b[n++] = (uint8_t)(loop ? 0 : i + 1);
			}
		}
		table = n;
		for (int i = 0; i < objects; i++) {
			b[n++] = 0;
			b[n++] = (uint8_t)(8 + 3 * i);
		}
		memset(b + n, 0, 32);
		b[n + 6] = 2;
		b[n + 7] = 1;
		b[n + 15] = (uint8_t)objects;
		b[n + 31] = (uint8_t)table;
		vt_arena_reset(&arena);
		assert_int_equal(vt_plist_parse(vt_span_of(b, n + 32), &arena, &top), VT_ELIMIT);
	}
}

static void test_utf16(void **state)
{
	vt_span out;

	(void)state;
	assert_int_equal(vt_utf16_text(vt_span_of("a\0\xac\x20\x3d\xd8\x00\xde\x3d\xd8z", 11),
				 false, &arena, &out),
		VT_OK);
	assert_true(is(out, "a\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd"));
	assert_int_equal(vt_latin1_text(vt_span_str("M\xfcller"), &arena, &out), VT_OK);
	assert_true(is(out, "M\xc3\xbcller"));
	assert_int_equal(vt_latin1_text(vt_span_str("M\xc3\xbcller"), &arena, &out), VT_OK);
	assert_true(is(out, "M\xc3\xbcller"));
	assert_int_equal(vt_latin1_text(vt_span_str("\xf5"), &arena, &out), VT_OK);
	assert_true(is(out, "\xc3\xb5"));
	assert_int_equal(vt_utf16_text(vt_span_of("\0a\x20\xac", 4), true, &arena, &out), VT_OK);
	assert_true(is(out, "a\xe2\x82\xac"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_utf16),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	vt_arena_free(&arena);
	return r;
}
