/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "entry/samples.h"
#include "update/plan.h"

#define FULL                                                                                       \
	"vitrine/content/v1\nname main\nversion 6\nprevious " HASH("05") "\nfile " HASH(           \
		"aa") " 9 1 a.hsb\nfull 9 8 " HASH("c1") "\n"
#define NEXT                                                                                       \
	"vitrine/content/v1\nname main\nversion 7\nprevious " HASH("06") "\nfile " HASH(           \
		"ab") " 9 1 a.hsb\nfrom 6\ndelta 9 8 " HASH("c2") "\n"
#define SKIPS                                                                                      \
	"vitrine/content/v1\nname main\nversion 8\nprevious " HASH("07") "\nfile " HASH(           \
		"ab") " 9 1 a.hsb\nfrom 7\ndelta 9 8 " HASH("c2") "\n"
#define OTHER                                                                                      \
	"vitrine/content/v1\nname maim\nversion 7\nprevious " HASH("06") "\nfile " HASH(           \
		"ab") " 9 1 a.hsb\nfrom 6\ndelta 9 8 " HASH("c2") "\n"
#define HEAD "vitrine/plan/v1\ntree 20\nstate 19 3 2026-11-24T04:00:00Z 2026-12-08T04:00:00Z\n"

/* Of each entry how many bytes it has: "@" in `parts` stands for the next entry. */
static void compose(vt_buf *b, const char *parts, const char *const *entries)
{
	vt_err e = VT_OK;

	vt_buf_clear(b);
	for (; !e && *parts; parts++) {
		if (*parts == '@') {
			e = vt_buf_addf(b, "entry %zu\n%s", strlen(*entries), *entries);
			entries++;
		} else {
			e = vt_buf_add_u8(b, (uint8_t)*parts);
		}
	}
	assert_int_equal(e, VT_OK);
}

static const char good[] = HEAD "set content 2\n@@set directive 1\n@rules 1\n@";
static const char *const entries[] = {FULL, NEXT, SAMPLE_DIRECTIVE, SAMPLE_RULE};

static void test_round_trip(void **state)
{
	vt_buf b = VT_BUF_INIT(100000), again = VT_BUF_INIT(100000);
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	struct vt_plan p;

	(void)state;
	compose(&b, good, entries);
	assert_int_equal(vt_plan_read(vt_buf_span(&b), &a, &p), VT_OK);
	assert_int_equal(p.size, 20);
	assert_int_equal(p.state_index, 19);
	assert_int_equal(p.state_version, 3);
	assert_int_equal(p.state_time, 1795492800);
	assert_int_equal(p.state_expires, 1795492800 + 14 * 86400);
	assert_int_equal(p.nsets, 2);
	assert_int_equal(p.sets[0].kind, VT_ENTRY_CONTENT);
	assert_int_equal(p.sets[0].nchain, 2);
	assert_int_equal(p.sets[0].chain[1]->version, 7);
	assert_int_equal(p.sets[1].kind, VT_ENTRY_DIRECTIVE);
	assert_int_equal(p.nrules, 1);
	assert_true(vt_span_eq(p.rules[0]->file, vt_span_str("daily.hsb")));
	assert_int_equal(vt_plan_write(&again, &p), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&again), vt_buf_span(&b)));
	/* each piece of it is refused */
	for (size_t n = 0; n < b.n; n++) {
		vt_arena_reset(&a);
		assert_int_equal(vt_plan_read(vt_span_of(b.p, n), &a, &p), VT_EFORMAT);
	}
	compose(&b, HEAD "rules 0\n", entries);
	assert_int_equal(vt_plan_read(vt_buf_span(&b), &a, &p), VT_OK);
	vt_arena_free(&a);
	vt_buf_free(&again);
	vt_buf_free(&b);
}

