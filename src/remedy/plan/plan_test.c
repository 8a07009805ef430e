/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: what is made, written and read; places; approvals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "remedy/plan/approval.h"
#include "remedy/plan/planner.h"
#include "tlog/note.h"

#define S(x) vt_span_str(x)
#define HEX32 "00112233445566778899aabbccddeeff"
#define HEX64 HEX32 HEX32

static void paths(void **state)
{
	(void)state;
	assert_true(vt_removal_path_ok(S("/opt/x")));
	assert_false(vt_removal_path_ok(S("/")));
	assert_false(vt_removal_path_ok(S("opt/x")));
	assert_false(vt_removal_path_ok(S("/opt/x/")));
	assert_false(vt_removal_path_ok(S("/opt//x")));
	assert_false(vt_removal_path_ok(S("/opt/./x")));
	assert_false(vt_removal_path_ok(S("/opt/../x")));
	assert_false(vt_removal_path_ok(vt_span_of("/a\0b", 4)));
	assert_true(vt_removal_path_ok(S("/opt/..x")));
	assert_true(vt_removal_name_ok(S("kesl.service")));
	assert_false(vt_removal_name_ok(S("--force-all")));
	assert_false(vt_removal_name_ok(S("a b")));
	assert_false(vt_removal_name_ok(S("a/b")));
	assert_false(vt_removal_name_ok(S("")));
}

static void places(void **state)
{
	static const struct {
		enum vt_place_kind kind;
		const char *path;
		bool fine;
	} rows[] = {
		{VT_PLACE_FOLDER, "/opt/kaspersky", true},
		{VT_PLACE_FOLDER, "/var/opt/kaspersky", true},
		{VT_PLACE_FOLDER, "/srv/tools/kav", true},
		{VT_PLACE_FOLDER, "/home/kim/kav", true},
		{VT_PLACE_FOLDER, "/opt", false},
		{VT_PLACE_FOLDER, "/usr", false},
		{VT_PLACE_FOLDER, "/usr/bin", false},
		{VT_PLACE_FOLDER, "/usr/share/doc", false},
		{VT_PLACE_FOLDER, "/usr/share/doc/kesl", true},
		{VT_PLACE_FOLDER, "/usr/lib/x86_64-linux-gnu", false},
		{VT_PLACE_FOLDER, "/home/kim", false},
		{VT_PLACE_FOLDER, "/home", false},
		{VT_PLACE_FOLDER, "/var/lib", false},
		{VT_PLACE_FOLDER, "/var/lib/dpkg", false},
		{VT_PLACE_FOLDER, "/var/lib/dpkg/info", false},
		{VT_PLACE_FOLDER, "/etc/systemd/system", false},
		{VT_PLACE_FOLDER, "/etc/systemd/system/kesl.service.d", true},
		{VT_PLACE_FOLDER, "/proc/1", false},
		{VT_PLACE_FILE, "/var/lib/dpkg/status", false},
		{VT_PLACE_FILE, "/etc/passwd", false},
		{VT_PLACE_FILE, "/etc/shadow-", false},
		{VT_PLACE_FILE, "/usr/bin/kesl-control", true},
		{VT_PLACE_FILE, "/usr/bin/sh", false},
		{VT_PLACE_FILE, "/boot/vmlinuz", false},
		{VT_PLACE_FILE, "/var/lib/vitrine/removals/x", false},
		{VT_PLACE_UNIT, "/etc/systemd/system/kesl.service", true},
		{VT_PLACE_UNIT, "/etc/systemd/system/multi-user.target.wants/kesl.service", true},
		{VT_PLACE_UNIT, "/usr/bin/x", false},
		{VT_PLACE_UNIT, "/etc/rc3.d/S01kesl", true},
		{VT_PLACE_CERTIFICATE, "/usr/local/share/ca-certificates/k.crt", true},
		{VT_PLACE_CERTIFICATE, "/etc/ssl/certs/ca-certificates.crt", false},
		{VT_PLACE_CERTIFICATE, "/etc/hosts", false},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++)
		if (!vt_place_trouble(rows[i].kind, S(rows[i].path)) != rows[i].fine)
			fail_msg("%s", rows[i].path);
}

struct scene {
	vt_arena a;
	struct vt_survey *s;
	struct vt_directive d;
	struct vt_catalogue c;
	struct vt_product product;
	enum vt_standing standings[4];
	struct vt_targets t;
	struct vt_scene scene;
	struct vt_removal_file file;
	struct vt_scene_place place;
	struct vt_removal_package package;
	struct vt_planning p;
	struct vt_removal out;
};

static vt_span prefixes[] = {{(const uint8_t *)"/opt/kav", 8}};

static void observe(struct scene *x, uint32_t subject, enum vt_fact_kind kind, const char *locus,
	const char *raw)
{
	struct vt_observation o = {.subject = subject,
		.kind = kind,
		.locus = S(locus),
		.rule = S("r"),
		.product = S("kav"),
		.raw = S(raw),
		.sha256 = S(HEX64)};

	assert_int_equal(vt_survey_observe(x->s, &o), VT_OK);
}

