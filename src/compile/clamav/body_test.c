/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal bodies and offsets: what each becomes, or why it is set aside. */
#include "compile/clamav/fake_builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* clang-format off */
static const struct vt_fake_case bodies[] = {
	{"A:0:*:68656c6c6f", "rule t0 0; L(68656c6c6f)"},
	{"A:0:*:6865", "rule t0 0; L(6865)"},
	{"A:0:*:68656C6C6F", "rule t0 0; L(68656c6c6f)"},
	{"A:0:*:6865?\?6c", "rule t0 0; L(6865) M(00/00) L(6c)"},
	{"A:0:*:6865?\??\??\??\?6c", "rule t0 0; L(6865) M(00/00 00/00 00/00 00/00) L(6c)"},
	{"A:0:*:6865?\??\??\??\??\?6c", "rule t0 0; L(6865) G(5-5) L(6c)"},
	{"A:0:*:6865{5}6c", "rule t0 0; L(6865) G(5-5) L(6c)"},
	{"A:0:*:6865{127}6c", "rule t0 0; L(6865) G(127-127) L(6c)"},
	{"A:0:*:6865{128}6c6c", "rule t0 0; L(6865) G(128-128) L(6c6c)"},
	{"A:0:*:6865{2-4}?\?6c6c", "rule t0 0; L(6865) G(3-5) L(6c6c)"},
	{"A:0:*:6865?\?{2-4}?\?6c6c", "rule t0 0; L(6865) M(00/00) G(3-5) L(6c6c)"},
	{"A:0:*:6865{-}6c6c", "rule t0 0; L(6865) G(0-) L(6c6c)"},
	{"A:0:*:6865{0}6c6c", "rule t0 0; L(6865) G(0-) L(6c6c)"},
	{"A:0:*:6865{0}", "BAD two fixed bytes in a row are needed on each side of a jump"},
	{"A:0:*:6865(61{0}62|63)", "BAD inside of an alternative only jumps {n} with n < 128"},
	{"A:0:*:6865{-0}6c6c", "rule t0 0; L(6865) G(0-) L(6c6c)"},
	{"A:0:*:6865{0-0}6c6c", "rule t0 0; L(6865) G(0-) L(6c6c)"},
	{"A:0:*:6865{}6c6c", "rule t0 0; L(6865) G(0-) L(6c6c)"},
	{"A:0:*:6865*6c6c", "rule t0 0; L(6865) G(0-) L(6c6c)"},
	{"A:0:*:6865{3-}6c6c", "rule t0 0; L(6865) G(3-) L(6c6c)"},
	{"A:0:*:6865{-3}6c6c", "rule t0 0; L(6865) G(0-3) L(6c6c)"},
	{"A:0:*:6865{4-3}6c6c", "BAD a jump's lower bound is above its upper bound"},
	{"A:0:*:6865{3-3}6c6c", "rule t0 0; L(6865) G(3-3) L(6c6c)"},
	{"A:0:*:6865{4294967295}6c6c", "BAD a jump is longer than 4 GiB"},
	{"A:0:*:6865{99999999999999999999}6c6c", "BAD a jump is {n}, {-n}, {n-}, {n-m} or [x-y]"},
	{"A:0:*:6865{1", "BAD a jump's closing bracket is missing"},
	{"A:0:*:6865{1-2-3}6c6c", "BAD a jump is {n}, {-n}, {n-}, {n-m} or [x-y]"},
	{"A:0:*:4?6865", "rule t0 0; M(40/f0) L(6865)"},
	{"A:0:*:6865?1", "rule t0 0; L(6865) M(01/0f)"},
	{"A:0:*:6865(61|41)", "rule t0 0; L(6865) M(41/df)"},
	{"A:0:*:6865(61|62)", "rule t0 0; L(6865) A(L(61)|L(62))"},
	{"A:0:*:6865(61|62|63)", "rule t0 0; L(6865) A(L(61)|L(62)|L(63))"},
	{"A:0:*:6865(61|62|63|60)", "rule t0 0; L(6865) M(60/fc)"},
	{"A:0:*:6865(61)", "rule t0 0; L(686561)"},
	{"A:0:*:6865(61|6263)", "rule t0 0; L(6865) A(L(61)|L(6263))"},
	{"A:0:*:6865(61|(62|6465)63)", "rule t0 0; L(6865) A(L(61)|A(L(62)|L(6465)) L(63))"},
	{"A:0:*:6865!(61|62)", "rule t0 0; L(6865) !A(L(61)|L(62))"},
	{"A:0:*:6865!(6161|6262)7a", "rule t0 0; L(6865) !A(L(6161)|L(6262)) L(7a)"},
	{"A:0:*:6865!(61|6262)", "BAD a negated alternative has wildcards, or members of several lengths"},
	{"A:0:*:6865!(6?|62)", "BAD a negated alternative has wildcards, or members of several lengths"},
	{"A:0:*:6865(6?|?\?|6{2}6)", "BAD half a byte: the hexadecimal digits are not in pairs"},
	{"A:0:*:6865(6?|?\?|61{2}62)", "rule t0 0; L(6865) A(M(60/f0)|M(00/00)|L(61) M(00/00 00/00) L(62))"},
	{"A:0:*:6865(61{7}62|63)", "rule t0 0; L(6865) A(L(61) G(7-7) L(62)|L(63))"},
	{"A:0:*:6865(61{1-2}62|63)", "BAD inside of an alternative only jumps {n} with n < 128"},
	{"A:0:*:6865(61*62|63)", "BAD \"*\" inside of an alternative"},
	{"A:0:*:6865(61|)", "BAD an alternative is empty"},
	{"A:0:*:6865()", "BAD an alternative is empty"},
	{"A:0:*:6865(61", "BAD a closing parenthesis is missing"},
	{"A:0:*:6865)", "BAD a closing parenthesis without an opening one"},
	{"A:0:*:6865|61", "BAD \"|\" outside of parentheses"},
	{"A:0:*:(B)6865(L)", "rule t0 0; B(<B) L(6865) B(>L)"},
	{"A:0:*:!(B)6865(W)", "rule t0 0; !B(<B) L(6865) B(>W)"},
	{"A:0:10:(W)6865", "rule t0 0; @at:10 B(<W) L(6865)"},
	{"A:0:0:(W)6865", "rule t0 0; @at:0 B(<W) L(6865)"},
	{"A:0:*:6865(B)6865", "rule t0 0; L(6865) B(.B) M(00/00) L(6865)"},
	{"A:0:*:6865(W)6865", "rule t0 0; L(6865) B(.W) M(00/00) L(6865)"},
	{"A:0:*:6865(L)*6865", "rule t0 0; L(6865) B(>L) G(0-) L(6865)"},
	{"A:0:10:68[1-2]6c6c", "rule t0 0; @at:7~1 L(68) G(1-2) L(6c6c)"},
	{"A:0:1:68[1-2]6c6c", "rule t0 0; @at:0 L(68) G(1-2) L(6c6c)"},
	{"A:0:EOF-10:68[1-2]6c6c", "rule t0 0; @eof-:13~1 L(68) G(1-2) L(6c6c)"},
	{"A:0:*:6865[1-2]6c", "rule t0 0; L(6865) G(1-2) L(6c)"},
	{"A:0:*:6865[-33]6c", "BAD the upper bound of [x-y] is above 32"},
	{"A:0:*:6865[1-2]", "BAD [x-y] needs a byte on each side"},
	{"A:0:*:[1-2]6865", "BAD [x-y] needs a byte on each side"},
	{"A:0:*:6865[33-34]6c", "BAD the upper bound of [x-y] is above 32"},
	{"A:0:*:*6865", "BAD two fixed bytes in a row are needed on each side of a jump"},
	{"A:0:*:6865*", "BAD two fixed bytes in a row are needed on each side of a jump"},
	{"A:0:*:6865{2-3}", "BAD two fixed bytes in a row are needed on each side of a jump"},
	{"A:0:*:6865{2}", "rule t0 0; L(6865) M(00/00 00/00)"},
	{"A:0:*:{2}6865", "rule t0 0; M(00/00 00/00) L(6865)"},
	{"A:0:*:68?\?65?\?", "BAD the signature needs two fixed bytes in a row"},
	{"A:0:*:686", "BAD half a byte: the hexadecimal digits are not in pairs"},
	{"A:0:*:68g5", "BAD a character that is neither hexadecimal nor a wildcard"},
	{"A:0:*:6 65", "BAD half a byte: the hexadecimal digits are not in pairs"},
	{"A:0:*:!6865", "BAD \"!\" is not followed by an alternative"},
	{"A:0:*:", "BAD the signature is empty"},
};

