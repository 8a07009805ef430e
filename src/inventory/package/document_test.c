/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of JSON, YAML, XML and key files: snaps, flatpaks, npm, identification tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inventory/package/flatpak.h"
#include "inventory/package/npm.h"
#include "inventory/package/snap.h"
#include "inventory/package/swid.h"

#define S(literal) vt_span_of((literal), sizeof(literal) - 1)
#define assert_span(span, text) assert_true(vt_span_eq((span), vt_span_str(text)))
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static vt_arena arena = VT_ARENA_INIT((size_t)1 << 20);

static int reset(void **state)
{
	(void)state;
	vt_arena_free(&arena);
	return 0;
}

static unsigned snaps, active, current;

static vt_err on_snap(void *ctx, const struct vt_snap *s)
{
	(void)ctx;
	snaps++;
	active += s->active;
	current += s->current;
	return snaps < 4 ? VT_OK : VT_ELIMIT;
}

static void test_snap(void **state)
{
	vt_span name, revision;
	struct vt_package p;

	(void)state;
	assert_int_equal(
		vt_snap_state(
			S("{\"data\":{\"snaps\":{\"a\":{\"active\":true,\"current\":\"2\","
			  "\"sequence\":["
			  "{\"revision\":\"1\"},{\"snap\":{\"revision\":\"2\"}}]},\"b\":{}}}}"),
			on_snap, NULL),
		VT_OK);
	assert_int_equal(snaps, 3);
	assert_int_equal(active, 1);
	assert_int_equal(current, 2);
	assert_int_equal(
		vt_snap_state(S("{\"data\":{\"snaps\":{\"a\":{}}}}"), on_snap, NULL), VT_ELIMIT);
	assert_int_equal(vt_snap_state(S("{\"data\":{}}"), on_snap, NULL), VT_OK);
	assert_int_equal(vt_snap_state(S("{}"), on_snap, NULL), VT_EFORMAT);
	assert_int_equal(
		vt_snap_state(S("{\"data\":{\"snaps\":{\"a\":1}}}"), on_snap, NULL), VT_EFORMAT);
	assert_int_equal(vt_snap_state(S(""), on_snap, NULL), VT_EFORMAT);
	assert_true(vt_snap_file(S("a_b_12.snap"), &name, &revision));
	assert_span(name, "a_b");
	assert_span(revision, "12");
	assert_false(vt_snap_file(S("a.snap"), &name, &revision));
	assert_false(vt_snap_file(S("_1.snap"), &name, &revision));
	assert_false(vt_snap_file(S("a_.snap"), &name, &revision));
	assert_int_equal(
		vt_snap_yaml(
			S("name: a\nversion: \"1 # 2\" # x\nlicense: MIT # y\napps:\n  name: b\n"),
			&p),
		VT_OK);
	assert_span(p.name, "a");
	assert_span(p.version, "1 # 2");
	assert_span(p.license, "MIT");
	assert_int_equal(vt_snap_yaml(S("version: 1\n"), &p), VT_EFORMAT);
}

