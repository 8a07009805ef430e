/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "inventory/name/purl.h"

static const char *canonical(const char *s, char out[512])
{
	vt_buf b = VT_BUF_INIT(511);
	struct vt_purl p;

	if (vt_purl_parse(vt_span_str(s), &p) || vt_purl_write(&p, &b))
		return "refused";
	memcpy(out, b.p, b.n);
	out[b.n] = 0;
	vt_buf_free(&b);
	return out;
}

static void test_canonical_forms(void **state)
{
	static const char *const rows[][2] = {
		{"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
			"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie"},
		{"pkg:DEB/Debian/Curl@7.50.3-1?distro=jessie&arch=i386",
			"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie"},
		{"pkg://gem/ruby-advisory-db-check@0.12.4",
			"pkg:gem/ruby-advisory-db-check@0.12.4"},
		{"pkg:npm/%40angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"},
		{"pkg:npm/@angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"},
		{"pkg:npm/@angular/animation", "pkg:npm/%40angular/animation"},
		{"pkg:pypi/Django_Allauth@12.23", "pkg:pypi/django-allauth@12.23"},
		{"pkg:rpm/Fedora/curl@7.50.3-1.fc25?arch=i386",
			"pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386"},
		{"pkg:golang/google.golang.org/genproto#/googleapis/api/annotations/",
			"pkg:golang/google.golang.org/genproto#googleapis/api/annotations"},
		{"pkg:generic/a#./x/../y//z", "pkg:generic/a#x/y/z"},
		{"pkg:maven/org.apache//xmlgraphics/batik@1.9.1?packaging=",
			"pkg:maven/org.apache/xmlgraphics/batik@1.9.1"},
		{"pkg:deb/debian/a@1%3a2~3", "pkg:deb/debian/a@1:2~3"},
		{"pkg:generic/with%20space%2Fslash@1%2B2?x=a%26b",
			"pkg:generic/with%20space%2Fslash@1%2B2?x=a%26b"},
	};
	char buf[512];

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++)
		assert_string_equal(canonical(rows[i][0], buf), rows[i][1]);
}

static void test_what_is_no_purl(void **state)
{
	static const char *const bad[] = {"", "pkg", "pkg:", "pkg:deb", "pkg:deb/", "pkg:deb//",
		"http://x/y", "pkg:3d/x", "pkg:d!b/x", "pkg:deb/x@%zz", "pkg:deb/%4",
		"pkg:deb/x?1k=v", "pkg:deb/x?k%20=v", "pkg:deb/x?noequals", "pkg:deb/x?a=1&A=2",
		"pkg:deb/x#a%2Fb"};
	struct vt_purl p;
	char many[VT_PURL_MAX + 2];

	(void)state;
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		assert_int_equal(vt_purl_parse(vt_span_str(bad[i]), &p), VT_EFORMAT);
	memset(many, 'a', sizeof many);
	assert_int_equal(vt_purl_parse(vt_span_of(many, sizeof many), &p), VT_ELIMIT);
}

static bool match(const char *pattern, const char *s, bool *unsure)
{
	struct vt_purl a, b;

	assert_int_equal(vt_purl_parse(vt_span_str(pattern), &a), VT_OK);
	assert_int_equal(vt_purl_parse(vt_span_str(s), &b), VT_OK);
	return vt_purl_match(&a, &b, unsure);
}

static void test_patterns(void **state)
{
	bool unsure;

	(void)state;
	assert_true(match("pkg:deb/kesl", "pkg:deb/debian/kesl@12.0?arch=amd64", NULL));
	assert_true(match("pkg:rpm/KESL*", "pkg:rpm/astra/kesl-gui@12", NULL));
	assert_false(match("pkg:deb/kesl", "pkg:rpm/kesl", NULL));
	assert_false(match("pkg:deb/kesl@11", "pkg:deb/kesl@12", NULL));
	assert_false(match("pkg:deb/kesl?arch=i386", "pkg:deb/kesl@12?arch=amd64", NULL));
	assert_true(
		match("pkg:deb/kesl?vers=vers:deb/%3E%3D11|%3C13", "pkg:deb/kesl@12.0-3", &unsure));
	assert_false(unsure);
	assert_false(
		match("pkg:deb/kesl?vers=vers:deb/%3E%3D11|%3C13", "pkg:deb/kesl@13", &unsure));
	assert_false(unsure);
	assert_false(match("pkg:deb/kesl?vers=vers:deb/%3E%3D11", "pkg:deb/kesl", &unsure));
	assert_true(unsure);
}

static const char *of(const char *manager, const char *name, const char *version, const char *arch,
	const char *os, char out[512])
{
	struct vt_component c = {.manager = vt_span_str(manager),
		.name = vt_span_str(name),
		.version = vt_span_str(version),
		.arch = vt_span_str(arch)};
	vt_buf b = VT_BUF_INIT(511);
	vt_err e = vt_purl_of_component(&c, vt_span_str(os), &b);

	if (e) {
		assert_int_equal(b.n, 0);
		vt_buf_free(&b);
		return vt_err_text(e);
	}
	memcpy(out, b.p, b.n);
	out[b.n] = 0;
	vt_buf_free(&b);
	return out;
}

static void test_components(void **state)
{
	const char *none = vt_err_text(VT_EUNSUPPORTED);
	char buf[512];

	(void)state;
	assert_string_equal(of("dpkg", "libc6", "1:2.36-9+deb12u9", "amd64", "debian", buf),
		"pkg:deb/debian/libc6@1:2.36-9%2Bdeb12u9?arch=amd64");
	assert_string_equal(of("dpkg", "kesl", "12.0", "", "", buf), "pkg:deb/kesl@12.0");
	assert_string_equal(of("rpm", "bash", "0:5.2-1.fc39", "x86_64", "fedora", buf),
		"pkg:rpm/fedora/bash@5.2-1.fc39?arch=x86_64");
	assert_string_equal(of("rpm", "vim", "2:9.1-1", "x86_64", "fedora", buf),
		"pkg:rpm/fedora/vim@9.1-1?arch=x86_64&epoch=2");
	assert_string_equal(of("apk", "musl", "1.2.4-r2", "x86_64", "alpine", buf),
		"pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64");
	assert_string_equal(of("npm", "@scope/thing", "1.0.0", "", "debian", buf),
		"pkg:npm/%40scope/thing@1.0.0");
	assert_string_equal(
		of("pypi", "Foo_Bar", "1.0", "", "debian", buf), "pkg:pypi/foo-bar@1.0");
	assert_string_equal(of("maven", "org.apache:log4j", "2.1", "", "", buf),
		"pkg:maven/org.apache/log4j@2.1");
	assert_string_equal(of("maven", "log4j", "2.1", "", "", buf), none);
	assert_string_equal(of("flatpak", "org.gimp.GIMP", "2.10", "", "", buf),
		"pkg:flatpak/org.gimp.GIMP@2.10");
	assert_string_equal(of("snap", "firefox", "1", "amd64", "ubuntu", buf),
		"pkg:snap/firefox@1?arch=amd64");
	assert_string_equal(of("windows", "Some Program", "1", "", "", buf), none);
	assert_string_equal(of("dpkg", "", "1", "", "", buf), none);
	assert_string_equal(of("npm", "@scope/", "1", "", "", buf), none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical_forms),
		cmocka_unit_test(test_what_is_no_purl),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_components),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