static const struct vt_fake_case offsets[] = {
	{"A:0:7:6865", "rule t0 0; @at:7 L(6865)"},
	{"A:0:7,5:6865", "rule t0 0; @at:7~5 L(6865)"},
	{"A:0:EOF-7,5:6865", "rule t0 0; @eof-:7~5 L(6865)"},
	{"A:1:EP+7:6865", "rule t1 0; @ep:7 L(6865)"},
	{"A:6:EP-7,3:6865", "rule t6 0; @ep:-7~3 L(6865)"},
	{"A:9:S2+7:6865", "rule t9 0; @sec2:7 L(6865)"},
	{"A:1:SL+7,1:6865", "rule t1 0; @last:7~1 L(6865)"},
	{"A:1:SE3:6865", "rule t1 0; @secend3 L(6865)"},
	{"A:1:VI:6865", "rule t1 0; @vi L(6865)"},
	{"A:0:$31:6865", "rule t0 mute 0; @$:31 L(6865)"},
	{"A:0::6865", "rule t0 0; L(6865)"},
	{"A::*:6865", "rule t0 0; L(6865)"},
	{"A:0:$32:6865", "BAD macro groups are $0 to $31"},
	{"A:0:$:6865", "BAD the offset is not a number"},
	{"A:0:$1,2:6865", "BAD macro groups are $0 to $31"},
	{"A:0:EP+7:6865", "BAD offsets EP, S and VI are for targets 1, 6 and 9 only"},
	{"A:2:S2+7:6865", "BAD offsets EP, S and VI are for targets 1, 6 and 9 only"},
	{"A:6:VI:6865", "rule t6 0; @vi L(6865)"},
	{"A:0:VI:6865", "BAD offsets EP, S and VI are for targets 1, 6 and 9 only"},
	{"A:1:VI+1:6865", "BAD the offset VI takes no number"},
	{"A:1:EP:6865", "BAD an entry point offset is EP+n or EP-n"},
	{"A:1:EP7:6865", "BAD an entry point offset is EP+n or EP-n"},
	{"A:1:S:6865", "BAD a section offset is Sn+m, SL+m or SEn"},
	{"A:1:S2:6865", "BAD a section offset is Sn+m, SL+m or SEn"},
	{"A:1:S2-7:6865", "BAD a section offset is Sn+m, SL+m or SEn"},
	{"A:1:S99999+7:6865", "BAD a section offset is Sn+m, SL+m or SEn"},
	{"A:1:SE:6865", "BAD a section offset is Sn+m, SL+m or SEn"},
	{"A:1:SE1+2:6865", "BAD a section offset is Sn+m, SL+m or SEn"},
	{"A:1:SL-1:6865", "BAD a section offset is Sn+m, SL+m or SEn"},
	{"A:0:EOF:6865", "BAD an offset from the end is EOF-n"},
	{"A:0:EOF+1:6865", "BAD an offset from the end is EOF-n"},
	{"A:0:-7:6865", "BAD the offset is not a number"},
	{"A:0:x:6865", "BAD the offset is not a number"},
	{"A:0:7,:6865", "BAD the offset's shift is not a number below 2^32"},
	{"A:0:7,x:6865", "BAD the offset's shift is not a number below 2^32"},
	{"A:0:7,4294967296:6865", "BAD the offset's shift is not a number below 2^32"},
	{"A:0:*,7:6865", "BAD the offset \"*\" takes no shift"},
	{"A:0:9223372036854775808:6865", "BAD the offset is not a number"},
	{"A:15:*:6865", "UNSUPPORTED a target above 14"},
	{"A:x:*:6865", "BAD the target is not a number"},
	{"A:0:*:6865:81", "rule t0 0; L(6865)"},
	{"A:0:*:6865:217", "LEVEL meant for a newer engine (lowest functionality level)"},
	{"A:0:*:6865:81:215", "LEVEL meant for an older engine (highest functionality level)"},
	{"A:0:*:6865:", "rule t0 0; L(6865)"},
	{"A:0:*:6865::", "BAD the highest functionality level is not a number"},
	{"A:0:*:6865:81:255:1", "BAD an extended signature has at most six fields"},
	{"A:0:*", "BAD an extended signature has at least four fields"},
	{":0:*:6865", "BAD the signature has no name"},
	{"Weak.A:0:*:6865", "rule t0 weak 0; L(6865)"},
};
/* clang-format on */

