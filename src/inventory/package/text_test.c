/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of databases that are text: dpkg, apk, pacman, Python, Java, and their fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inventory/package/apk.h"
#include "inventory/package/dpkg.h"
#include "inventory/package/fields.h"
#include "inventory/package/java.h"
#include "inventory/package/pacman.h"
#include "inventory/package/python.h"

#define S(literal) vt_span_of((literal), sizeof(literal) - 1)
#define assert_span(span, text) assert_true(vt_span_eq((span), vt_span_str(text)))

static vt_arena arena = VT_ARENA_INIT((size_t)1 << 20);

static int reset(void **state)
{
	(void)state;
	vt_arena_free(&arena);
	return 0;
}

static void test_fields(void **state)
{
	struct vt_field f;
	vt_span p;
	size_t at = 0, in = 0;
	bool bad = false;

	(void)state;
	assert_true(vt_paragraph_next(S("\n \t\r\nA: 1\r\nB:\n x\n\ty\n\nC: 2"), &at, &p));
	assert_true(vt_field_next(p, &in, &f, &bad));
	assert_span(f.name, "A");
	assert_span(f.value, "1");
	assert_true(vt_field_next(p, &in, &f, &bad));
	assert_true(vt_field_flat(&arena, f.value, &f.value));
	assert_span(f.value, "x y");
	assert_false(vt_field_next(p, &in, &f, &bad));
	assert_false(bad);
	assert_true(vt_paragraph_next(S("\n \t\r\nA: 1\r\nB:\n x\n\ty\n\nC: 2"), &at, &p));
	assert_span(p, "C: 2");
	assert_false(vt_paragraph_next(S("\n \t\r\nA: 1\r\nB:\n x\n\ty\n\nC: 2"), &at, &p));
	in = 0;
	assert_true(vt_field_next(S("junk\n:\nD: 4\n"), &in, &f, &bad));
	assert_span(f.name, "D");
	assert_true(bad);
}

static void test_dpkg_entries(void **state)
{
	static const char text[] =
		"Package: a\nStatus: hold ok installed\nVersion: 1:2-3\nArchitecture: i386\n"
		"Maintainer: M\nSource: s (1)\n\nVersion: 1\n\nPackage: b\nStatus: x\n\n"
		"Package: c d\nStatus: purge ok not-installed\n\nPackage: e\nVersion: 1\n";
	struct vt_package p;
	size_t at = 0;

	(void)state;
	assert_int_equal(vt_dpkg_next(S(text), &at, true, &arena, &p), VT_OK);
	assert_span(p.name, "a");
	assert_span(p.version, "1:2-3");
	assert_span(p.arch, "i386");
	assert_span(p.status, "hold ok installed");
	assert_span(p.vendor, "M");
	assert_span(p.source, "s (1)");
	assert_false(p.malformed);
	assert_int_equal(vt_dpkg_next(S(text), &at, true, &arena, &p), VT_EFORMAT); /* no name */
	assert_int_equal(vt_dpkg_next(S(text), &at, true, &arena, &p), VT_OK);
	assert_true(p.malformed); /* unknown status */
	assert_int_equal(vt_dpkg_next(S(text), &at, true, &arena, &p), VT_OK);
	assert_span(p.name, "c d");
	assert_true(p.malformed);
	assert_int_equal(vt_dpkg_next(S(text), &at, false, &arena, &p), VT_OK);
	assert_false(p.malformed); /* status.d has no status */
	assert_int_equal(vt_dpkg_next(S(text), &at, true, &arena, &p), VT_END);
	at = 0; /* no version, but nothing is left of it */
	assert_int_equal(vt_dpkg_next(S("Package: a\nStatus: purge ok not-installed\n"), &at, true,
				 &arena, &p),
		VT_OK);
	assert_false(p.malformed);
	at = 0;
	assert_int_equal(vt_dpkg_next(S("Package: a\nStatus: install ok installed\n"), &at, true,
				 &arena, &p),
		VT_OK);
	assert_true(p.malformed);
}

static void test_dpkg_ends_and_lists(void **state)
{
	static const char list[] = "/.\n/opt\n/opt/a\n/opt/a/b\n/opt/a-c\n/etc\nrelative\n";
	vt_span v, name, arch;
	size_t at = 0;

	(void)state;
	assert_true(vt_dpkg_whole(S("A: 1\n\n"), true));
	assert_true(vt_dpkg_whole(S("A: 1\r\n\r\n"), true));
	assert_false(vt_dpkg_whole(S("A: 1\n"), true));
	assert_true(vt_dpkg_whole(S("A: 1\n"), false));
	assert_false(vt_dpkg_whole(S("A: 1"), false));
	assert_false(vt_dpkg_whole(S(""), false));
	assert_true(vt_dpkg_list_next(S(list), &at, &v));
	assert_span(v, "/opt/a/b");
	assert_true(vt_dpkg_list_next(S(list), &at, &v));
	assert_span(v, "/opt/a-c");
	assert_true(vt_dpkg_list_next(S(list), &at, &v));
	assert_span(v, "/etc");
	assert_false(vt_dpkg_list_next(S(list), &at, &v));
	assert_true(vt_dpkg_list_name(S("libc6:amd64.list"), ".list", &name, &arch));
	assert_span(name, "libc6");
	assert_span(arch, "amd64");
	assert_false(vt_dpkg_list_name(S("libc6.postinst"), ".list", &name, &arch));
	assert_false(vt_dpkg_list_name(S(".list"), ".list", &name, &arch));
}