static void setup(struct scene *x)
{
	struct vt_subject system = {.kind = VT_SUBJECT_SYSTEM, .name = S("host")};
	struct vt_subject layer = {.kind = VT_SUBJECT_LAYER, .name = S("sha256:1"), .parent = 1};
	uint32_t index;

	memset(x, 0, sizeof *x);
	x->a = (vt_arena)VT_ARENA_INIT((size_t)64 << 20);
	assert_int_equal(vt_survey_new((size_t)64 << 20, &x->s), VT_OK);
	x->s->id = S(HEX32);
	x->s->host = S("host");
	x->s->tool = S("vitrine 0");
	assert_int_equal(vt_survey_subject(x->s, &system, &index), VT_OK);
	assert_int_equal(vt_survey_subject(x->s, &layer, &index), VT_OK);
	observe(x, 0, VT_FACT_PACKAGE, "/var/lib/dpkg/status", "name=kav version=1 manager=dpkg");
	observe(x, 0, VT_FACT_FILE, "/opt/kav/bin/kav", "name=kav path=/opt/kav/bin/kav");
	observe(x, 1, VT_FACT_FILE, "/opt/kav", "name=kav path=/opt/kav");
	observe(x, 0, VT_FACT_FILE, "/home/kim/kav", "name=kav path=/home/kim/kav");
	x->product = (struct vt_product){.id = S("kav"),
		.name = S("Banned AV"),
		.entity = S("maker"),
		.category = S("security-software"),
		.prefixes = {1, prefixes},
		.removal = S("Use the console."),
		.assessable = true};
	x->c = (struct vt_catalogue){.id = S("c"), .sha256 = S(HEX64), .nproducts = 1};
	x->c.products = &x->product;
	x->d = (struct vt_directive){.id = S("d"), .version = S("1"), .sha256 = S(HEX64)};
}

static void add_findings(struct scene *x)
{
	static uint32_t o0[] = {0, 1}, o1[] = {2}, o2[] = {3};
	struct vt_finding *f = vt_arena_array(&x->a, 3, sizeof *f);

	f[0] = (struct vt_finding){.id = S("F1"),
		.product = S("kav"),
		.place = S(""),
		.n = 2,
		.confidence = VT_CONFIDENCE_CONFIRMED,
		.observations = o0};
	f[1] = (struct vt_finding){.id = S("F2"),
		.product = S("kav"),
		.subject = 1,
		.place = S("/opt/kav"),
		.n = 1,
		.confidence = VT_CONFIDENCE_CONFIRMED,
		.observations = o1,
		.hidden = true};
	f[2] = (struct vt_finding){.id = S("F3"),
		.product = S("kav"),
		.place = S("/home/kim"),
		.n = 1,
		.observations = o2};
	x->s->findings = f;
	x->s->nfindings = 3;
	x->standings[0] = x->standings[1] = VT_STANDING_COVERED;
	x->standings[2] = VT_STANDING_CANDIDATE;
	assert_int_equal(vt_targets_make(x->s, &x->c, x->standings, 0, &x->a, &x->t), VT_OK);
}

static void plan(struct scene *x)
{
	x->file = (struct vt_removal_file){.path = S("/opt/kav/bin/kav"),
		.dev = 1,
		.ino = 2,
		.size = 3,
		.mode = 0755,
		.sha256 = S(HEX64)};
	x->place = (struct vt_scene_place){.place = {VT_PLACE_FOLDER, S("/opt/kav"), S("F1")},
		.product = &x->product,
		.nfiles = 1,
		.files = &x->file};
	x->package = (struct vt_removal_package){S("dpkg"), S("kav"), S("1"), S("amd64"), S("x")};
	x->scene = (struct vt_scene){
		.nplaces = 1, .places = &x->place, .npackages = 1, .packages = &x->package};
	x->p = (struct vt_planning){.survey = x->s,
		.directive = &x->d,
		.catalogue = &x->c,
		.standings = x->standings,
		.targets = &x->t,
		.scene = &x->scene,
		.id = S(HEX32),
		.tool = S("vitrine 0"),
		.machine = S(HEX32),
		.root = S("/"),
		.now = 1000,
		.replacement = VT_REPLACEMENT_NONE,
		.replacement_name = S("test")};
	assert_int_equal(vt_removal_make(&x->p, &x->a, &x->out), VT_OK);
}

static void teardown(struct scene *x)
{
	vt_survey_free(x->s);
	vt_arena_free(&x->a);
}

static size_t count(const struct vt_targets *t, enum vt_target_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->v[i].kind == kind;
	return n;
}