static void test_refused(void **state)
{
	static const struct {
		const char *parts;
		const char *entries[5];
	} rows[] = {
		{"vitrine/plan/v2\n", {NULL}},
		{"vitrine/plan/v1\ntree 19\nstate 19 3 2026-11-24T04:00:00Z 2026-12-08T04:00:00Z\n"
		 "rules 0\n",
			{NULL}},
		{"vitrine/plan/v1\ntree 20\nstate 19 0 2026-11-24T04:00:00Z 2026-12-08T04:00:00Z\n"
		 "rules 0\n",
			{NULL}},
		{"vitrine/plan/v1\ntree 20\nstate 19 3 2026-11-24T04:00:00Z 2026-11-24T04:00:00Z\n"
		 "rules 0\n",
			{NULL}},
		{"vitrine/plan/v1\ntree 20\nstate 19 3 2026-11-24T04:00:00Z\nrules 0\n", {NULL}},
		{HEAD, {NULL}},
		{HEAD "rules 0\nx", {NULL}},
		{HEAD "rules 00\n", {NULL}},
		{HEAD "rules 129\n", {NULL}},
		{HEAD "rules 1\n@", {SAMPLE_WITHDRAW}},
		{HEAD "rules 1\n@", {FULL}},
		{HEAD "rules 1\n@", {SAMPLE_RULE SAMPLE_SIG("alice")}},
		{HEAD "rules 1\n@", {"vitrine/withdraw/v1\n"}},
		{HEAD "rules 1\nentry 9999999\n", {NULL}},
		{HEAD "set content 1\n@rules 0\n", {NEXT}},
		{HEAD "set content 0\nrules 0\n", {NULL}},
		{HEAD "set content 513\n@rules 0\n", {FULL}},
		{HEAD "set content 1\n@rules 0\n", {SAMPLE_DIRECTIVE}},
		{HEAD "set directive 1\n@rules 0\n", {FULL}},
		{HEAD "set release 1\n@rules 0\n", {SAMPLE_RELEASE}},
		{HEAD "set content 2\n@@rules 0\n", {NEXT, FULL}},
		{HEAD "set content 2\n@@rules 0\n", {FULL, FULL}},
		{HEAD "set content 3\n@@@rules 0\n", {FULL, NEXT, NEXT}},
		{HEAD "set content 2\n@@rules 0\n", {FULL, SKIPS}},
		{HEAD "set content 2\n@@rules 0\n", {FULL, OTHER}},
		{HEAD "set content 1\n@set content 1\n@rules 0\n", {FULL, FULL}},
		{HEAD "set directive 1\n@set content 1\n@rules 0\n", {SAMPLE_DIRECTIVE, FULL}},
	};
	vt_buf b = VT_BUF_INIT(100000);
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	struct vt_plan p;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		compose(&b, rows[i].parts, rows[i].entries);
		if (vt_plan_read(vt_buf_span(&b), &a, &p) != VT_EFORMAT)
			print_error("row %zu: %s\n", i, rows[i].parts);
		assert_int_equal(vt_plan_read(vt_buf_span(&b), &a, &p), VT_EFORMAT);
	}
	vt_arena_free(&a);
	vt_buf_free(&b);
}

static void test_write_refuses(void **state)
{
	vt_buf b = VT_BUF_INIT(100000), out = VT_BUF_INIT(100000);
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	struct vt_plan p, q;

	(void)state;
	compose(&b, good, entries);
	assert_int_equal(vt_plan_read(vt_buf_span(&b), &a, &p), VT_OK);
	q = p;
	q.state_time = -1;
	assert_int_equal(vt_plan_write(&out, &q), VT_EARG);
	q = p;
	q.state_index = 20;
	assert_int_equal(vt_plan_write(&out, &q), VT_EARG);
	p.sets[0].chain[1] = p.sets[0].chain[0];
	assert_int_equal(vt_plan_write(&out, &p), VT_EARG);
	p.sets[0].nchain = 1;
	assert_int_equal(vt_plan_write(&out, &p), VT_OK);
	out.max = out.n - 1;
	vt_buf_clear(&out);
	assert_int_equal(vt_plan_write(&out, &p), VT_ELIMIT);
	assert_int_equal(out.n, 0);
	vt_arena_free(&a);
	vt_buf_free(&out);
	vt_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_write_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
