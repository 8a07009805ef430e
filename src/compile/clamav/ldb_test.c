/* SPDX-License-Identifier: Apache-2.0 */
/* Logical signatures: target description, logic and each kind of subsignature. */
#include "compile/clamav/fake_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* clang-format off */
static const struct vt_fake_case logical[] = {
	{"A;Engine:81-255,Target:0;0;68656c6c6f", "rule t0 0; L(68656c6c6f)"},
	{"A;Engine:81-255,Target:0;0&1|2;6865;6866;6867", "rule t0 &(0 |(1 2)); L(6865); L(6866); L(6867)"},
	{"A;Engine:81-255,Target:0;(0&1|2);6865;6866;6867", "rule t0 |(&(0 1) 2); L(6865); L(6866); L(6867)"},
	{"A;Engine:81-255,Target:0;(0&1|2&3);6865;6866;6867;6868", "rule t0 &(0 |(1 2) 3); L(6865); L(6866); L(6867); L(6868)"},
	{"A;Engine:81-255,Target:0;(0&1)|2;6865;6866;6867", "rule t0 |(&(0 1) 2); L(6865); L(6866); L(6867)"},
	{"A;Engine:81-255,Target:0;0|1|2&3&4|5;6865;6866;6867;6868;6869;6870", "rule t0 |(0 1 &(2 3 |(4 5))); L(6865); L(6866); L(6867); L(6868); L(6869); L(6870)"},
	{"A;Engine:81-255,Target:0;((0|1)>2,2&2)=0|3<5;6865;6866;6867;6868", "rule t0 |(&(|(0 1)>2,2 2)=0 3<5); L(6865); L(6866); L(6867); L(6868)"},
	{"A;Engine:81-255,Target:0;((0>1))=1;6865", "rule t0 |(0>1)=1; L(6865)"},
	{"A;Engine:81-255,Target:0;0>=2&1=3,&2==1;6865;6866;6867", "rule t0 &(0=2 1=3 2=1); L(6865); L(6866); L(6867)"},
	{"A;Engine:81-255,Target:0;0,5;6865", "rule t0 0; L(6865)"},
	{"A;Engine:81-255,Target:0; 0 & ( 1 | 2 ) > 1 , 2 ;6865;6866;6867", "rule t0 &(0 |(1 2)>1,2); L(6865); L(6866); L(6867)"},
	{"A;Engine:81-255,Target:0;0=1,3;6865", "rule t0 0=1; L(6865)"},
	{"A;Engine:81-255,Target:0;(0|0)=1,3;6865", "rule t0 |(0 0)=1,3; L(6865)"},
	{"A;Engine:81-255,Target:0;0&;6865", "BAD the logical expression ends too early"},
	{"A;Engine:81-255,Target:0;(0;6865", "BAD a closing parenthesis is missing in the logical expression"},
	{"A;Engine:81-255,Target:0;0);6865", "BAD a closing parenthesis without an opening one"},
	{"A;Engine:81-255,Target:0;(0))|(0;6865", "BAD a closing parenthesis without an opening one"},
	{"A;Engine:81-255,Target:0;;6865", "BAD the logical expression ends too early"},
	{"A;Engine:81-255,Target:0;0 0;6865", "BAD \"&\" or \"|\" is missing in the logical expression"},
	{"A;Engine:81-255,Target:0;0=;6865", "BAD a number is missing after \"=\", \"<\" or \">\""},
	{"A;Engine:81-255,Target:0;64;6865", "BAD the logical expression names a subsignature above 63"},
	{"A;Engine:81-255,Target:0;1;6865", "BAD the logic names more subsignatures than there are"},
	{"A;Engine:81-255,Target:0;0;6865;6866", "BAD there are more subsignatures than the logic names"},
	{"A;Engine:81-255,Target:0;0;4D5A?\?::i", "rule t0 0; L(6d7a) M(00/00) i"},
	{"A;Engine:81-255,Target:0;0;4D5A6?(61|62)?\?{2}::wi", "rule t0 0; L(6d007a00) M(60/f0) L(00) A(L(6100)|L(6200)) M(00/00) L(00) M(00/00 00/00) i"},
	{"A;Engine:81-255,Target:0;0;4D5A(61|41)(61|63)4?::i", "rule t0 0; L(6d7a61) A(L(61)|L(63)) M(40/f0) i"},
	{"A;Engine:81-255,Target:0;0;4D5A::aw", "rule t0 0; L(4d5a) or L(4d005a00)"},
	{"A;Engine:81-255,Target:0;0;4D5A::wfia", "rule t0 0; L(6d7a) i f or L(6d007a00) i f"},
	{"A;Engine:81-255,Target:0;0;4D5A::", "rule t0 0; L(4d5a)"},
	{"A;Engine:81-255,Target:0;0;4D5A::z", "BAD a modifier after \"::\" is not one of i, w, f, a"},
	{"A;Engine:81-255,Target:1;0;EP+0,100:4D5A::w", "rule t1 0; @ep:0~100 L(4d005a00)"},
	{"A;Engine:81-255,Target:1,EntryPoint:1-2,NumberOfSections:3-4,FileSize:5-6,Container:CL_TYPE_ZIP,Intermediates:CL_TYPE_ZIP>CL_TYPE_ANY>CL_TYPE_RAR,HandlerType:CL_TYPE_PDF;0;4D5A", "rule t1 size=5-6 entry=1-2 sections=3-4 in=zip path=zip>any>rar 0; L(4d5a)"},
	{"A;Engine:81-255,Target:0,EntryPoint:1-2;0;4D5A", "BAD EntryPoint and NumberOfSections are for targets 1, 6 and 9 only"},
	{"A;Engine:81-255,Target:0,FileSize:-6;0;4D5A", "rule t0 size=0-6 0; L(4d5a)"},
	{"A;Engine:81-255,Target:0,FileSize:6-;0;4D5A", "BAD a range in the target description is min-max"},
	{"A;Engine:81-255,Target:0,FileSize:6-5;0;4D5A", "BAD a range in the target description is upside down"},
	{"A;Engine:81-255,Target:0,FileSize:6;0;4D5A", "BAD a range in the target description is min-max"},
	{"A;Engine:81-255,Target:0,FileSize:a-b;0;4D5A", "BAD a range in the target description is not made of numbers"},
	{"A;Target:0,Engine:81-255;0;4D5A", "BAD Engine is not the first attribute"},
	{"A;Engine:81,Target:0;0;4D5A", "BAD Engine is not min-max"},
	{"A;Engine:217-255,Target:0;0;4D5A", "LEVEL meant for a newer engine (lowest functionality level)"},
	{"A;Engine:1-50,Target:0;0;4D5A", "LEVEL meant for an older engine (highest functionality level)"},
	{"A;Engine:81-255;0;4D5A", "BAD the target description has no Target"},
	{"A;Engine:81-255,Target:x;0;4D5A", "BAD Target is not a number"},
	{"A;Engine:81-255,Target:15;0;4D5A", "UNSUPPORTED a target above 14"},
	{"A;Engine:81-255,Target;0;4D5A", "BAD an attribute of the target description has no value"},
	{"A;Engine:81-255,Target:0,New:1;0;4D5A", "UNSUPPORTED an attribute of the target description is not known"},
	{"A;Engine:81-255,Target:0,Container:CL_TYPE_NEW;0;4D5A", "UNSUPPORTED a file type (CL_TYPE_...) that is not known"},
	{"A;Engine:81-255,Target:0,Container:CL_TYPE_ANY;0;4D5A", "UNSUPPORTED Container:CL_TYPE_ANY (only outside of containers)"},
	{"A;Engine:81-255,Target:0,IconGroup1:x;0;4D5A", "UNSUPPORTED icon groups are not matched yet"},
	{"A;;0;4D5A", "BAD an attribute of the target description has no value"},
	{"A;Engine:81-255,Target:0;0", "BAD a logical signature has at least four fields"},
	{";Engine:81-255,Target:0;0;4D5A", "BAD the signature has no name"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;${1-2}31$", "rule t0 &(0 1); L(4d5a); macro 1-2 $31"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;${1-2}32$", "BAD macro groups are 0 to 31"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;${2-1}3$", "BAD a macro subsignature's range is upside down or too large"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;${2}3$", "BAD a macro subsignature is ${min-max}id$"},
	{"A;Engine:81-255,Target:0;0;${1-2}3$", "BAD a macro subsignature cannot come first"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;$3:4D5A", "BAD a macro subsignature is ${min-max}id$"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(>>0x10#il4#=0x20,<100)", "rule t0 &(0 1); L(4d5a); bytes 0 16 ile4 =32 <100"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#hbe8#>5)", "rule t0 &(0 1); L(4d5a); bytes 0 -4 hbe8 >5"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#d8#>5)", "rule t0 &(0 1); L(4d5a); bytes 0 -4 db8 >5"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#dl8#>5)", "BAD a decimal byte comparison is big-endian"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#i8#>5)", "BAD a byte comparison needs one byte order, l or b"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#ib3#>5)", "BAD a binary byte comparison is 1, 2, 4 or 8 bytes wide"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#hb19#>5)", "BAD a byte comparison reads more digits than fit 64 bits"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#hb0#>5)", "BAD a byte comparison's width is not a number above 0"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#qb1#>5)", "BAD a byte comparison reads h, d, a or i"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#hb1#>5,<6,=7)", "BAD a byte comparison has at most two comparisons"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#hb1#>x)", "BAD a comparison's value is not a number"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#hb1#5)", "BAD a comparison starts with <, > or ="},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<x#hb1#>5)", "BAD a byte comparison's offset is not a number below 2^31"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;0(<<4#hb1)", "BAD a byte comparison is trigger(offset#options#comparisons)"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;1(<<4#hb1#>5)", "BAD a byte comparison is its own trigger"},
	{"A;Engine:81-255,Target:0;0&1;4D5A;7(<<4#hb1#>5)", "BAD a byte comparison's trigger does not exist"},
	{"A;Engine:81-255,Target:0;0&1&2;4D5A;0(<<4#hb1#>5);1(<<4#hb1#>5)", "BAD a byte comparison's trigger is not a content subsignature"},
	{"A;Engine:81-255,Target:0;1;4D5A;0/a\\/b;c\\;d/smi", "rule t0 1; L(4d5a); re 0 /a\\/b;c\\;d/ 56"},
	{"A;Engine:81-255,Target:0;1;4D5A;10,20:0&0=1/a(?<x>b)/greEAUx", "rule t0 1; L(4d5a); @at:10~20 re &(0 0=1) /a(?<x>b)/ 967"},
	{"A;Engine:81-255,Target:0;1;4D5A;0/a/i::w", "rule t0 1; L(4d5a); re 0 /a/ 8"},
	{"A;Engine:81-255,Target:0;1;4D5A;0/a(/", "BAD regular expression: missing closing parenthesis"},
	{"A;Engine:81-255,Target:0;1;4D5A;0/a[/", "BAD regular expression: missing terminating ] for character class"},
	{"A;Engine:81-255,Target:0;1;4D5A;0/a/q", "BAD a flag of a regular expression is not known"},
	{"A;Engine:81-255,Target:0;1;4D5A;0//", "BAD the regular expression is empty"},
	{"A;Engine:81-255,Target:0;1;4D5A;0/a", "BAD a regular expression's closing \"/\" is missing"},
	{"A;Engine:81-255,Target:0;1;4D5A;/a/", "BAD a regular expression has no trigger"},
	{"A;Engine:81-255,Target:0;1;4D5A;1/a/", "BAD a regular expression is triggered by itself or a later subsignature"},
	{"A;Engine:81-255,Target:0;1;4D5A;$1:0/a/", "BAD a regular expression is no member of a macro group"},
	{"A;Engine:81-255,Target:0;1;4D5A;0/(*UTF)a/", "BAD regular expression: using UTF is disabled by the application"},
	{"A;Engine:81-255,Target:0;1;4D5A;fuzzy_img#af2ad01ed42993c7", "UNSUPPORTED fuzzy image hashes are not matched yet"},
	{"Weak.A/B;Engine:81-255,Target:0;0;4D5A", "rule t0 weak 0; L(4d5a)"},
};
/* clang-format on */

static void test_lines(void **state)
{
	(void)state;
	vt_fake_check("t.ldb", logical, VT_COUNT(logical));
}

/* 64 subsignatures are the most; the logic's header holds at most 64 KiB. */
static void test_limits(void **state)
{
	(void)state;
	for (int n = 64; n <= 65; n++) {
		vt_buf line = VT_BUF_INIT(100000);
		struct vt_builder *b;

		assert_int_equal(vt_buf_addf(&line, "A;Engine:81-255,Target:0;0"), VT_OK);
		for (int i = 1; i < n; i++)
			assert_int_equal(vt_buf_addf(&line, "&%d", i), VT_OK);
		for (int i = 0; i < n; i++)
			assert_int_equal(vt_buf_addf(&line, ";41424344"), VT_OK);
		b = vt_fake_compile("t.ldb", vt_buf_span(&line));
		assert_int_equal(b->rules, n == 64);
		assert_int_equal(b->asides, n == 65);
		vt_builder_free(b);
		vt_buf_free(&line);
	}
}

static void test_nesting(void **state)
{
	(void)state;
	for (int depth = 31; depth <= 32; depth++) {
		vt_buf line = VT_BUF_INIT(1000);
		struct vt_builder *b;

		assert_int_equal(vt_buf_addf(&line, "A;Engine:81-255,Target:0;"), VT_OK);
		for (int i = 0; i < depth; i++)
			assert_int_equal(vt_buf_addf(&line, "("), VT_OK);
		assert_int_equal(vt_buf_addf(&line, "0"), VT_OK);
		for (int i = 0; i < depth; i++)
			assert_int_equal(vt_buf_addf(&line, "|0)>1"), VT_OK);
		assert_int_equal(vt_buf_addf(&line, ";41424344"), VT_OK);
		b = vt_fake_compile("t.ldb", vt_buf_span(&line));
		assert_int_equal(b->rules, depth == 31);
		assert_int_equal(b->asides, depth == 32);
		vt_builder_free(b);
		vt_buf_free(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