static void targets(void **state)
{
	struct scene x;

	(void)state;
	setup(&x);
	add_findings(&x);
	assert_int_equal(count(&x.t, VT_TARGET_PACKAGE), 1);
	assert_int_equal(count(&x.t, VT_TARGET_PATH), 1);
	assert_int_equal(count(&x.t, VT_TARGET_FOLDER), 1);
	/* the layer, and the candidate in somebody's home */
	assert_int_equal(count(&x.t, VT_TARGET_PERSON), 2);
	assert_int_equal(x.t.acting[0], VT_ACTING_HERE);
	assert_int_equal(x.t.acting[1], VT_ACTING_PERSON);
	assert_int_equal(x.t.acting[2], VT_ACTING_PERSON);
	teardown(&x);
}

static void written_and_read(void **state)
{
	vt_buf one = VT_BUF_INIT(VT_REMOVAL_MAX), two = VT_BUF_INIT(VT_REMOVAL_MAX);
	struct vt_doc_error why;
	struct vt_removal again;
	struct scene x;
	size_t blanks = 0;

	(void)state;
	setup(&x);
	add_findings(&x);
	plan(&x);
	assert_int_equal(x.out.nelements, 14);
	for (size_t i = 0; i < x.out.nelements; i++)
		blanks += !x.out.elements[i].value.n;
	assert_int_equal(blanks, 9);
	assert_int_equal(vt_removal_write(&one, &x.out), VT_OK);
	if (vt_removal_parse(vt_buf_span(&one), &x.a, &again, &why))
		fail_msg("%s: %s", why.where, why.cause);
	assert_int_equal(vt_removal_write(&two, &again), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&one), vt_buf_span(&two)));
	assert_true(vt_removal_removes(&again, S("dpkg"), S("kav")));
	assert_false(vt_removal_removes(&again, S("rpm"), S("kav")));
	assert_non_null(vt_removal_place(&again, S("/opt/kav/bin/kav")));
	assert_null(vt_removal_place(&again, S("/opt/kavx")));
	/* every prefix of it is refused, none crashes */
	for (size_t n = 0; n < one.n - 1; n += 37)
		assert_int_not_equal(
			vt_removal_parse(vt_span_of(one.p, n), &x.a, &again, &why), VT_OK);
	vt_buf_free(&one);
	vt_buf_free(&two);
	teardown(&x);
}

static void approvals(void **state)
{
	uint8_t seed[VT_SEED_SIZE] = {7}, other_seed[VT_SEED_SIZE] = {8};
	struct vt_approval a = {.plan = S(HEX32),
				   .machine = S(HEX32),
				   .time = 1000,
				   .until = 2000,
				   .note = S("fine")},
			   got;
	vt_buf b = VT_BUF_INIT(VT_APPROVAL_MAX);
	struct vt_signer signer, other;
	const struct vt_key *by = NULL;
	vt_span bytes = S("the plan");

	(void)state;
	/* SHA-256 of "the plan" by coreutils */
	a.sha256 = S("6ab60d0f1eac24d1f32f4b1a4a3f6b2b3c94c0cd4b7b5ea5a9ad8a1a6f0a9f4e");
	assert_int_equal(vt_sign_init(), VT_OK);
	assert_int_equal(vt_signer_make(S("officer"), VT_KEY_ED25519, seed, &signer), VT_OK);
	assert_int_equal(vt_signer_make(S("other"), VT_KEY_ED25519, other_seed, &other), VT_OK);
	assert_int_equal(vt_approval_write(&b, &a, &signer), VT_OK);
	assert_string_equal(vt_approval_trouble(vt_buf_span(&b), bytes, a.plan, a.machine, 1500,
				    &other.key, 1, &by, &got),
		"it is not signed by a key that the owner of this machine lists");
	assert_string_equal(vt_approval_trouble(vt_buf_span(&b), bytes, a.plan, a.machine, 1500,
				    &signer.key, 1, &by, &got),
		"the approval is for other bytes: the plan was changed, or is another one");
	assert_true(vt_span_eq(got.note, S("fine")));
	b.p[30] ^= 1;
	assert_non_null(vt_approval_trouble(
		vt_buf_span(&b), bytes, a.plan, a.machine, 1500, &signer.key, 1, &by, &got));
	a.note = S("two\nlines");
	assert_int_equal(vt_approval_write(&b, &a, &signer), VT_EARG);
	vt_buf_free(&b);
}

static void approvers(void **state)
{
	static const char text[] =
		"# people\n\nofficer+6ddeffff+AfjyoCCOTizaeaS3qBiYLO5cv5ulQUnbpKURnADMxy5L\n";
	struct vt_key *keys = calloc(VT_APPROVERS_MAX, sizeof *keys);
	size_t n = 0;
	unsigned line = 0;

	(void)state;
	assert_int_equal(vt_approvers_parse(S(text), keys, &n, &line), VT_OK);
	assert_int_equal(n, 1);
	assert_string_equal(keys[0].name, "officer");
	assert_int_equal(vt_approvers_parse(S("officer\n"), keys, &n, &line), VT_EFORMAT);
	assert_int_equal(line, 1);
	free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(places),
		cmocka_unit_test(targets),
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(approvals),
		cmocka_unit_test(approvers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
