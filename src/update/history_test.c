/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: what is written is read, whatever the text holds; the oldest make room. */
#include "update/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "os/fd.h"
#include "store/folder.h"

static const struct vt_run example = {.time = 1700000000,
	.outcome = VT_OUTCOME_REFUSED,
	.refusal = VT_REFUSED_QUORUM,
	.tree = 12,
	.state_index = 11,
	.state_version = 3,
	.bytes = UINT64_MAX};

static struct vt_run run_of(const char *generation, const char *text)
{
	struct vt_run r = example;

	r.action = vt_span_str("update");
	r.generation = vt_span_str(generation);
	r.text = vt_span_str(text);
	return r;
}

static void test_round_trip(void **state)
{
	static const char *const texts[] = {"", "why", "two words", "-x", "\xc3\xa4"};
	static const char *const generations[] = {"", "g12"};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(texts); i++) {
		struct vt_run r = run_of(generations[i % 2], texts[i]), again;
		vt_buf b = VT_BUF_INIT(VT_HISTORY_MAX);
		vt_span rest;

		assert_int_equal(vt_run_write(&b, &r), VT_OK);
		rest = vt_buf_span(&b);
		assert_int_equal(vt_history_next(&rest, &again), VT_OK);
		assert_int_equal(vt_history_next(&rest, &again), VT_END);
		assert_true(again.time == r.time && again.outcome == r.outcome &&
			again.refusal == r.refusal && again.tree == r.tree &&
			again.state_index == r.state_index &&
			again.state_version == r.state_version && again.bytes == r.bytes);
		assert_true(vt_span_eq(again.text, r.text));
		assert_true(vt_span_eq(again.generation, r.generation));
		assert_true(vt_span_eq(again.action, r.action));
		vt_buf_free(&b);
	}
}

/* Texts hold names from the content and from sources. */
static void test_no_text_makes_lines(void **state)
{
	struct vt_run r = run_of("g1", "a\nb\r\x1b[2J\x7f"), again;
	vt_buf b = VT_BUF_INIT(VT_HISTORY_MAX);
	vt_span rest;

	(void)state;
	assert_int_equal(vt_run_write(&b, &r), VT_OK);
	rest = vt_buf_span(&b);
	assert_int_equal(vt_history_next(&rest, &again), VT_OK);
	assert_int_equal(rest.n, 0);
	assert_true(vt_span_eq(again.text, vt_span_str("a?b??[2J?")));
	vt_buf_free(&b);
}

static void test_what_is_not_read(void **state)
{
	static const char *const bad[] = {"", "2023-11-14T22:13:20Z update same - 1 2 3 g1 4",
		"2023-11-14T22:13:20Z update same - 1 2 3 g1 4 ",
		"2023-11-14T22:13:20Z update sane - 1 2 3 g1 4 x",
		"2023-11-14T22:13:20Z update same nosuch 1 2 3 g1 4 x",
		"2023-11-14T22:13:20Z update same - 01 2 3 g1 4 x",
		"2023-11-14 update same - 1 2 3 g1 4 x",
		"2023-11-14T22:13:20Z update same - 1 2 3 g1 4 x\x1b[2J",
		"2023-11-14T22:13:20Z  same - 1 2 3 g1 4 x"};
	struct vt_run r;

	(void)state;
	assert_int_equal(
		vt_run_read(vt_span_str("2023-11-14T22:13:20Z update same - 1 2 3 g1 4 x"), &r),
		VT_OK);
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		if (vt_run_read(vt_span_str(bad[i]), &r) != VT_EFORMAT)
			fail_msg("read: %s", bad[i]);
}

static void test_last(void **state)
{
	struct vt_last l = {.run = run_of("", "why"), .newer_waits = 5, .nfailures = 2}, again;
	vt_buf b = VT_BUF_INIT(VT_HISTORY_MAX);

	(void)state;
	l.failures[0] = (struct vt_last_failure){
		VT_REFUSED_STALE, vt_span_str("http://a/b c"), vt_span_str("old")};
	l.failures[1] = (struct vt_last_failure){VT_REFUSED_SIZE, vt_span_str("x"), {0}};
	assert_int_equal(vt_last_write(&b, &l), VT_OK);
	assert_int_equal(vt_last_parse(vt_buf_span(&b), &again), VT_OK);
	assert_int_equal(again.newer_waits, 5);
	assert_int_equal(again.nfailures, 2);
	assert_int_equal(again.failures[0].refusal, VT_REFUSED_STALE);
	assert_true(vt_span_eq(again.failures[0].place, l.failures[0].place));
	assert_true(vt_span_eq(again.failures[0].why, l.failures[0].why));
	assert_int_equal(again.failures[1].why.n, 0);
	/* cut off anywhere but between two sources it is refused */
	for (size_t n = 0; n < b.n; n++) {
		vt_err e = vt_last_parse(vt_span_of(b.p, n), &again);

		assert_true(e == VT_EFORMAT || again.nfailures < 2);
	}
	vt_buf_free(&b);
}

static void test_the_oldest_make_room(void **state)
{
	char folder[] = "/tmp/vitrine-history-XXXXXX";
	vt_buf b = VT_BUF_INIT(VT_HISTORY_MAX);
	struct vt_run r = run_of("g1", "x"), got;
	size_t lines = 0;
	vt_span rest;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(vt_store_open(folder, false, &dir), VT_OK);
	for (unsigned i = 0; i < VT_HISTORY_RUNS + 3; i++) {
		r.tree = i;
		assert_int_equal(vt_run_write(&b, &r), VT_OK);
	}
	assert_int_equal(vt_store_write(dir, VT_HISTORY_FILE, vt_buf_span(&b)), VT_OK);
	r.tree = 12345;
	assert_int_equal(vt_history_add(dir, &r), VT_OK);
	vt_buf_clear(&b);
	assert_int_equal(vt_store_read(dir, VT_HISTORY_FILE, VT_HISTORY_MAX, &b), VT_OK);
	rest = vt_buf_span(&b);
	while (vt_history_next(&rest, &got) == VT_OK)
		lines++;
	assert_int_equal(rest.n, 0);
	assert_true(lines > VT_HISTORY_RUNS / 2 && lines < VT_HISTORY_RUNS);
	assert_int_equal(got.tree, 12345);
	assert_int_equal(vt_store_remove(dir, VT_HISTORY_FILE), VT_OK);
	vt_fd_close(dir);
	assert_int_equal(rmdir(folder), 0);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_text_makes_lines),
		cmocka_unit_test(test_what_is_not_read),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_the_oldest_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
