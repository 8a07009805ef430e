/* SPDX-License-Identifier: Apache-2.0 */
/* Hash lists, container rules, ignore lists; and that no line of any file gets lost. */
#include "compile/clamav/clamav.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "compile/clamav/fake_builder.h"

/* clang-format off */
static const struct vt_fake_case hashes[] = {
	{"d41d8cd98f00b204e9800998ecf8427e:10:N", "object d41d8cd98f00b204e9800998ecf8427e 10"},
	{"D41D8CD98F00B204E9800998ECF8427E:10:N:73", "object d41d8cd98f00b204e9800998ecf8427e 10"},
	{"d41d8cd98f00b204e9800998ecf8427e00000000:4294967295:N", "object d41d8cd98f00b204e9800998ecf8427e00000000 4294967295"},
	{"0000000000000000000000000000000000000000000000000000000000000001:1:N:1:216", "object 0000000000000000000000000000000000000000000000000000000000000001 1"},
	{"d41d8cd98f00b204e9800998ecf8427e:*:N", "object d41d8cd98f00b204e9800998ecf8427e *"},
	{"d41d8cd98f00b204e9800998ecf8427e:*:N:73", "object d41d8cd98f00b204e9800998ecf8427e *"},
	{"d41d8cd98f00b204e9800998ecf8427e:4294967296:N", "BAD the size is 0, or 4 GiB or more"},
	{"d41d8cd98f00b204e9800998ecf8427e:0:N", "BAD the size is 0, or 4 GiB or more"},
	{"d41d8cd98f00b204e9800998ecf8427e:-1:N", "BAD the size is neither a number nor \"*\""},
	{"d41d8cd98f00b204e9800998ecf8427e:10x:N", "BAD the size is neither a number nor \"*\""},
	{"d41d8cd98f00b204e9800998ecf8427e::N", "BAD the size is neither a number nor \"*\""},
	{"d41d8cd98f00b204e9800998ecf8427e:10:", "BAD the signature has no name"},
	{"d41d8cd98f00b204e9800998ecf8427e:10", "BAD a hash line has at least three fields"},
	{"d41d8cd98f00b204e9800998ecf8427e:10:N:217", "LEVEL meant for a newer engine (lowest functionality level)"},
	{"d41d8cd98f00b204e9800998ecf8427e:10:N:1:215", "LEVEL meant for an older engine (highest functionality level)"},
	{"d41d8cd98f00b204e9800998ecf8427e:10:N::", "BAD the highest functionality level is not a number"},
	{"d41d8cd98f00b204e9800998ecf8427e:10:N:x", "BAD the functionality level is not a number"},
	{"d41d8cd98f00b204e9800998ecf8427e:10:N:1:x", "BAD the highest functionality level is not a number"},
	{"d41d8cd98f00b204e9800998ecf8427e:10:N:1:255:7", "BAD a hash line has at most five fields"},
	{"d41d8cd98f00b204e9800998ecf8427g:10:N", "BAD the hash is not hexadecimal"},
	{"d41d8cd98f00b204e9800998ecf8427:10:N", "BAD a hash has 32, 40 or 64 hexadecimal digits"},
	{"d41d8cd98f00b204e9800998ecf8427e:10:A name, with: ", "object d41d8cd98f00b204e9800998ecf8427e 10"},
};

