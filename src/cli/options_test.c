/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "cli/filter.h"
#include "cli/options.h"

struct values {
	bool flag, other;
	int tri, choice;
	uint64_t size, count;
	uint32_t small, time;
	const char *string;
	struct vt_strings list;
};

#define AT(field) offsetof(struct values, field)

static const struct vt_option options[] = {
	{'f', "flag", NULL, VT_OPTION_FLAG, AT(flag), "", NULL},
	{'o', "other", NULL, VT_OPTION_FLAG, AT(other), "", NULL},
	{0, "tri", NULL, VT_OPTION_TRI, AT(tri), "", NULL},
	{0, "choice", "C", VT_OPTION_CHOICE, AT(choice), "", "one|two|three"},
	{'s', "size", "N", VT_OPTION_SIZE, AT(size), "", NULL},
	{0, "count", "N", VT_OPTION_U64, AT(count), "", NULL},
	{'n', "small", "N", VT_OPTION_U32, AT(small), "", NULL},
	{0, "time", "T", VT_OPTION_TIME, AT(time), "", NULL},
	{0, "string", "S", VT_OPTION_STRING, AT(string), "", NULL},
	{'l', "list", "S", VT_OPTION_STRINGS, AT(list), "", NULL},
};
static const struct vt_option_table table = {
	.command = "test", .usage = "", .options = options, .count = VT_COUNT(options)};

/* Parses words split at spaces; operands are joined with '|' in `joined`. */
static vt_err parse(const char *line, struct values *v, char joined[64])
{
	char text[256], *argv[32] = {NULL};
	struct vt_strings operands = {0};
	char *word = text;
	int argc = 1;
	vt_err e;

	*v = (struct values){.tri = -1};
	(void)snprintf(text, sizeof text, "%s", line);
	while (*line && word && argc < 32) {
		argv[argc++] = strsep(&word, " ");
	}
	e = vt_options_parse(&table, argc, argv, v, &operands);
	joined[0] = 0;
	for (size_t i = 0; i < operands.n; i++) {
		size_t n = strlen(joined);

		(void)snprintf(joined + n, 64 - n, "%s%s", i ? "|" : "", operands.v[i]);
	}
	vt_strings_free(&operands);
	return e;
}

static void test_flags(void **state)
{
	struct values v;
	char rest[64];

	(void)state;
	assert_int_equal(parse("a -f b --other c", &v, rest), VT_OK);
	assert_true(v.flag && v.other);
	assert_string_equal(rest, "a|b|c");
	assert_int_equal(parse("-fo --no-flag --tri", &v, rest), VT_OK);
	assert_true(!v.flag && v.other && v.tri == 1);
	assert_int_equal(parse("--no-tri -- -f --other -", &v, rest), VT_OK);
	assert_true(!v.flag && !v.other && v.tri == 0);
	assert_string_equal(rest, "-f|--other|-");
	assert_int_equal(parse("- -f", &v, rest), VT_OK);
	assert_string_equal(rest, "-");
	assert_int_equal(v.tri, -1);
}

static void test_values(void **state)
{
	struct values v;
	char rest[64];

	(void)state;
	assert_int_equal(
		parse("-s4K --count=7 -fn3 --time 2m --string= -l a -lb --list=c", &v, rest),
		VT_OK);
	assert_true(v.flag && v.size == 4096 && v.count == 7 && v.small == 3);
	assert_int_equal(v.time, 120000);
	assert_string_equal(v.string, "");
	assert_int_equal(v.list.n, 3);
	assert_string_equal(v.list.v[2], "c");
	vt_strings_free(&v.list);
	assert_int_equal(parse("--size unlimited --small=unlimited --choice two", &v, rest), VT_OK);
	assert_true(v.size == UINT64_MAX && v.small == UINT32_MAX && v.choice == 1);
	assert_int_equal(parse("--time=250ms --size 16G", &v, rest), VT_OK);
	assert_true(v.time == 250 && v.size == (uint64_t)16 << 30);
}

static void test_mistakes(void **state)
{
	static const char *const lines[] = {"--unknown", "-x", "-fx", "--flag=1", "--size", "-s",
		"--size 1X", "--size -1", "--size 99999999999T", "--count 1K", "--small 4294967296",
		"--time 1d", "--choice", "--choice four", "--choice on", "--choice=", "--no-size",
		"--size= "};
	struct values v;
	char rest[64];

	(void)state;
	for (size_t i = 0; i < VT_COUNT(lines); i++)
		assert_int_equal(parse(lines[i], &v, rest), VT_EARG);
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"scan", "status", "db"};

	(void)state;
	assert_string_equal(vt_nearest("scam", names, 3), "scan");
	assert_string_equal(vt_nearest("sttaus", names, 3), "status");
	assert_null(vt_nearest("remove", names, 3));
}

static void test_filter(void **state)
{
	const char *exclude[] = {"*.o", "/a/b/*"}, *include[] = {"*.c"};
	struct vt_path_filter f = {.exclude = {.v = exclude, .n = 2}};

	(void)state;
	assert_false(vt_filter_file(&f, "x/y.o"));
	assert_false(vt_filter_file(&f, "/a/b/c/d"));
	assert_true(vt_filter_file(&f, "/a/c"));
	f.include = (struct vt_strings){.v = include, .n = 1};
	assert_false(vt_filter_file(&f, "/a/c"));
	assert_true(vt_filter_file(&f, "c.c"));
	assert_false(vt_filter_file(&f, "/a/b/c.c"));
	assert_true(vt_filter_dir(&f, "/a/b/c"));
	f.exclude_dir = (struct vt_strings){.v = exclude, .n = 2};
	assert_false(vt_filter_dir(&f, "/a/b/c"));
	assert_false(vt_filter_dir(&f, "x.o"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
