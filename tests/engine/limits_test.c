/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation within bounds: steps, time, and what may be said when they are reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/db/db.h"
#include "fixture.h"

#define OBJECT_SIZE 60000

static const struct set sets[] = {
	{"a.ldb",
		"None;Engine:51-255,Target:0;(0=0)&1;7a7a{-100}7171;626f74682d68657265\n"
		"More;Engine:51-255,Target:0;(0>0|1)&2;7a7a{-100}7171;7a7a7a7a;"
		"626f74682d68657265\n"
		"Regex;Engine:81-255,Target:0;0&1;74726967676572;0/a.*b.*a/s\n"},
};

static uint8_t *image;
static struct vt_db *db;
static struct vt_report report;

static int set_up(void **state)
{
	size_t n;

	(void)state;
	image = make_image(sets, 1, &n);
	vt_report_init(&report);
	return vt_db_open(vt_span_of(image, n), &db) != VT_OK;
}

static int tear_down(void **state)
{
	(void)state;
	vt_report_free(&report);
	vt_db_close(db);
	free(image);
	return 0;
}

/* Scans `head` and then `fill` up to the object's size. */
static void scan(const char *head, char fill, uint64_t steps, vt_tick_fn *tick, void *ctx)
{
	struct vt_scan_options o = {.limits = vt_limits_default(), .all_match = true};
	const struct vt_db *dbs[1] = {db};
	uint8_t *object = malloc(OBJECT_SIZE);
	struct vt_input in = {.tick = tick, .tick_ctx = ctx};
	struct vt_scanner *s = NULL;

	assert_non_null(object);
	memset(object, fill, OBJECT_SIZE);
	memcpy(object, head, strlen(head));
	in.bytes = vt_span_of(object, OBJECT_SIZE);
	o.limits.match_steps = steps;
	assert_int_equal(vt_scanner_new(dbs, 1, &o, &s), VT_OK);
	vt_report_reset(&report);
	assert_int_equal(vt_scan(s, &in, &report), VT_OK);
	vt_scanner_free(s);
	free(object);
}

static bool fired(const char *rule)
{
	for (size_t i = 0; i < report.ndetections; i++) {
		if (vt_span_eq(report.detections[i].rule, vt_span_str(rule)))
			return true;
	}
	return false;
}

static bool has_gap(vt_reason r)
{
	return report.ngaps == 1 && report.gaps[0].reason == r;
}

/* A search that is cut short shows no absence, but what was found counts. */
static void test_absence_needs_a_whole_search(void **state)
{
	(void)state;
	scan("both-here", 'z', 100000000, NULL, NULL);
	assert_true(fired("None"));
	assert_int_equal(report.ngaps, 0);
	scan("both-here", 'z', 1000, NULL, NULL);
	assert_false(fired("None"));
	assert_true(has_gap(VT_REASON_LIMIT_MATCH));
}

/* Quadratic in the subject, under PCRE2's limit at each start. */
static void test_expressions_are_paid_for(void **state)
{
	(void)state;
	scan("trigger", 'a', 100000, NULL, NULL);
	assert_true(has_gap(VT_REASON_LIMIT_MATCH));
	assert_false(fired("Regex"));
	scan("trigger ab", 'a', 100000, NULL, NULL);
	assert_true(fired("Regex"));
}

static bool no_time(void *ctx, uint64_t bytes)
{
	(void)bytes;
	++*(unsigned *)ctx;
	return false;
}

static void test_time_is_looked_at(void **state)
{
	unsigned calls = 0;

	(void)state;
	scan("trigger", 'a', UINT64_MAX / 2, no_time, &calls);
	assert_int_equal(calls, 1);
	assert_true(has_gap(VT_REASON_LIMIT_TIME));
}

static bool count(void *ctx, uint32_t line, vt_span text)
{
	(void)line;
	(void)text;
	++*(unsigned *)ctx;
	return true;
}

static void test_hash_lookup(void **state)
{
	static const struct set hashes[] = {
		{"c.hdb",
			"900150983cd24fb0d6963f7d28e17f72:3:Sized\n"
			"900150983cd24fb0d6963f7d28e17f72:*:Any:73\n"
			"900150983cd24fb0d6963f7d28e17f73:3:Other\n"},
	};
	const uint8_t digest[16] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96,
		0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
	static const struct {
		uint64_t size;
		unsigned hits;
	} cases[] = {{3, 2}, {4, 1}, {UINT32_MAX, 1}, {UINT64_MAX, 1}};
	vt_buf storage = VT_BUF_INIT(VT_IMAGE_TEXT_MAX);
	struct vt_db *d = NULL;
	size_t n;
	uint8_t *p = make_image(hashes, 1, &n);

	(void)state;
	assert_int_equal(vt_db_open(vt_span_of(p, n), &d), VT_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned hits = 0;

		assert_true(vt_db_hash_wanted(d, VT_HASH_OBJECT, VT_MD5, cases[i].size, false));
		assert_int_equal(vt_db_hash_find(d, VT_HASH_OBJECT, VT_MD5, cases[i].size, digest,
					 false, &storage, count, &hits),
			VT_OK);
		assert_int_equal(hits, cases[i].hits);
	}
	assert_false(vt_db_hash_wanted(d, VT_HASH_OBJECT, VT_SHA1, 3, true));
	assert_false(vt_db_hash_wanted(d, VT_HASH_SECTION, VT_MD5, 3, true));
	vt_buf_free(&storage);
	vt_db_close(d);
	free(p);
}

static void test_nothing_is_out_of_range(void **state)
{
	(void)state;
	assert_non_null(vt_db_rule(db, db->rules.n - 1));
	assert_null(vt_db_rule(db, db->rules.n));
	assert_null(vt_db_sub(db, UINT32_MAX));
	assert_int_equal(vt_db_code(db, 0, (uint32_t)db->code.n).n, db->code.n);
	assert_int_equal(vt_db_code(db, 1, (uint32_t)db->code.n).n, 0);
	assert_int_equal(vt_db_code(db, UINT32_MAX, UINT32_MAX).n, 0);
	assert_null(vt_db_set_of_line(db, 3));
	assert_non_null(vt_db_set_of_line(db, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absence_needs_a_whole_search),
		cmocka_unit_test(test_expressions_are_paid_for),
		cmocka_unit_test(test_time_is_looked_at),
		cmocka_unit_test(test_hash_lookup),
		cmocka_unit_test(test_nothing_is_out_of_range),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
