/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/unpack_test.h"

static const struct sample cabinets[] = {
	{"mspack/stored.cab", VT_TYPE_CAB},
	{"mspack/mszip.cab", VT_TYPE_CAB},
};
static const struct sample szdd = {"mspack/literals.sz_", VT_TYPE_SZDD};

static void whole(void **state)
{
	vt_span s = load(szdd.path);
	struct walk w;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(cabinets); i++)
		check_both(&cabinets[i]);
	walk(&w, szdd.type, s);
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 1);
	assert_true(w.seen[0].numbers);
	walk(&w, szdd.type, vt_span_clip(s, 0, s.n / 2));
	assert_int_equal(w.seen[0].status, VT_ETRUNCATED);
	assert_true(w.seen[0].prefix && w.seen[0].size > 3000);
	unload(s);
}

static void damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < VT_COUNT(cabinets); i++) {
		check_truncated(&cabinets[i]);
		check_flipped(&cabinets[i], false);
	}
	check_truncated(&szdd);
	check_flipped(&szdd, false);
}

static void behind_a_program(void **state)
{
	vt_span s = load("mspack/mszip.cab");
	uint8_t *p = calloc(1, s.n + 70000);
	struct walk w;

	(void)state;
	assert_non_null(p);
	memcpy(p + 70000, s.p, s.n);
	walk(&w, VT_TYPE_CABSFX, vt_span_of(p, s.n + 70000));
	assert_int_equal(w.end, VT_END);
	assert_int_equal(w.members, 2);
	assert_true(w.seen[1].numbers);
	free(p);
	unload(s);
}

static void limits(void **state)
{
	vt_span s = load("mspack/mszip.cab");
	struct vt_limits l = vt_limits_default();
	struct walk w;

	(void)state;
	l.object_size = 1000;
	walk_with(&w, VT_TYPE_CAB, s, &l);
	assert_int_equal(w.members, 2);
	assert_int_equal(w.seen[1].status, VT_ELIMIT);
	assert_int_equal(w.seen[1].limit, VT_REASON_LIMIT_OBJECT_SIZE);
	assert_int_equal(w.seen[1].size, 1000);
	unload(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(damaged),
		cmocka_unit_test(behind_a_program),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
