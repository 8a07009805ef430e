/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "inventory/name/vers.h"
#include "inventory/name/version.h"

static void test_containment(void **state)
{
	static const struct {
		const char *range, *version;
		bool in;
	} rows[] = {
		{"vers:deb/*", "1.0", true},
		{"vers:deb/1.0", "1.0", true},
		{"vers:deb/1.0", "1.1", false},
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", "1.2.3", true},
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", "1.2.4", false},
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", "2.0.0", true},
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", "4.99.0", true},
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", "5.0.0", false},
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", "1.0.0", false},
		{"vers:generic/>=2.2.0|!=2.2.1|<2.3.0", "2.2.1", false},
		{"vers:generic/>=2.2.0|!=2.2.1|<2.3.0", "2.2.2", true},
		{"vers:pypi/<1.0|>=2.0|<3.0|>4", "0.5", true},
		{"vers:pypi/<1.0|>=2.0|<3.0|>4", "1.5", false},
		{"vers:pypi/<1.0|>=2.0|<3.0|>4", "2.5", true},
		{"vers:pypi/<1.0|>=2.0|<3.0|>4", "3.5", false},
		{"vers:pypi/<1.0|>=2.0|<3.0|>4", "5", true},
		{"vers:deb/!=1.0", "1.1", true},
		{"vers:deb/!=1.0", "1.0", false},
		{"vers:rpm/>=1:1.0-1|<=1:2.0-5.fc39", "1:2.0-5.fc39", true},
		{"vers:deb/>=1%3A1.0|<2%3a0", "1:5~rc1", true},
		{"vers:deb/>1.0", "1.0", false},
		{"vers:deb/<1.0", "1.0", false},
	};
	bool in;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		assert_int_equal(vt_vers_contains(vt_span_str(rows[i].range),
					 vt_span_str(rows[i].version), &in),
			VT_OK);
		assert_int_equal(in, rows[i].in);
	}
}

static void test_ranges_that_are_refused(void **state)
{
	static const struct {
		const char *range;
		vt_err e;
	} rows[] = {
		{"", VT_EFORMAT},
		{"deb/1", VT_EFORMAT},
		{"vers:deb", VT_EFORMAT},
		{"vers:deb/", VT_EFORMAT},
		{"vers:deb/1|", VT_EFORMAT},
		{"vers:deb/=1", VT_EFORMAT},
		{"vers:deb/*|1", VT_EFORMAT},
		{"vers:deb/>*", VT_EFORMAT},
		{"vers:deb/>= 1", VT_EFORMAT},
		{"vers:deb/%4", VT_EFORMAT},
		{"vers:deb/2|1", VT_EFORMAT},    /* order */
		{"vers:deb/1|1", VT_EFORMAT},    /* twice */
		{"vers:deb/>1|>=2", VT_EFORMAT}, /* no alternation */
		{"vers:deb/<1|<2", VT_EFORMAT},
		{"vers:deb/1|<2", VT_EFORMAT}, /* = before an upper bound */
		{"vers:npm/>=1", VT_EFORMAT},  /* not a version of that kind */
		{"vers:example/1", VT_EUNSUPPORTED},
		{"vers:invalid/1", VT_EUNSUPPORTED},
		{"vers:maven/1", VT_EUNSUPPORTED},
		{"vers:deb/>1|!=1.5|<2", VT_OK},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++)
		assert_int_equal(vt_vers_check(vt_span_str(rows[i].range)), rows[i].e);
}

/* Ascending; oracle tests compare many more with dpkg, rpm, Python and node. */
static void test_orders(void **state)
{
	static const struct {
		enum vt_scheme s;
		const char *v[12];
	} rows[] = {
		{VT_SCHEME_DEB,
			{"1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0a", "1.0+b", "1.0.1", "1.9",
				"1.10", "1:0.1"}},
		{VT_SCHEME_RPM,
			{"1.0~rc1", "1.0", "1.0^git1", "1.0.1", "1.9", "1.10", "1.10a", "1.10.1",
				"1:0"}},
		{VT_SCHEME_SEMVER,
			{"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
				"1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1",
				"1.10.0"}},
		{VT_SCHEME_PYPI,
			{"1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12", "1.0b2", "1.0rc1", "1.0",
				"1.0+abc.5", "1.0+5", "1.0.post456.dev34", "1.0.post456", "1!0.1"}},
		{VT_SCHEME_GENERIC, {"1", "1.0", "1.0.9", "1.0.10", "2"}},
	};
	int r;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++)
		for (size_t a = 0; a < 12 && rows[i].v[a]; a++)
			for (size_t b = 0; b < 12 && rows[i].v[b]; b++) {
				assert_int_equal(
					vt_version_compare(rows[i].s, vt_span_str(rows[i].v[a]),
						vt_span_str(rows[i].v[b]), &r),
					VT_OK);
				assert_int_equal((r > 0) - (r < 0), (a > b) - (a < b));
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containment),
		cmocka_unit_test(test_ranges_that_are_refused),
		cmocka_unit_test(test_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
