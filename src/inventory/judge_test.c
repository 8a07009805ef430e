/* SPDX-License-Identifier: Apache-2.0 */
/* Which observations belong together, what confirms them, and what a directive makes of that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/judge.h"
#include "inventory/place.h"
#include "inventory/repeat.h"

static struct vt_survey *s;
static vt_span prefixes[] = {{(const uint8_t *)"/opt/acme", 9}};
static struct vt_product products[2];
static struct vt_catalogue catalogue = {.nproducts = 2, .products = products};
static vt_span names[] = {{(const uint8_t *)"acme*", 5}};
static struct vt_covered covered = {.products = {1, names}};
static struct vt_directive directive;
static vt_arena arena = VT_ARENA_INIT((size_t)16 << 20);

static vt_span str(const char *text)
{
	return vt_span_str(text);
}

static int set_up(void **state)
{
	struct vt_subject subject = {.kind = VT_SUBJECT_ROOT, .name = str("/srv/x")};

	(void)state;
	products[0] = (struct vt_product){.id = str("acme-av"),
		.name = str("Acme AV"),
		.prefixes = {1, prefixes},
		.assessable = true};
	products[1] =
		(struct vt_product){.id = str("other"), .name = str("Other"), .assessable = true};
	directive = (struct vt_directive){.id = str("order-1"),
		.branded = true,
		.ncovered = 1,
		.covered = &covered,
		.threshold = 9900};
	directive.required[VT_AREA_PACKAGES] = directive.required[VT_AREA_CONTENT] = true;
	for (unsigned a = 0; a < VT_AREAS; a++) {
		subject.asked[a] = true;
		subject.coverage[a] =
			(struct vt_coverage){.seen = 1000, .read = 1000, .sources = 1};
	}
	if (vt_survey_new((size_t)1 << 20, &s) || vt_survey_subject(s, &subject, NULL))
		return -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vt_survey_free(s);
	vt_arena_reset(&arena);
	return 0;
}

/* Flags: d decisive, e embedded, m from memory. */
static void see(enum vt_fact_kind kind, const char *locus, const char *flags)
{
	const struct vt_observation o = {
		.kind = kind,
		.locus = str(locus),
		.rule = str("r"),
		.product = str("acme-av"),
		.raw = str("name=acme manager=dpkg"),
		.decisive = strchr(flags, 'd') != NULL,
		.embedded = strchr(flags, 'e') != NULL,
		.memory = strchr(flags, 'm') != NULL,
	};

	assert_int_equal(vt_survey_observe(s, &o), VT_OK);
}

static void judge(size_t findings)
{
	assert_int_equal(vt_judge_findings(s, &catalogue), VT_OK);
	assert_int_equal(s->nfindings, findings);
}

static struct vt_status status(void)
{
	struct vt_status st;

	assert_int_equal(vt_judge_directive(s, &catalogue, &directive, 20000, &arena, &st), VT_OK);
	return st;
}

static void confirmed(bool yes)
{
	judge(1);
	assert_int_equal(
		s->findings[0].confidence, yes ? VT_CONFIDENCE_CONFIRMED : VT_CONFIDENCE_CANDIDATE);
}

static void test_one_weak_sign_is_a_candidate(void **state)
{
	(void)state;
	see(VT_FACT_FILE, "/opt/acme/bin/acme", "");
	see(VT_FACT_FILE, "/opt/acme/bin/acmectl", "");
	confirmed(false);
	assert_int_equal(status().shown, VT_SHOWN_NOT);
	assert_int_equal(status().standings[0], VT_STANDING_CANDIDATE);
}

static void test_two_kinds_confirm(void **state)
{
	(void)state;
	see(VT_FACT_FILE, "/opt/acme/bin/acme", "");
	see(VT_FACT_PACKAGE, "/var/lib/dpkg/status#acme", "");
	confirmed(true);
	assert_int_equal(status().shown, VT_SHOWN_PRESENT);
}

static void test_two_kinds_of_one_file_do_not(void **state)
{
	(void)state;
	see(VT_FACT_FILE, "/opt/acme/bin/acme", "");
	see(VT_FACT_EXECUTABLE, "/opt/acme/bin/acme", "");
	confirmed(false);
}

