/* SPDX-License-Identifier: Apache-2.0 */
/* The file that says how far a follower has come: read back as written, damage refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "cli/log/progress.h"

#define LEAF "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD "vitrine/follow/v1\nat 9\n"

static void test_round_trip(void **state)
{
	static const char text[] = HEAD "root 0 " LEAF "\nstate 8 " LEAF "\n"
					"set content main 27 3 " LEAF "\n"
					"set directive a.b 1 4 " LEAF "\n"
					"unreadable 3\nunreadable 7\n";
	vt_buf b = VT_BUF_INIT(VT_PROGRESS_MAX);
	struct vt_log_progress p;

	(void)state;
	assert_int_equal(vt_log_progress_parse(vt_span_str(text), &p), VT_OK);
	assert_int_equal(p.at, 9);
	assert_int_equal(p.nsets, 2);
	assert_string_equal(p.sets[1].name, "a.b");
	assert_int_equal(p.nunreadable, 2);
	assert_int_equal(vt_log_progress_write(&b, &p), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str(text)));
	vt_buf_free(&b);
	vt_log_progress_free(&p);
}

static void test_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"vitrine/follow/v2\nat 9\n",
		"vitrine/follow/v1\nat 09\n",
		"vitrine/follow/v1\nat 9",
		HEAD "root 9 " LEAF "\n",
		HEAD "root 0 " LEAF "\nroot 1 " LEAF "\n",
		HEAD "root 0 " LEAF " \n",
		HEAD "root 0  " LEAF "\n",
		HEAD "state 0 ab\n",
		HEAD "set content main 27 9 " LEAF "\n",
		HEAD "set state main 27 3 " LEAF "\n",
		HEAD "set content main 27 3 " LEAF " x\n",
		HEAD "unreadable 9\n",
		HEAD "unreadable -1\n",
		HEAD "other\n",
		HEAD "unreadable 3\nunread",
	};
	struct vt_log_progress p;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_log_progress_parse(vt_span_str(bad[i]), &p) != VT_EFORMAT)
			fail_msg("taken: %s", bad[i]);
}

static void test_unreadable(void **state)
{
	struct vt_log_progress p = {.at = 9};

	(void)state;
	assert_int_equal(vt_log_progress_unreadable(&p, 3, false), VT_OK);
	assert_int_equal(p.nunreadable, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(vt_log_progress_unreadable(&p, 3, true), VT_OK);
	assert_int_equal(vt_log_progress_unreadable(&p, 4, true), VT_OK);
	assert_int_equal(p.nunreadable, 2);
	assert_int_equal(vt_log_progress_unreadable(&p, 3, false), VT_OK);
	assert_int_equal(p.nunreadable, 1);
	assert_int_equal(p.unreadable[0], 4);
	assert_int_equal(vt_log_progress_unreadable(&p, 4, false), VT_OK);
	assert_int_equal(p.nunreadable, 0);
	vt_log_progress_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
