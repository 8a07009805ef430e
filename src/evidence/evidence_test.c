/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "evidence/store.h"

static char folder[] = "/tmp/vitrine-evidence-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof path, "%s/evidence.db", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static vt_span str(const char *s)
{
	return vt_span_str(s);
}

/* One of everything, with bytes that are no text. */
static struct vt_survey *sample(const char *id)
{
	static uint32_t both[] = {0, 1};
	static struct vt_finding finding = {.why = "two kinds", .n = 2, .observations = both};
	struct vt_subject subject = {
		.kind = VT_SUBJECT_ROOT, .name = str("/srv/\xff"), .platform = str("linux")};
	struct vt_component c = {.name = str("kesl"), .version = str("12.0"), .installed = true};
	struct vt_observation o = {.kind = VT_FACT_PACKAGE,
		.locus = str("/var/lib/dpkg/status#kesl"),
		.rule = str("r1"),
		.product = str("p"),
		.raw = vt_span_of("a\0b", 3),
		.decisive = true};
	struct vt_missed m = {
		.area = VT_AREA_BOOT, .why = VT_MISS_ENCRYPTED, .locus = str("/etc/x\n")};
	struct vt_survey *s;

	subject.coverage[VT_AREA_CONTENT].seen = 12;
	subject.coverage[VT_AREA_CONTENT].misses[VT_MISS_MOUNT] = 3;
	subject.answer[VT_AREA_PACKAGES] = VT_ANSWER_FOUND;
	subject.asked[VT_AREA_PACKAGES] = true;
	assert_int_equal(vt_survey_new(1 << 20, &s), VT_OK);
	s->id = str(id);
	s->started = 5;
	s->ended = 9;
	assert_int_equal(vt_survey_subject(s, &subject, NULL), VT_OK);
	assert_int_equal(vt_survey_component(s, &c), VT_OK);
	assert_int_equal(vt_survey_observe(s, &o), VT_OK);
	o.decisive = false;
	o.kind = VT_FACT_UNIT;
	assert_int_equal(vt_survey_observe(s, &o), VT_OK);
	assert_int_equal(vt_survey_miss(s, &m), VT_OK);
	finding.id = str("F0123456789ab");
	finding.product = str("p");
	finding.place = str("/opt");
	finding.confidence = VT_CONFIDENCE_CONFIRMED;
	s->findings = &finding;
	s->nfindings = 1;
	return s;
}

static void save(const char *id)
{
	char why[VT_EVIDENCE_WHY_MAX] = "";
	struct vt_survey *s = sample(id);

	assert_int_equal(vt_evidence_save(path, s, why), VT_OK);
	vt_survey_free(s);
}

static void test_round_trip(void **state)
{
	char why[VT_EVIDENCE_WHY_MAX] = "";
	struct vt_survey *s;

	(void)state;
	save("0123456789abcdef0123456789abcdef");
	assert_int_equal(vt_evidence_load(path, NULL, &s, why), VT_OK);
	assert_true(vt_span_eq(s->id, str("0123456789abcdef0123456789abcdef")));
	assert_int_equal(s->started, 5);
	assert_int_equal(s->nsubjects, 1);
	assert_true(vt_span_eq(s->subjects[0].name, str("/srv/\xff")));
	assert_int_equal(s->subjects[0].coverage[VT_AREA_CONTENT].seen, 12);
	assert_int_equal(s->subjects[0].coverage[VT_AREA_CONTENT].misses[VT_MISS_MOUNT], 3);
	assert_int_equal(s->subjects[0].answer[VT_AREA_PACKAGES], VT_ANSWER_FOUND);
	assert_true(s->subjects[0].asked[VT_AREA_PACKAGES]);
	assert_false(s->subjects[0].asked[VT_AREA_BOOT]);
	assert_int_equal(s->ncomponents, 1);
	assert_true(s->components[0].installed);
	assert_int_equal(s->nobservations, 2);
	assert_true(vt_span_eq(s->observations[0].raw, vt_span_of("a\0b", 3)));
	assert_true(s->observations[0].decisive);
	assert_int_equal(s->observations[1].kind, VT_FACT_UNIT);
	assert_int_equal(s->nmissed, 1);
	assert_int_equal(s->missed[0].why, VT_MISS_ENCRYPTED);
	assert_int_equal(s->nfindings, 1);
	assert_int_equal(s->findings[0].n, 2);
	assert_int_equal(s->findings[0].observations[1], 1);
	assert_string_equal(s->findings[0].why, "two kinds");
	vt_survey_free(s);
}

static void test_runs_by_id(void **state)
{
	char why[VT_EVIDENCE_WHY_MAX] = "";
	struct vt_survey *s;

	(void)state;
	save("aa00");
	save("ab00");
	assert_int_equal(vt_evidence_load(path, "aa", &s, why), VT_OK);
	assert_true(vt_span_eq(s->id, str("aa00")));
	vt_survey_free(s);
	assert_int_equal(vt_evidence_load(path, NULL, &s, why), VT_OK);
	assert_true(vt_span_eq(s->id, str("ab00")));
	vt_survey_free(s);
	assert_int_equal(vt_evidence_load(path, "a", &s, why), VT_END);
	assert_int_equal(vt_evidence_load(path, "zz", &s, why), VT_END);
}

static void test_other_files(void **state)
{
	char why[VT_EVIDENCE_WHY_MAX] = "";
	char other[80];
	struct vt_survey *s;
	FILE *f;

	(void)state;
	(void)snprintf(other, sizeof other, "%s/other", folder);
	assert_int_equal(vt_evidence_load(other, NULL, &s, why), VT_END);
	f = fopen(other, "w");
	fputs("not a database, but long enough for a header of one, which has 100 bytes ........."
	      "............................................................................\n",
		f);
	fclose(f);
	assert_int_equal(vt_evidence_load(other, NULL, &s, why), VT_EFORMAT);
	s = sample("00");
	assert_int_equal(vt_evidence_save(other, s, why), VT_EFORMAT);
	vt_survey_free(s);
	unlink(other);
}

static void change(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Tables of somebody else's making: no crash, and a reason. */
static void test_hostile_tables(void **state)
{
	static const char *const changes[] = {
		"DROP TABLE finding_observation; CREATE TABLE finding_observation(run, finding, "
		"observation); INSERT INTO finding_observation SELECT run, x.column1, 0 FROM run, "
		"(VALUES (0), (0.1), (0.2), (0.3), ('0'), ('0.5'), (x'30')) x",
		"UPDATE observation SET subject=-1",
		"UPDATE observation SET subject=4294967296",
		"UPDATE observation SET kind=zeroblob(1000)",
		"UPDATE finding SET subject=7",
		"UPDATE subject SET parent=99",
		"UPDATE coverage SET answer=9",
		"UPDATE miss SET why=17",
		"DROP TABLE component",
	};

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char why[VT_EVIDENCE_WHY_MAX] = "";
		struct vt_survey *s = NULL;

		(void)unlink(path);
		save("cc00");
		change(changes[i]);
		if (vt_evidence_load(path, NULL, &s, why) != VT_EFORMAT)
			fail_msg("%s", changes[i]);
		assert_true(why[0]);
	}
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_runs_by_id),
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_hostile_tables),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
