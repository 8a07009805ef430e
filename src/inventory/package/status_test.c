/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/num.h"
#include "inventory/package/status.h"

/* Each state of dpkg(1), with each word in front of it that there is. */
static void test_dpkg(void **state)
{
	static const char *const wants[] = {"unknown", "install", "hold", "deinstall", "purge"};
	static const char *const flags[] = {"ok", "reinstreq"};
	static const struct {
		const char *state;
		bool installed;
	} states[] = {
		{"not-installed", false},
		{"config-files", false},
		{"half-installed", true},
		{"unpacked", true},
		{"half-configured", true},
		{"triggers-awaited", true},
		{"triggers-pending", true},
		{"installed", true},
	};
	char s[64];

	(void)state;
	for (size_t w = 0; w < VT_COUNT(wants); w++)
		for (size_t f = 0; f < VT_COUNT(flags); f++)
			for (size_t i = 0; i < VT_COUNT(states); i++) {
				(void)snprintf(s, sizeof s, "%s %s %s", wants[w], flags[f],
					states[i].state);
				if (vt_package_installed(vt_span_str("dpkg"), vt_span_str(s)) !=
					states[i].installed)
					fail_msg("%s", s);
				assert_true(vt_dpkg_status_known(vt_span_str(s)));
			}
}

/* What can't be understood may be on disk. */
static void test_unclear_is_installed(void **state)
{
	static const char *const v[] = {"", "installed", "not-installed", "install ok",
		"install ok gone", "install ok not-installed now", "\0\0\0"};
	static const char *const others[] = {
		"rpm", "apk", "snap", "flatpak", "pacman", "npm", "", "no"};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(v); i++) {
		assert_true(vt_package_installed(vt_span_str("dpkg"), vt_span_str(v[i])));
		assert_false(vt_dpkg_status_known(vt_span_str(v[i])));
	}
	for (size_t i = 0; i < VT_COUNT(others); i++)
		assert_true(vt_package_installed(
			vt_span_str(others[i]), vt_span_str("purge ok not-installed")));
	assert_false(vt_package_installed(
		vt_span_str("opkg"), vt_span_str("deinstall ok not-installed")));
	assert_true(
		vt_package_installed(vt_span_str("opkg"), vt_span_str("install user installed")));
	assert_true(vt_package_installed(vt_span_of(NULL, 0), vt_span_of(NULL, 0)));
}

static void test_words(void **state)
{
	(void)state;
	assert_false(vt_package_installed(
		vt_span_str("DPKG"), vt_span_str(" Purge\tOK\n Not-Installed ")));
	assert_true(vt_dpkg_unlisted(vt_span_str("install reinstreq half-installed")));
	assert_false(vt_dpkg_unlisted(vt_span_str("install ok installed")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpkg),
		cmocka_unit_test(test_unclear_is_installed),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
