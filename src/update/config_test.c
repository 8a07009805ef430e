/* SPDX-License-Identifier: Apache-2.0 */
/* update.conf: defaults, each key, and that nothing that is not understood is passed over. */
#include "update/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"

#define ROOT "Root 0101010101010101010101010101010101010101010101010101010101010101\n"
#define LEAST "Policy p\n" ROOT

static vt_err parse(const char *text, struct vt_update_config *c, struct vt_config_error *why)
{
	static vt_arena a = VT_ARENA_INIT(1 << 20);

	*why = (struct vt_config_error){0};
	return vt_update_config_parse(vt_span_str(text), &a, c, why);
}

static void test_defaults(void **state)
{
	struct vt_update_config c;
	struct vt_config_error why;

	(void)state;
	assert_int_equal(parse(LEAST, &c, &why), VT_OK);
	assert_int_equal(c.max_age, 48 * 3600);
	assert_int_equal(c.max_future, 600);
	assert_int_equal(c.cool_off, 3600);
	assert_int_equal(c.cool_off_release, 72 * 3600);
	assert_int_equal(c.approve, VT_APPROVE_NONE);
	assert_int_equal(c.rebuilders, 2);
	assert_int_equal(c.nsources, 0);
	assert_true(vt_update_config_wants(&c, vt_span_str("anything")));
}

static void test_every_key(void **state)
{
	struct vt_update_config c;
	struct vt_config_error why;

	(void)state;
	assert_int_equal(parse("# a comment\n\n  Policy\t/etc/p \r\n" ROOT
			       "Log l\nWitnesses w\nMirrors m\nSource http://a/b\nSource /c d\n"
			       "MaxAge 2d\nMaxFuture 90\nCoolOff 90s\nCoolOffRelease 0\n"
			       "Approve directives\nSets main\nSets other\nRebuilders 3\n"
			       "Timeout 2m\nCertificates /x.pem",
				 &c, &why),
		VT_OK);
	assert_string_equal(c.policy_path, "/etc/p");
	assert_string_equal(c.log, "l");
	assert_string_equal(c.witnesses, "w");
	assert_string_equal(c.mirrors, "m");
	assert_int_equal(c.nsources, 2);
	assert_string_equal(c.sources[1], "/c d");
	assert_int_equal(c.max_age, 2 * 86400);
	assert_int_equal(c.max_future, 90);
	assert_int_equal(c.cool_off, 90);
	assert_int_equal(c.cool_off_release, 0);
	assert_int_equal(c.approve, VT_APPROVE_DIRECTIVES);
	assert_int_equal(c.rebuilders, 3);
	assert_int_equal(c.timeout_ms, 120000);
	assert_string_equal(c.certificates, "/x.pem");
	assert_true(vt_update_config_wants(&c, vt_span_str("other")));
	assert_false(vt_update_config_wants(&c, vt_span_str("third")));
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} bad[] = {{"", 0}, {"Policy p\n", 0}, {ROOT, 0}, {LEAST "Colour blue\n", 3},
		{LEAST "maxage 1h\n", 3}, {LEAST "MaxAge\n", 3},
		{LEAST "MaxAge 1h\nMaxAge 2h\n", 4}, {LEAST "MaxAge -1\n", 3},
		{LEAST "MaxAge 1w\n", 3}, {LEAST "MaxAge 1 h\n", 3},
		{LEAST "MaxAge 99999999999999999h\n", 3}, {LEAST "Timeout 0\n", 3},
		{LEAST "Timeout 2h\n", 3}, {LEAST "Approve some\n", 3}, {LEAST "Sets ../x\n", 3},
		{LEAST "Rebuilders 65\n", 3}, {LEAST "Source a\x1b[2J\n", 3},
		{"Policy p\nRoot 01\n", 2}, {LEAST "Policy q\n", 3}};
	struct vt_update_config c;
	struct vt_config_error why;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++) {
		if (parse(bad[i].text, &c, &why) != VT_EFORMAT)
			fail_msg("taken: %s", bad[i].text);
		assert_int_equal(why.line, bad[i].line);
		assert_true(why.cause[0]);
	}
}

static void test_names_of_the_policy(void **state)
{
	static const char *const policy = "log updates.example/x+aaaaaaaa+Ab4=\nquorum none\n";
	static vt_arena a = VT_ARENA_INIT(1 << 22);
	struct vt_update_config c;
	struct vt_config_error why;

	(void)state;
	assert_int_equal(parse(LEAST, &c, &why), VT_OK);
	assert_int_equal(vt_update_config_policy(&c, vt_span_str(policy), &a, &why), VT_EFORMAT);
	assert_int_equal(why.line, 1); /* no such key */
	assert_int_equal(
		vt_update_config_policy(&c, vt_span_str("quorum none\n"), &a, &why), VT_EFORMAT);
	assert_string_equal(why.cause, "no log line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_names_of_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