static void test_bodies(void **state)
{
	(void)state;
	vt_fake_check("t.ndb", bodies, VT_COUNT(bodies));
}

static void test_offsets(void **state)
{
	(void)state;
	vt_fake_check("t.ndb", offsets, VT_COUNT(offsets));
}

/* Longer than one element holds. */
static void test_long_literal(void **state)
{
	enum { BYTES = 100000 };
	vt_buf line = VT_BUF_INIT(BYTES * 2 + 100);
	struct vt_builder *b;

	(void)state;
	assert_int_equal(vt_buf_addf(&line, "A:0:*:"), VT_OK);
	for (int i = 0; i < BYTES; i++)
		assert_int_equal(vt_buf_add(&line, "41", 2), VT_OK);
	b = vt_fake_compile("t.ndb", vt_buf_span(&line));
	assert_int_equal(b->rules, 1);
	assert_int_equal(b->asides, 0);
	vt_builder_free(b);
	vt_buf_free(&line);
}

/* The deepest nesting that is allowed, and one more. */
static void test_nesting(void **state)
{
	(void)state;
	for (int depth = 15; depth <= 16; depth++) {
		vt_buf line = VT_BUF_INIT(1000);
		struct vt_builder *b;

		assert_int_equal(vt_buf_addf(&line, "A:0:*:4142"), VT_OK);
		for (int i = 0; i < depth; i++)
			assert_int_equal(vt_buf_addf(&line, "(6162|"), VT_OK);
		assert_int_equal(vt_buf_addf(&line, "63"), VT_OK);
		for (int i = 0; i < depth; i++)
			assert_int_equal(vt_buf_addf(&line, ")"), VT_OK);
		b = vt_fake_compile("t.ndb", vt_buf_span(&line));
		assert_int_equal(b->rules, depth == 15);
		assert_int_equal(b->asides, depth == 16);
		vt_builder_free(b);
		vt_buf_free(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_long_literal),
		cmocka_unit_test(test_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