static void test_flatpak(void **state)
{
	struct vt_flatpak_place at;
	vt_span origin, version, license;
	struct vt_package p;

	(void)state;
	assert_int_equal(
		vt_flatpak_metadata(
			S("[X]\nname=no\n[Application]\nname = a.b\nruntime=r\n[Y]\nname=c\n"), &p),
		VT_OK);
	assert_span(p.name, "a.b");
	assert_span(p.source, "r");
	assert_int_equal(vt_flatpak_metadata(S("[X]\nname=no\n"), &p), VT_EFORMAT);
	assert_true(vt_flatpak_place(S("/h/app/a.b/x86_64/stable/" HEX64 "/metadata"), &at));
	assert_span(at.id, "a.b");
	assert_span(at.arch, "x86_64");
	assert_span(at.branch, "stable");
	assert_span(at.folder, "/h/app/a.b/x86_64/stable/" HEX64);
	assert_span(at.branch_folder, "/h/app/a.b/x86_64/stable");
	assert_false(vt_flatpak_place(S("/h/app/a.b/x86_64/stable/active/metadata"), &at));
	assert_false(vt_flatpak_place(S("/h/app/a.b/" HEX64 "/metadata"), &at));
	assert_false(vt_flatpak_place(S("metadata"), &at));
	/* the key ends at byte 88, so the value begins there; the other one's at 104 + 16 */
	assert_int_equal(vt_flatpak_deploy(S("local\0" HEX64 "\0\0"
					     "appdata-version\0"
					     "12.1\0\0s\0"
					     "appdata-license\0"
					     "MIT\0\0s"),
				 &origin, &version, &license),
		VT_OK);
	assert_span(origin, "local");
	assert_span(version, "12.1");
	assert_span(license, "MIT");
	assert_int_equal(vt_flatpak_deploy(S("local\0"
					     "short\0"),
				 &origin, &version, &license),
		VT_EFORMAT);
}

static void test_npm(void **state)
{
	struct vt_package p;

	(void)state;
	assert_int_equal(vt_npm_package(S("\xef\xbb\xbf{\"name\":\"@a/"
					  "b\",\"version\":\"1\",\"author\":\"A\",\"licenses\":[{"
					  "\"type\":\"X\"}]}"),
				 &arena, &p),
		VT_OK);
	assert_span(p.name, "@a/b");
	assert_span(p.vendor, "A");
	assert_span(p.license, "X");
	assert_int_equal(vt_npm_package(S("{\"type\":\"module\"}"), &arena, &p), VT_END);
	assert_int_equal(vt_npm_package(S("{\"name\":7}"), &arena, &p), VT_END);
	assert_int_equal(vt_npm_package(S("[]"), &arena, &p), VT_EFORMAT);
	assert_int_equal(vt_npm_package(S(""), &arena, &p), VT_EFORMAT);
	assert_true(vt_npm_place(S("/node_modules/a/package.json")));
	assert_true(vt_npm_place(S("/x/node_modules/@s/a/package.json")));
	assert_false(vt_npm_place(S("/x/node_modules/package.json")));
	assert_false(vt_npm_place(S("/x/node_modules/a/lib/package.json")));
	assert_false(vt_npm_place(S("package.json")));
}

static void test_swid(void **state)
{
	struct vt_package p;

	(void)state;
	assert_int_equal(vt_swid_tag(S("<?xml version='1.0'?><s:SoftwareIdentity xmlns:s='urn:x' "
				       "name='a' version='1' tagId='t' patch='true'>"
				       "<s:Entity name='d' role='distributor'/><s:Entity name='m' "
				       "role='softwareCreator'/></s:SoftwareIdentity>"),
				 &arena, &p),
		VT_OK);
	assert_span(p.name, "a");
	assert_span(p.version, "1");
	assert_span(p.source, "t");
	assert_span(p.status, "patch");
	assert_span(p.vendor, "m");
	assert_int_equal(
		vt_swid_tag(S("<a><SoftwareIdentity name='a'/></a>"), &arena, &p), VT_EFORMAT);
	assert_int_equal(vt_swid_tag(S("<SoftwareIdentity/>"), &arena, &p), VT_EFORMAT);
	assert_int_equal(vt_swid_tag(S("<SoftwareIdentity name='a'>"), &arena, &p), VT_EFORMAT);
	assert_int_equal(
		vt_swid_tag(
			S("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><SoftwareIdentity "
			  "name='a'>&e;</SoftwareIdentity>"),
			&arena, &p),
		VT_OK); /* what is outside is not opened */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snap),
		cmocka_unit_test(test_flatpak),
		cmocka_unit_test(test_npm),
		cmocka_unit_test(test_swid),
	};

	return cmocka_run_group_tests(tests, NULL, reset);
}
