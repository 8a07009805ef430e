/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions: what is written is read, rows are replaced by name, and nothing else is read. */
#include "update/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct vt_setting_row row(enum vt_setting what, uint64_t number, const char *name)
{
	return (struct vt_setting_row){.what = what,
		.number = number,
		.name = vt_span_str(name),
		.time = 1700000000,
		.who = vt_span_str("Ann of the second floor")};
}

static struct vt_settings *fresh(void)
{
	struct vt_settings *s = calloc(1, sizeof *s);

	assert_non_null(s);
	return s;
}

static void test_round_trip(void **state)
{
	static const enum vt_setting kinds[] = {VT_SETTING_HOLD, VT_SETTING_APPROVED,
		VT_SETTING_PIN, VT_SETTING_ROLLBACK, VT_SETTING_ACKNOWLEDGED};
	struct vt_settings *s = fresh(), *again = fresh();
	vt_buf b = VT_BUF_INIT(VT_SETTINGS_MAX), c = VT_BUF_INIT(VT_SETTINGS_MAX);

	(void)state;
	for (unsigned i = 0; i < VT_SETTINGS; i++) {
		const struct vt_setting_row r = row(kinds[i], i ? UINT64_MAX : 0, "main");

		assert_int_equal(vt_settings_set(s, &r), VT_OK);
	}
	assert_int_equal(vt_settings_write(&b, s), VT_OK);
	assert_int_equal(vt_settings_parse(vt_buf_span(&b), again), VT_OK);
	assert_int_equal(again->n, VT_SETTINGS);
	for (unsigned i = 0; i < VT_SETTINGS; i++) {
		assert_int_equal(again->v[i].what, kinds[i]);
		assert_int_equal(again->v[i].time, 1700000000);
		assert_true(vt_span_eq(again->v[i].who, s->v[i].who));
	}
	assert_int_equal(vt_settings_write(&c, again), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_buf_span(&c)));
	vt_buf_free(&b);
	vt_buf_free(&c);
	free(s);
	free(again);
}

static void test_find_replace_drop(void **state)
{
	const vt_span any = {0}, main_set = vt_span_str("main"), other = vt_span_str("other");
	struct vt_setting_row r = row(VT_SETTING_PIN, 7, "main");
	struct vt_settings *s = fresh();

	(void)state;
	assert_int_equal(vt_settings_set(s, &r), VT_OK);
	r = row(VT_SETTING_PIN, 8, "other");
	assert_int_equal(vt_settings_set(s, &r), VT_OK);
	r = row(VT_SETTING_PIN, 9, "main");
	assert_int_equal(vt_settings_set(s, &r), VT_OK);
	assert_int_equal(s->n, 2);
	assert_int_equal(vt_settings_find(s, VT_SETTING_PIN, main_set)->number, 9);
	assert_int_equal(vt_settings_find(s, VT_SETTING_PIN, other)->number, 8);
	assert_non_null(vt_settings_find(s, VT_SETTING_PIN, any));
	assert_null(vt_settings_find(s, VT_SETTING_ROLLBACK, any));
	assert_int_equal(vt_settings_drop(s, VT_SETTING_PIN, main_set), 1);
	assert_int_equal(vt_settings_drop(s, VT_SETTING_PIN, main_set), 0);
	assert_null(vt_settings_find(s, VT_SETTING_PIN, main_set));
	assert_int_equal(vt_settings_drop(s, VT_SETTING_PIN, any), 1);
	assert_int_equal(s->n, 0);
	free(s);
}

static void test_what_can_not_be_written(void **state)
{
	struct vt_setting_row r = row(VT_SETTING_HOLD, 0, "two words");
	struct vt_settings *s = fresh();
	char name[16];

	(void)state;
	assert_int_equal(vt_settings_set(s, &r), VT_EARG);
	r = row(VT_SETTING_HOLD, 0, "");
	assert_int_equal(vt_settings_set(s, &r), VT_EARG);
	r = row(VT_SETTING_HOLD, 0, "-");
	r.who = vt_span_str("Ann\nhold 0 - 0 Mallory");
	assert_int_equal(vt_settings_set(s, &r), VT_EARG);
	r.who = vt_span_str("Ann");
	r.time = -1;
	assert_int_equal(vt_settings_set(s, &r), VT_EARG);
	assert_int_equal(s->n, 0);
	for (unsigned i = 0; i < VT_SETTING_ROWS_MAX; i++)
		s->v[s->n++] = row(VT_SETTING_PIN, i, "x");
	(void)snprintf(name, sizeof name, "one-more");
	r = row(VT_SETTING_PIN, 1, name);
	assert_int_equal(vt_settings_set(s, &r), VT_ELIMIT);
	free(s);
}

static void test_what_is_not_read(void **state)
{
	static const char *const bad[] = {"", "vitrine/settings/v1", "vitrine/settings/v2\n",
		"vitrine/settings/v1\nhold 0 - 0 Ann", "vitrine/settings/v1\nhold 0 - 0\n",
		"vitrine/settings/v1\nhold 0 - 0 \n", "vitrine/settings/v1\nhold 00 - 0 Ann\n",
		"vitrine/settings/v1\nhold 0 - -1 Ann\n", "vitrine/settings/v1\nhold 0  0 Ann\n",
		"vitrine/settings/v1\nheld 0 - 0 Ann\n", "vitrine/settings/v1\n\n",
		"vitrine/settings/v1\nhold 0 - 9223372036854775808 Ann\n",
		"vitrine/settings/v1\nhold 0 - 0 A\x1b[2J\n"};
	struct vt_settings *s = fresh();

	(void)state;
	assert_int_equal(
		vt_settings_parse(vt_span_str("vitrine/settings/v1\nhold 0 - 0 Ann\n"), s), VT_OK);
	assert_int_equal(s->n, 1);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (vt_settings_parse(vt_span_str(bad[i]), s) != VT_EFORMAT)
			fail_msg("read: %s", bad[i]);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_find_replace_drop),
		cmocka_unit_test(test_what_can_not_be_written),
		cmocka_unit_test(test_what_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