static void test_a_folder_and_a_name_in_it_do_not(void **state)
{
	(void)state;
	see(VT_FACT_FOLDER, "/srv/a/sdk", "");
	see(VT_FACT_FILE, "/srv/a/sdk/acme.so", "");
	confirmed(false);
	see(VT_FACT_FILE, "/srv/a/sdk/lib/acme.so", "");
	confirmed(true);
}

static void test_decoys_do_not_use_up_what_is_compared(void **state)
{
	char locus[64];

	(void)state;
	see(VT_FACT_FOLDER, "/srv/a/sdk", "");
	for (int i = 0; i < 200; i++) {
		(void)snprintf(locus, sizeof locus, "/srv/a/sdk/acme%d", i);
		see(VT_FACT_FILE, locus, "");
		see(VT_FACT_FILE, locus, "m");
	}
	confirmed(false);
	see(VT_FACT_FILE, "/srv/a/sdk/lib/acme.so", "");
	confirmed(true);
}

static void test_a_name_between_does_not_part_a_copy(void **state)
{
	(void)state;
	see(VT_FACT_FILE, "/srv/acme/a", "");
	see(VT_FACT_FILE, "/srv/acme-x/decoy", "");
	see(VT_FACT_EXECUTABLE, "/srv/acme/bin/b", "");
	judge(2);
	assert_int_equal(s->findings[0].confidence, VT_CONFIDENCE_CONFIRMED);
	assert_true(vt_span_eq(s->findings[0].place, str("/srv/acme")));
}

static void test_a_hash_in_a_name_is_part_of_it(void **state)
{
	struct vt_observation o = {.kind = VT_FACT_FILE,
		.locus = str("/usr/bin/ssh#acme"),
		.raw = str("name=ssh%23acme")};

	(void)state;
	assert_true(vt_span_eq(vt_place_file(&o), o.locus));
	o.kind = VT_FACT_CONTENT;
	o.locus = str("/srv/a#b/c.zip#d#e");
	o.raw = str("rule=r member=d#e");
	assert_true(vt_span_eq(vt_place_file(&o), str("/srv/a#b/c.zip")));
	o.kind = VT_FACT_EXECUTABLE;
	o.locus = str("/srv/a#b#x86_64");
	o.raw = str("path=/srv/a#b");
	assert_true(vt_span_eq(vt_place_file(&o), str("/srv/a#b")));
	o.kind = VT_FACT_PACKAGE;
	o.locus = str("/var/lib/dpkg/status#acme:amd64");
	assert_true(vt_span_eq(vt_place_file(&o), str("/var/lib/dpkg/status")));
	see(VT_FACT_FILE, "/srv/lab#2/bin/acme", "");
	judge(1);
	assert_true(vt_span_eq(s->findings[0].place, str("/srv/lab#2/bin")));
}

static void test_a_brand_does_not_cover_embedded_code_up(void **state)
{
	(void)state;
	directive.embedded = true;
	directive.branded = false;
	see(VT_FACT_CONTENT, "/srv/p/engine.so", "e");
	see(VT_FACT_FILE, "/srv/p/acme", "");
	judge(1);
	assert_int_equal(status().shown, VT_SHOWN_PRESENT);
}

static void test_what_was_read_makes_up_for_nothing(void **state)
{
	(void)state;
	directive.threshold = 10000;
	judge(0);
	assert_int_equal(status().shown, VT_SHOWN_ABSENT);
	s->subjects[0].coverage[VT_AREA_CONTENT].misses[VT_MISS_ENCRYPTED] = 1;
	assert_int_equal(status().shown, VT_SHOWN_NOT);
}

static void test_one_decisive_sign_confirms(void **state)
{
	(void)state;
	see(VT_FACT_EXECUTABLE, "/home/u/x/renamed", "d");
	confirmed(true);
}

static void test_memory_cannot_confirm(void **state)
{
	(void)state;
	see(VT_FACT_EXECUTABLE, "/opt/acme/bin/acme", "dm");
	see(VT_FACT_PACKAGE, "/var/lib/dpkg/status#acme", "m");
	confirmed(false);
	see(VT_FACT_UNIT, "/etc/systemd/system/acme.service", "");
	confirmed(true);
}