static const struct vt_fake_case members[] = {
	{"A:CL_TYPE_ZIP:1-100:a.*\\.exe:2:3-4:1:5-6:deadbeef:*", "member zip 1-100 /a.*\\.exe/ 2-2 3-4 1 5-6 crc=deadbeef"},
	{"A:*:*:*:*:*:*:*:*:*", "member any 0-18446744073709551615 // 0-18446744073709551615 0-18446744073709551615 2 0-18446744073709551615"},
	{"A:CL_TYPE_RAR:7:x:*:*:0:*:1F:*:81:255", "member rar 7-7 /x/ 0-18446744073709551615 0-18446744073709551615 0 0-18446744073709551615 crc=0000001f"},
	{"A:CL_TYPE_7Z:*:x:*:*:*:*:zz:*", "member 7z 0-18446744073709551615 /x/ 0-18446744073709551615 0-18446744073709551615 2 0-18446744073709551615"},
	{"A:CL_TYPE_ZIP:*:x:*:*:*:*:zz:*", "BAD the CRC is not up to eight hexadecimal digits"},
	{"A:CL_TYPE_ZIP:*:x:*:*:*:*:123456789:*", "BAD the CRC is not up to eight hexadecimal digits"},
	{"A:CL_TYPE_ZIP:*:x:*:*:2:*:*:*", "BAD the field for encryption is neither 0, 1 nor \"*\""},
	{"A:CL_TYPE_ZIP:*:(:*:*:*:*:*:*", "BAD regular expression: missing closing parenthesis"},
	{"A:CL_TYPE_ZIP:*::*:*:*:*:*:*", "BAD the regular expression is empty; any name is \"*\""},
	{"A:CL_TYPE_ZIP:5-:x:*:*:*:*:*:*", "BAD a size or position is neither n, x-y nor \"*\""},
	{"A:CL_TYPE_ZIP:6-5:x:*:*:*:*:*:*", "BAD a range is upside down"},
	{"A:CL_TYPE_ZIP:y:x:*:*:*:*:*:*", "BAD a size or position is neither n, x-y nor \"*\""},
	{"A:CL_TYPE_NEW:*:x:*:*:*:*:*:*", "UNSUPPORTED a file type (CL_TYPE_...) that is not known"},
	{"A:CL_TYPE_ZIP:*:x:*:*:*:*:*", "BAD a container signature has at least ten fields"},
	{"A:CL_TYPE_ZIP:*:x:*:*:*:*:*:*:300", "LEVEL meant for a newer engine (lowest functionality level)"},
	{"A:CL_TYPE_ZIP:*:x:*:*:*:*:*:*:1:255:9", "BAD a container signature has at most twelve fields"},
	{":CL_TYPE_ZIP:*:x:*:*:*:*:*:*", "BAD the signature has no name"},
};

static const struct vt_fake_case ignores[] = {
	{"Some.Name", "ignore Some.Name"},
	{"Some.Name:bc356bae4c42f19a3de16e333ba3569c", "ignore Some.Name bc356bae4c42f19a3de16e333ba3569c"},
	{"Some.Name:bc35", "BAD the MD5 of the ignored line has not 32 digits"},
	{"Some.Name:zz356bae4c42f19a3de16e333ba3569c", "BAD the MD5 of the ignored line is not hexadecimal"},
	{":bc356bae4c42f19a3de16e333ba3569c", "BAD the signature has no name"},
};
/* clang-format on */

static void test_lines(void **state)
{
	static const struct vt_fake_case others[] = {
		{"10:d41d8cd98f00b204e9800998ecf8427e:N",
			"section d41d8cd98f00b204e9800998ecf8427e 10 pua"},
	};
	static const struct vt_fake_case imports[] = {
		{"d41d8cd98f00b204e9800998ecf8427e:10:N",
			"imports d41d8cd98f00b204e9800998ecf8427e 10"},
	};
	static const struct vt_fake_case allowed[] = {
		{"d41d8cd98f00b204e9800998ecf8427e:10:N",
			"allow d41d8cd98f00b204e9800998ecf8427e 10"},
	};
	static const struct vt_fake_case old[] = {
		{"A (old)=68656c6c6f*6865", "rule t0 0; L(68656c6c6f) G(0-) L(6865)"},
		{"A=", "BAD the signature is empty"},
		{"=6865", "BAD the signature has no name"},
		{"A", "BAD a line of a .db file is name=hex"},
	};
	static const struct vt_fake_case pua[] = {
		{"A:0:*:6865", "rule t0 pua 0; L(6865)"},
	};
	static const struct vt_fake_case by_line[] = {
		{"daily.ndb:17:Some.Name", "ignore Some.Name"},
		{"Some.Name", "ignore Some.Name"},
		{"a:b:c:d", "BAD an ignored signature is name, name:md5 or file:line:name"},
	};

	(void)state;
	vt_fake_check("t.hdb", hashes, VT_COUNT(hashes));
	vt_fake_check("T.HSB", hashes, VT_COUNT(hashes));
	vt_fake_check("t.cdb", members, VT_COUNT(members));
	vt_fake_check("t.ign2", ignores, VT_COUNT(ignores));
	vt_fake_check("t.mdu", others, VT_COUNT(others));
	vt_fake_check("t.imp", imports, VT_COUNT(imports));
	vt_fake_check("t.fp", allowed, VT_COUNT(allowed));
	vt_fake_check("t.sfp", allowed, VT_COUNT(allowed));
	vt_fake_check("t.db", old, VT_COUNT(old));
	vt_fake_check("t.ndu", pua, VT_COUNT(pua));
	vt_fake_check("t.ign", by_line, VT_COUNT(by_line));
}