static void test_apk(void **state)
{
	static const char text[] = "P:a\nV:1\nF:\nR:top\nF:usr/bin\nR:a\n\nV:2\n\nP:b\n\n";
	struct vt_apk_files f;
	struct vt_package p;
	vt_span folder, name;
	size_t at = 0;

	(void)state;
	assert_int_equal(vt_apk_next(S(text), &at, &p, &folder), VT_OK);
	assert_span(p.name, "a");
	assert_false(p.malformed);
	f = (struct vt_apk_files){.text = folder};
	assert_true(vt_apk_file_next(&f, &folder, &name));
	assert_span(folder, "");
	assert_span(name, "top");
	assert_true(vt_apk_file_next(&f, &folder, &name));
	assert_span(folder, "usr/bin");
	assert_false(vt_apk_file_next(&f, &folder, &name));
	assert_int_equal(vt_apk_next(S(text), &at, &p, &folder), VT_EFORMAT);
	assert_int_equal(vt_apk_next(S(text), &at, &p, &folder), VT_OK);
	assert_true(p.malformed); /* no version */
	assert_int_equal(vt_apk_next(S(text), &at, &p, &folder), VT_END);
}

static void test_pacman(void **state)
{
	struct vt_package p;
	vt_span path;
	size_t at = 0;

	(void)state;
	assert_int_equal(
		vt_pacman_desc(S("%NAME%\na\n\n%LICENSE%\nx\ny\n\n%VERSION%\n1:2-3\n\n"), &p),
		VT_OK);
	assert_span(p.name, "a");
	assert_span(p.version, "1:2-3");
	assert_span(p.license, "x");
	assert_int_equal(vt_pacman_desc(S("%VERSION%\n1\n"), &p), VT_EFORMAT);
	assert_true(vt_pacman_file_next(S("%FILES%\nopt/\nopt/a\n\n%BACKUP%\nb\n"), &at, &path));
	assert_span(path, "opt/");
	assert_true(vt_pacman_file_next(S("%FILES%\nopt/\nopt/a\n\n%BACKUP%\nb\n"), &at, &path));
	assert_span(path, "opt/a");
	assert_false(vt_pacman_file_next(S("%FILES%\nopt/\nopt/a\n\n%BACKUP%\nb\n"), &at, &path));
}

static void test_python(void **state)
{
	struct vt_package p;

	(void)state;
	assert_int_equal(
		vt_python_metadata(S("Name: a\r\nVersion: 1\r\nAuthor: UNKNOWN\r\nAuthor-email: "
				     "x@y\r\nLicense: BSD\r\n   3\r\n\r\nName: b\r\n"),
			&arena, &p),
		VT_OK);
	assert_span(p.name, "a");
	assert_span(p.version, "1");
	assert_span(p.vendor, "x@y");
	assert_span(p.license, "BSD 3");
	assert_int_equal(vt_python_metadata(S("Version: 1\n\nName: b\n"), &arena, &p), VT_EFORMAT);
	assert_true(vt_python_place(S("/a/b.dist-info/METADATA")));
	assert_true(vt_python_place(S("/a/b.egg-info")));
	assert_false(vt_python_place(S("/a/METADATA")));
	assert_false(vt_python_place(S("/a/b.dist-info/RECORD")));
}

static void test_java(void **state)
{
	struct vt_package p;

	(void)state;
	assert_int_equal(
		vt_java_pom(S("#x\nversion=1.0\ngroupId = g.h\nartifactId:a\n"), &arena, &p),
		VT_OK);
	assert_span(p.name, "g.h:a");
	assert_span(p.version, "1.0");
	assert_span(p.source, "g.h");
	assert_int_equal(vt_java_pom(S("groupId=g\n"), &arena, &p), VT_EFORMAT);
	/* 72-byte lines go on after one blank, which is not part of the value */
	assert_int_equal(
		vt_java_manifest(
			S("Bundle-Name: n\r\nImplementation-Title: ab\r\n  c\r\n\r\n"), &arena, &p),
		VT_OK);
	assert_span(p.name, "ab c");
	assert_int_equal(vt_java_manifest(S("Manifest-Version: 1.0\n"), &arena, &p), VT_EFORMAT);
	assert_int_equal(vt_java_member_of(S("META-INF/maven/g/a/pom.properties")), VT_JAVA_POM);
	assert_int_equal(
		vt_java_member_of(S("x/META-INF/maven/g/a/pom.properties")), VT_JAVA_OTHER);
	assert_int_equal(vt_java_member_of(S("meta-inf/manifest.mf")), VT_JAVA_MANIFEST);
	assert_int_equal(vt_java_member_of(S("WEB-INF/lib/x.JAR")), VT_JAVA_ARCHIVE);
	assert_int_equal(vt_java_member_of(S(".jar")), VT_JAVA_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_dpkg_entries),
		cmocka_unit_test(test_dpkg_ends_and_lists),
		cmocka_unit_test(test_apk),
		cmocka_unit_test(test_pacman),
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_java),
	};

	return cmocka_run_group_tests(tests, NULL, reset);
}