static void test_copies_are_told_apart(void **state)
{
	(void)state;
	see(VT_FACT_FILE, "/opt/acme/bin/acme", "");
	see(VT_FACT_PACKAGE, "/var/lib/dpkg/status#acme", "");
	see(VT_FACT_FILE, "/srv/backup/acme/bin/acme", "");
	see(VT_FACT_CONTENT, "/srv/backup/acme/lib/x", "");
	see(VT_FACT_FILE, "/home/u/tools/acme", "");
	see(VT_FACT_PACKAGE, "/srv/chroot/a/var/lib/dpkg/status#acme", "");
	see(VT_FACT_FILE, "/srv/chroot/a/opt/acme/bin/acme", "");
	judge(4);
	assert_true(vt_span_eq(s->findings[0].place, str("")));
	assert_true(vt_span_eq(s->findings[1].place, str("/home/u/tools")));
	assert_true(vt_span_eq(s->findings[2].place, str("/srv/backup/acme")));
	assert_true(vt_span_eq(s->findings[3].place, str("/srv/chroot/a")));
	assert_int_equal(s->findings[1].confidence, VT_CONFIDENCE_CANDIDATE);
	assert_int_equal(s->findings[3].confidence, VT_CONFIDENCE_CONFIRMED);
}

/* What only a process still reaches belongs to where it was. */
static void test_a_nameless_file_keeps_its_place(void **state)
{
	(void)state;
	see(VT_FACT_EXECUTABLE, "/srv/tools/acme", "");
	see(VT_FACT_CONTENT, "/proc/12/exe#/srv/tools/acme.new#member/x", "");
	see(VT_FACT_CONTENT, "/proc/13/exe#/opt/acme/bin/acme", "");
	judge(2);
	assert_true(vt_span_eq(s->findings[0].place, str("")));
	assert_true(vt_span_eq(s->findings[1].place, str("/srv/tools")));
}

static void test_ids_stay(void **state)
{
	char id[32] = "";

	(void)state;
	see(VT_FACT_FILE, "/home/u/tools/acme", "");
	judge(1);
	memcpy(id, s->findings[0].id.p, s->findings[0].id.n);
	assert_int_equal(s->findings[0].id.n, 13);
	see(VT_FACT_FILE, "/home/u/tools/acme2", "");
	judge(1);
	assert_true(vt_span_eq(s->findings[0].id, str(id)));
}

static void test_absent_needs_coverage(void **state)
{
	struct vt_coverage *packages = &s->subjects[0].coverage[VT_AREA_PACKAGES];
	struct vt_coverage *content = &s->subjects[0].coverage[VT_AREA_CONTENT];

	(void)state;
	judge(0);
	assert_int_equal(status().shown, VT_SHOWN_ABSENT);
	content->read = 990;
	assert_int_equal(status().shown, VT_SHOWN_ABSENT);
	content->read = 989;
	assert_int_equal(status().shown, VT_SHOWN_NOT);
	content->read = 1000;
	content->misses[VT_MISS_MOUNT] = 1;
	assert_int_equal(status().shown, VT_SHOWN_NOT);
	content->misses[VT_MISS_MOUNT] = 0;
	packages->sources = 0;
	assert_int_equal(status().shown, VT_SHOWN_NOT);
	packages->sources = 2;
	packages->broken = 1;
	assert_int_equal(status().shown, VT_SHOWN_NOT);
	packages->broken = 0;
	s->subjects[0].asked[VT_AREA_PACKAGES] = false;
	assert_int_equal(status().shown, VT_SHOWN_NOT);
	s->subjects[0].asked[VT_AREA_PACKAGES] = true;
	/* nothing runs in a root */
	directive.required[VT_AREA_PROCESSES] = true;
	s->subjects[0].asked[VT_AREA_PROCESSES] = false;
	assert_int_equal(status().shown, VT_SHOWN_ABSENT);
	/* devices have no content of their own, and what is gone is not here */
	content->misses[VT_MISS_SPECIAL] = 100;
	content->misses[VT_MISS_VANISHED] = 50;
	content->read = 850;
	assert_int_equal(status().shown, VT_SHOWN_ABSENT);
}

static void test_nothing_looked_at_shows_nothing(void **state)
{
	(void)state;
	judge(0);
	s->nsubjects = 0;
	assert_int_equal(status().shown, VT_SHOWN_NOT);
}