static size_t entries(const struct vt_builder *b)
{
	return b->rules + b->hashes + b->containers + b->ignores + b->asides;
}

/* Every line is added or set aside, unless it is blank or a comment. */
static void test_every_line_counts(void **state)
{
	static const struct {
		const char *text;
		size_t n, rules, entries;
	} cases[] = {
#define TEXT(s) s, sizeof(s) - 1
		{TEXT(""), 0, 0},
		{TEXT("\n\n\r\n   \n\t\n"), 0, 0},
		{TEXT("# comment\n#"), 0, 0},
		{TEXT("A:0:*:6865"), 1, 1},
		{TEXT("A:0:*:6865\r\nB:0:*:6866\r\n"), 2, 2},
		{TEXT("A:0:*:6865  \n"), 1, 1},
		{TEXT("\xef\xbb\xbf"
		      "A:0:*:6865\n"),
			1, 1},
		{TEXT("A:0:*:6865\n #no comment\nC:0:*:6866\n"), 2, 3},
		{TEXT("A:0:*:68\0"
		      "65\nB:0:*:6866\n"),
			1, 2},
		{TEXT("A\0:0:*:6865\n"), 0, 1},
		{TEXT("A:0:*:6865\nA:0:*:6865\n"), 2, 2},
#undef TEXT
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(cases); i++) {
		struct vt_builder *b =
			vt_fake_compile("x.ndb", vt_span_of(cases[i].text, cases[i].n));

		assert_int_equal(b->sets, 1);
		assert_int_equal(b->rules, cases[i].rules);
		assert_int_equal(entries(b), cases[i].entries);
		vt_builder_free(b);
	}
}

/* Lines keep their numbers across comments and blanks. */
static void test_line_numbers(void **state)
{
	struct vt_builder *b = vt_fake_compile("x.ndb", vt_span_str("#\n\nA:0:*:6865\n\nbad\n"));

	(void)state;
	vt_fake_expect(b,
		"3 rule t0 0; L(6865)\n"
		"5 BAD an extended signature has at least four fields\n");
	vt_builder_free(b);
}

/* Formats that are known but not read: one entry a line or one for the file, never none. */
static void test_other_formats(void **state)
{
	static const struct {
		const char *name;
		size_t asides;
	} cases[] = {
		{"a.idb", 2},
		{"a.crb", 2},
		{"a.pdb", 2},
		{"a.wdb", 2},
		{"a.gdb", 2},
		{"a.ftm", 2},
		{"a.cfg", 2},
		{"a.pwdb", 2},
		{"a.rmd", 2},
		{"a.zmd", 2},
		{"a.hwdb", 2},
		{"a.cat", 1},
		{"a.yar", 1},
		{"a.yara", 1},
		{"a.ioc", 1},
		{"a.cbc", 1},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(cases); i++) {
		struct vt_builder *b =
			vt_fake_compile(cases[i].name, vt_span_str("# x\none\n\ntwo\n"));

		assert_true(vt_clamav_knows(vt_span_str(cases[i].name)));
		assert_int_equal(b->asides, cases[i].asides);
		assert_int_equal(entries(b), cases[i].asides);
		vt_builder_free(b);
	}
}

static void test_names(void **state)
{
	struct vt_builder *b;

	(void)state;
	assert_true(vt_clamav_knows(vt_span_str("daily.cvd/daily.ldb")));
	assert_true(vt_clamav_knows(vt_span_str("X.NDB")));
	assert_false(vt_clamav_knows(vt_span_str("ndb")));
	assert_false(vt_clamav_knows(vt_span_str("a.info")));
	assert_false(vt_clamav_knows(vt_span_str("a.txt")));
	assert_false(vt_clamav_knows(vt_span_str("")));
	assert_true(vt_clamav_is_container(vt_span_str("main.cvd")));
	assert_true(vt_clamav_is_container(vt_span_str("main.cld")));
	assert_true(vt_clamav_is_container(vt_span_str("main.cud")));
	assert_false(vt_clamav_is_container(vt_span_str("main.ldb")));
	assert_int_equal(vt_builder_new(&b), VT_OK);
	assert_int_equal(vt_clamav_compile(b, vt_span_str("a.txt"), vt_span_str("x")), VT_EARG);
	vt_builder_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_every_line_counts),
		cmocka_unit_test(test_line_numbers),
		cmocka_unit_test(test_other_formats),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
