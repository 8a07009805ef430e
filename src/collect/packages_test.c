/* SPDX-License-Identifier: Apache-2.0 */
/* Collectors of packages over small folders; tests/e2e/test_packages_*.py has real databases. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "collect/fake_packages.h"
#include "collect/name_set.h"

static char root[64];
static struct vt_collect run;

static int begin(void **state)
{
	(void)state;
	(void)snprintf(root, sizeof root, "/tmp/vt-packages-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	fake_free(&run);
	return nftw(root, drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the root, with the folders that it needs. */
static void put(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	(void)snprintf(full, sizeof full, "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		(void)mkdir(full, 0755);
		*p = '/';
	}
	f = fopen(full, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

#define ENTRY(name, status)                                                                        \
	"Package: " name "\nStatus: " status "\nVersion: 1\nArchitecture: all\n\n"

static void test_dpkg(void **state)
{
	const struct fake_fact *f;

	(void)state;
	put("/var/lib/dpkg/status",
		ENTRY("kesl", "deinstall ok installed") ENTRY("gone", "deinstall ok config-files"));
	put("/var/lib/dpkg/info/kesl.list", "/.\n/opt\n/opt/kesl\n");
	put("/var/lib/dpkg/info/gone.list", "/etc/gone\n");
	put("/opt/kesl", "x");
	fake_run(&run, root);
	assert_int_equal(run.nsources, 1);
	assert_string_equal(run.sources[0], "dpkg /var/lib/dpkg");
	assert_int_equal(run.nmissed, 0);
	assert_int_equal(run.seen, 2);
	assert_int_equal(run.read, 2);
	f = fake_find(&run, "/var/lib/dpkg/status#kesl:all");
	assert_non_null(f);
	assert_true(f->installed);
	assert_true(vt_span_eq(f->f.v[VT_ATTR_STATUS], vt_span_str("deinstall ok installed")));
	f = fake_find(&run, "/var/lib/dpkg/status#gone:all");
	assert_non_null(f);
	assert_false(f->installed);
}

static void test_nothing_is_unknown(void **state)
{
	(void)state;
	put("/etc/passwd", "");
	fake_run(&run, root);
	assert_int_equal(run.nsources, 0);
	assert_int_equal(fake_missed_count(&run, "/", VT_MISS_ABSENT), 1);
}

static void test_long_values_are_cut(void **state)
{
	static char text[3 * VT_FACT_VALUE_MAX];
	size_t n = (size_t)snprintf(text, sizeof text, "P:a\nV:1\nm:");

	(void)state;
	memset(text + n, 'x', 2 * VT_FACT_VALUE_MAX);
	(void)snprintf(text + n + 2 * VT_FACT_VALUE_MAX, 8, "\n\n");
	put("/lib/apk/db/installed", text);
	fake_run(&run, root);
	assert_int_equal(run.nfacts, 1);
	assert_int_equal(run.facts[0].f.v[VT_ATTR_VENDOR].n, VT_FACT_VALUE_MAX);
	assert_int_equal(run.nsources, 1);
}

static void test_same_database_by_two_ways_is_read_once(void **state)
{
	char from[128];

	(void)state;
	put("/usr/lib/apk/db/installed", "P:a\nV:1\n\n");
	(void)snprintf(from, sizeof from, "%s/lib", root);
	assert_int_equal(symlink("usr/lib", from), 0);
	fake_run(&run, root);
	assert_int_equal(run.nfacts, 1);
	assert_int_equal(run.nsources, 1);
}

static void test_set_of_names(void **state)
{
	struct vt_name_set s = VT_NAME_SET_INIT;
	char name[32];

	(void)state;
	fake_begin(&run);
	assert_false(vt_name_set_has(&s, vt_span_str("0")));
	for (unsigned i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof name, "name%u", i * 7);
		vt_name_set_add(&s, vt_span_str(name));
		vt_name_set_add(&s, vt_span_str(name));
	}
	assert_int_equal(s.n, 50000);
	assert_false(s.overflow);
	for (unsigned i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof name, "name%u", i * 7);
		assert_true(vt_name_set_has(&s, vt_span_str(name)));
		(void)snprintf(name, sizeof name, "name%u", i * 7 + 1);
		assert_false(vt_name_set_has(&s, vt_span_str(name)));
	}
	vt_name_set_free(&s);
	s = (struct vt_name_set){.arena = VT_ARENA_INIT(100000)};
	for (unsigned i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof name, "name%u", i);
		vt_name_set_add(&s, vt_span_str(name));
	}
	assert_true(s.overflow);
	vt_name_set_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dpkg, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_unknown, begin, end),
		cmocka_unit_test_setup_teardown(test_long_values_are_cut, begin, end),
		cmocka_unit_test_setup_teardown(
			test_same_database_by_two_ways_is_read_once, begin, end),
		cmocka_unit_test_setup_teardown(test_set_of_names, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