static void test_embedded_code_is_a_matter_of_scope(void **state)
{
	(void)state;
	see(VT_FACT_FOLDER, "/usr/lib/mailgate/engine", "e");
	see(VT_FACT_CONTENT, "/usr/lib/mailgate/engine/kernel.so", "e");
	judge(1);
	assert_true(s->findings[0].embedded);
	assert_int_equal(status().standings[0], VT_STANDING_EMBEDDED);
	assert_int_equal(status().shown, VT_SHOWN_ABSENT);
	directive.embedded = true;
	assert_int_equal(status().shown, VT_SHOWN_PRESENT);
}

static void test_exceptions_end(void **state)
{
	static struct vt_exception x;

	(void)state;
	x = (struct vt_exception){.id = str("x"), .products = {1, names}, .expires = 20001};
	directive.exceptions = &x;
	directive.nexceptions = 1;
	see(VT_FACT_EXECUTABLE, "/home/u/x/renamed", "d");
	judge(1);
	assert_int_equal(status().standings[0], VT_STANDING_EXCEPTED);
	x.expires = 19999;
	assert_int_equal(status().standings[0], VT_STANDING_COVERED);
}

static void test_services_are_not_assessable(void **state)
{
	(void)state;
	judge(0);
	products[0].assessable = false;
	assert_int_equal(status().nunassessable, 1);
}

#define QUOTED "'/srv/x/a'\\''; rm -rf /;'\\'''"

static void test_commands_are_quoted(void **state)
{
	const struct vt_observation o = {
		.kind = VT_FACT_FILE, .locus = str("/a'; rm -rf /;'#x"), .raw = str("member=x")};
	vt_buf b = VT_BUF_INIT(4096);

	(void)state;
	assert_int_equal(vt_repeat_write(&b, &s->subjects[0], str("x.tar"), &o), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b),
		str("if [ -f " QUOTED " ]; then sha256sum -- " QUOTED "; else ls -ld -- " QUOTED
		    "; fi")));
	vt_buf_clear(&b);
	s->subjects[0].kind = VT_SUBJECT_LAYER;
	assert_int_equal(vt_repeat_write(&b, &s->subjects[0], str("a b.tar"), &o), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), str("vitrine inventory --image 'a b.tar'")));
	vt_buf_free(&b);
}

static void test_facts_as_text(void **state)
{
	struct vt_fact f = {.kind = VT_FACT_FILE};
	vt_buf b = VT_BUF_INIT(4096), v = VT_BUF_INIT(4096);

	(void)state;
	f.v[VT_ATTR_NAME] = str("a b%\n\xff=c");
	f.v[VT_ATTR_PATH] = str("/x");
	assert_int_equal(vt_fact_write(&b, &f), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), str("name=a%20b%25%0A%FF=c path=/x")));
	assert_true(vt_fact_value(vt_buf_span(&b), VT_ATTR_NAME, &v));
	assert_true(vt_span_eq(vt_buf_span(&v), f.v[VT_ATTR_NAME]));
	vt_buf_clear(&v);
	assert_false(vt_fact_value(vt_buf_span(&b), VT_ATTR_VERSION, &v));
	assert_false(vt_fact_value(str("name=a%2"), VT_ATTR_NAME, &v));
	vt_buf_free(&b);
	vt_buf_free(&v);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_one_weak_sign_is_a_candidate),
		T(test_two_kinds_confirm),
		T(test_two_kinds_of_one_file_do_not),
		T(test_a_folder_and_a_name_in_it_do_not),
		T(test_decoys_do_not_use_up_what_is_compared),
		T(test_a_name_between_does_not_part_a_copy),
		T(test_a_hash_in_a_name_is_part_of_it),
		T(test_a_brand_does_not_cover_embedded_code_up),
		T(test_what_was_read_makes_up_for_nothing),
		T(test_one_decisive_sign_confirms),
		T(test_memory_cannot_confirm),
		T(test_copies_are_told_apart),
		T(test_a_nameless_file_keeps_its_place),
		T(test_ids_stay),
		T(test_absent_needs_coverage),
		T(test_nothing_looked_at_shows_nothing),
		T(test_embedded_code_is_a_matter_of_scope),
		T(test_exceptions_end),
		T(test_services_are_not_assessable),
		T(test_commands_are_quoted),
		T(test_facts_as_text),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	vt_arena_free(&arena);
	return r;
}
