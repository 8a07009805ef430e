/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "update/compose.h"

#define HEAD(from, to) "vitrine/delta/v1\nset main " #from " " #to "\n"

static struct vt_compose *c;

static int set_up(void **state)
{
	(void)state;
	return vt_compose_new(&c) != VT_OK;
}

static int tear_down(void **state)
{
	(void)state;
	vt_compose_free(c);
	return 0;
}

static vt_err add(const char *delta)
{
	return vt_compose_add(c, vt_span_str(delta));
}

static void see(const char *set_file, const char *line)
{
	vt_compose_see(c, vt_span_str(set_file), vt_span_str(line));
}

static void expect_counts(size_t more, size_t less)
{
	size_t m, l;

	vt_compose_counts(c, &m, &l);
	assert_int_equal(m, more);
	assert_int_equal(l, less);
}

static void expect_file(size_t i, const char *name, const char *text)
{
	vt_buf b = VT_BUF_INIT(4096);
	vt_span n;

	assert_int_equal(vt_compose_file(c, i, &b, &n), VT_OK);
	assert_true(vt_span_eq(n, vt_span_str(name)));
	assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str(text)));
	vt_buf_free(&b);
}

/* The text of the .withdrawn file that goes with these lines of main/a.hdb. */
static void expect_withdrawn(const char *const *lines, size_t n)
{
	vt_buf want = VT_BUF_INIT(4096), got = VT_BUF_INIT(4096);
	uint8_t sum[32];

	for (size_t i = 0; i < n; i++) {
		vt_sha256(vt_span_str(lines[i]), sum);
		assert_int_equal(vt_buf_addf(&want, "main/a.hdb "), VT_OK);
		assert_int_equal(vt_hex_add(&want, vt_span_of(sum, sizeof sum)), VT_OK);
		assert_int_equal(vt_buf_addf(&want, "\n"), VT_OK);
	}
	assert_int_equal(vt_compose_withdrawn(c, &got), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&want), vt_buf_span(&got)));
	vt_buf_free(&want);
	vt_buf_free(&got);
}

static void test_changes_add_up(void **state)
{
	const char *const gone[] = {"one"};

	(void)state;
	assert_int_equal(add(HEAD(1, 2) "file a.hdb\n=3\n-one\n+two\n+three\n"), VT_OK);
	/* two came and goes, four comes, five goes and comes again */
	assert_int_equal(add(HEAD(2, 3) "file a.hdb\n-two\n+four\n-five\n"), VT_OK);
	assert_int_equal(add(HEAD(3, 4) "add b.ndb\n+six\n"), VT_OK);
	assert_int_equal(add(HEAD(4, 5) "file a.hdb\n+five\n"), VT_OK);
	see("main/a.hdb", "one");
	see("main/a.hdb", "five");
	see("main/z.hdb", "one");
	assert_int_equal(vt_compose_settle(c), VT_OK);
	expect_counts(3, 1);
	assert_int_equal(vt_compose_files(c), 2);
	expect_file(0, "main/a.hdb", "three\nfour\n");
	expect_file(1, "main/b.ndb", "six\n");
	expect_withdrawn(gone, 1);
}

static void test_a_copy_that_stays_keeps_the_rule(void **state)
{
	(void)state;
	assert_int_equal(add(HEAD(1, 2) "file a.hdb\n-one\n"), VT_OK);
	see("main/a.hdb", "one");
	see("main/a.hdb", "one\r");
	assert_int_equal(vt_compose_settle(c), VT_OK);
	expect_counts(0, 0);
}

static void test_a_line_that_was_never_there(void **state)
{
	(void)state;
	assert_int_equal(add(HEAD(1, 2) "file a.hdb\n-one\n"), VT_OK);
	see("main/b.hdb", "one");
	assert_int_equal(vt_compose_settle(c), VT_EUNSUPPORTED);
}

static void test_withdrawn_rules(void **state)
{
	const char *const gone[] = {"two", "elsewhere"};
	uint8_t sum[2][32];

	(void)state;
	vt_sha256(vt_span_str("two"), sum[0]);
	vt_sha256(vt_span_str("elsewhere"), sum[1]);
	assert_int_equal(add(HEAD(1, 2) "file a.hdb\n+two\n"), VT_OK);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			vt_compose_withdraw(c, vt_span_str("main"), vt_span_str("a.hdb"), sum[i]),
			VT_OK);
	assert_int_equal(vt_compose_settle(c), VT_OK);
	expect_counts(0, 2);
	expect_withdrawn(gone, 2);
}

static void test_what_needs_a_new_image(void **state)
{
	static const char *const deltas[] = {
		HEAD(1, 2) "file a.ign2\n+Name\n",
		HEAD(1, 2) "drop a.hdb\n",
		HEAD(1, 2) "put a.yar 2\nab\n",
		HEAD(1, 2) "file a.ldb\n+A;Target:0;0&1;6161;${1-3}0$\n",
		HEAD(1, 2) "file a.ndb\n-A:0:$0:6161\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof deltas / sizeof *deltas; i++) {
		assert_int_equal(add(deltas[i]), VT_EUNSUPPORTED);
		assert_true(vt_compose_why(c)[0]);
	}
}

static void test_many_lines(void **state)
{
	enum { N = 20000 };
	vt_buf b = VT_BUF_INIT(1 << 22);
	size_t more, less;

	(void)state;
	assert_int_equal(vt_buf_addf(&b, "%sfile a.hdb\n", HEAD(1, 2)), VT_OK);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(vt_buf_addf(&b, "-old %u\n+new %u\n", i, i), VT_OK);
	assert_int_equal(vt_compose_add(c, vt_buf_span(&b)), VT_OK);
	for (unsigned i = 0; i < N; i++) {
		char line[32];

		snprintf(line, sizeof line, "old %u", i);
		see("main/a.hdb", line);
	}
	assert_int_equal(vt_compose_settle(c), VT_OK);
	vt_compose_counts(c, &more, &less);
	assert_int_equal(more, N);
	assert_int_equal(less, N);
	vt_buf_free(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_changes_add_up),
		TEST(test_a_copy_that_stays_keeps_the_rule),
		TEST(test_a_line_that_was_never_there),
		TEST(test_withdrawn_rules),
		TEST(test_what_needs_a_new_image),
		TEST(test_many_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
