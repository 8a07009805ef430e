/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/num.h"
#include "report/dsse.h"
#include "report/fake_survey.h"
#include "report/report.h"
#include "report/statement.h"

#define ENDED 1795000000 /* 2026-11-18 */

struct made {
	vt_arena a;
	struct vt_directive d;
	struct vt_catalogue c;
	struct vt_survey *s[2];
	struct vt_report_input in;
	vt_buf text;
};

static const struct fake_who who = {"0123456789abcdef0123456789abcdef", "host-1", "aa11", ENDED};
static const struct fake_who earlier = {
	"1123456789abcdef0123456789abcdef", "host-1", "aa11", ENDED - 86400};

static void judge(struct made *m, struct vt_report_run *r, struct vt_survey *s)
{
	r->survey = s;
	assert_int_equal(vt_judge_findings(s, &m->c), VT_OK);
	assert_int_equal(
		vt_judge_directive(s, &m->c, &m->d, vt_day_of_time(ENDED), &m->a, &r->status),
		VT_OK);
	assert_int_equal(vt_report_run_seal(r), VT_OK);
}

static struct made *make(enum fake_state state, bool before)
{
	struct made *m = calloc(1, sizeof *m);
	struct vt_doc_error why = {0};

	assert_non_null(m);
	m->a.max = (size_t)64 << 20;
	m->text.max = VT_REPORT_MAX;
	if (vt_directive_parse(vt_span_str(FAKE_DIRECTIVE), &m->a, &m->d, &why) ||
		vt_catalogue_parse(vt_span_str(FAKE_CATALOGUE), &m->a, &m->c, &why))
		fail_msg("%s: %s", why.where, why.cause);
	m->in = (struct vt_report_input){.directive = &m->d,
		.catalogue = &m->c,
		.on = vt_day_of_time(ENDED),
		.time = ENDED + 5,
		.challenge = vt_span_str("nonce-1"),
		.directive_position = vt_span_str("shipped")};
	m->s[0] = fake_survey(state, &who);
	judge(m, &m->in.run, m->s[0]);
	if (before) {
		m->s[1] = fake_survey(FAKE_FOUND, &earlier);
		judge(m, &m->in.before, m->s[1]);
	}
	assert_int_equal(vt_statement_write(&m->in, &m->text), VT_OK);
	return m;
}

static void drop(struct made *m)
{
	vt_survey_free(m->s[0]);
	vt_survey_free(m->s[1]);
	vt_buf_free(&m->text);
	vt_arena_free(&m->a);
	free(m);
}

static const struct {
	enum fake_state state;
	enum vt_shown shown;
} states[] = {
	{FAKE_ABSENT, VT_SHOWN_ABSENT},
	{FAKE_FOUND, VT_SHOWN_PRESENT},
	{FAKE_CANDIDATE, VT_SHOWN_NOT},
	{FAKE_UNKNOWN, VT_SHOWN_NOT},
	{FAKE_EMBEDDED, VT_SHOWN_ABSENT},
};

static void test_whoever_reads_it_judges_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < VT_COUNT(states); i++)
		for (int before = 0; before < 2; before++) {
			struct made *m = make(states[i].state, before != 0);
			struct vt_doc_error why = {0};
			struct vt_statement *s;
			size_t extra;

			if (vt_statement_read(vt_buf_span(&m->text), &s, &why))
				fail_msg("%s: %s", why.where, why.cause);
			if (vt_statement_derive(s, vt_buf_span(&m->text), &why))
				fail_msg("%s: %s", why.where, why.cause);
			assert_int_equal(s->in.run.status.shown, states[i].shown);
			assert_int_equal(s->in.before.survey != NULL, before);
			assert_int_equal(vt_statement_applies(s, &m->d, &extra, &why), VT_OK);
			assert_int_equal(extra, 0);
			vt_statement_free(s);
			drop(m);
		}
}

/* Replaces the first `from` of the statement. */
static void forge(vt_buf *b, const char *from, const char *to)
{
	vt_buf out = VT_BUF_INIT(VT_REPORT_MAX);
	size_t at, n = strlen(from);

	assert_true(vt_span_find(vt_buf_span(b), 0, from, n, &at));
	assert_int_equal(vt_buf_add(&out, b->p, at), VT_OK);
	assert_int_equal(vt_buf_add(&out, to, strlen(to)), VT_OK);
	assert_int_equal(vt_buf_add(&out, b->p + at + n, b->n - at - n), VT_OK);
	vt_buf_free(b);
	*b = out;
}

static vt_err check(const struct made *m)
{
	struct vt_doc_error why = {0};
	struct vt_statement *s;
	vt_err e = vt_statement_read(vt_buf_span(&m->text), &s, &why);

	if (e)
		return e;
	e = vt_statement_derive(s, vt_buf_span(&m->text), &why);
	vt_statement_free(s);
	if (e)
		assert_true(why.cause[0]);
	return e;
}

/* What somebody with the machine's key might want to sign. */
static void test_a_forged_verdict_is_refused(void **state)
{
	static const struct {
		enum fake_state state;
		const char *from, *to;
	} rows[] = {
		{FAKE_FOUND, "\"shown\":\"found\"", "\"shown\":\"absent\""},
		{FAKE_FOUND, "\"sentence\":\"1 copy of products",
			"\"sentence\":\"0 copy of products"},
		{FAKE_FOUND, "\"confidence\":\"confirmed\"", "\"confidence\":\"candidate\""},
		{FAKE_FOUND, "\"standing\":\"covered\"", "\"standing\":\"excepted\""},
		{FAKE_FOUND, "\"covered\":true", "\"covered\":false"},
		{FAKE_FOUND, "\"method\":\"unit\"", "\"method\":\"package\""},
		{FAKE_UNKNOWN, "\"shown\":\"not shown\"", "\"shown\":\"absent\""},
		{FAKE_UNKNOWN, "\"sources\":0", "\"sources\":1"},
		{FAKE_UNKNOWN, "\"doubts\":[{", "\"doubts\":[],\"was\":[{"},
		{FAKE_UNKNOWN, "\"mount-not-entered\":2", "\"vanished\":2"},
		{FAKE_ABSENT, "\"read\":249999", "\"read\":250000,\"why\":1"},
		{FAKE_ABSENT, "\"asked\":true", "\"asked\":false"},
		{FAKE_ABSENT, "host-1, image", "host-2, image"},
		{FAKE_ABSENT, "\"observationsSha256\":\"", "\"observationsSha256\":\"0"},
		{FAKE_ABSENT, "\"predicate\":{", "\"predicate\":{\"note\":\"all is well\","},
		{FAKE_ABSENT, "\"issued\":\"2026", "\"issued\":\"2025"},
		{FAKE_ABSENT, "\"name\":\"system:host-1\"", "\"name\":\"system:host-2\""},
	};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		struct made *m = make(rows[i].state, false);

		assert_int_equal(check(m), VT_OK);
		forge(&m->text, rows[i].from, rows[i].to);
		if (check(m) == VT_OK)
			fail_msg("%s to %s was not noticed", rows[i].from, rows[i].to);
		drop(m);
	}
}

static void test_before_must_come_before_and_be_of_this_machine(void **state)
{
	struct made *m = make(FAKE_ABSENT, true);

	(void)state;
	assert_int_equal(check(m), VT_OK);
	m->s[1]->ended = ENDED + 1;
	m->in.time = ENDED + 60;
	vt_buf_clear(&m->text);
	judge(m, &m->in.before, m->s[1]);
	assert_int_equal(vt_statement_write(&m->in, &m->text), VT_OK);
	assert_int_equal(check(m), VT_ECHECKSUM);
	m->s[1]->ended = ENDED - 86400;
	m->s[1]->machine = vt_span_str("bb22");
	vt_buf_clear(&m->text);
	judge(m, &m->in.before, m->s[1]);
	assert_int_equal(vt_statement_write(&m->in, &m->text), VT_OK);
	assert_int_equal(check(m), VT_ECHECKSUM);
	drop(m);
}

static void test_another_directive_is_refused(void **state)
{
	struct made *m = make(FAKE_ABSENT, false);
	struct vt_doc_error why = {0};
	struct vt_directive d = m->d;
	struct vt_statement *s;
	size_t extra;

	(void)state;
	assert_int_equal(vt_statement_read(vt_buf_span(&m->text), &s, &why), VT_OK);
	d.id = vt_span_str("other");
	assert_int_equal(vt_statement_applies(s, &d, &extra, &why), VT_ECHECKSUM);
	d = m->d;
	d.sha256 = vt_span_str("00");
	assert_int_equal(vt_statement_applies(s, &d, &extra, &why), VT_ECHECKSUM);
	d = m->d;
	d.threshold = 10000;
	assert_int_equal(vt_statement_applies(s, &d, &extra, &why), VT_ECHECKSUM);
	d = m->d;
	d.required[VT_AREA_TRUST] = true;
	assert_int_equal(vt_statement_applies(s, &d, &extra, &why), VT_ECHECKSUM);
	d = m->d;
	d.embedded = true;
	assert_int_equal(vt_statement_applies(s, &d, &extra, &why), VT_ECHECKSUM);
	d = m->d;
	d.exclusions = (struct vt_strings_of){0};
	d.ncovered = 0;
	assert_int_equal(vt_statement_applies(s, &d, &extra, &why), VT_ECHECKSUM);
	vt_statement_free(s);
	drop(m);
}

static void test_reports_are_the_same_each_time(void **state)
{
	static vt_report_fn *const forms[] = {vt_report_csv, vt_report_cyclonedx, vt_report_html,
		vt_report_oscal, vt_report_oscal_poam, vt_report_text};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(states); i++) {
		struct made *m = make(states[i].state, true);

		for (size_t k = 0; k < VT_COUNT(forms); k++) {
			vt_buf a = VT_BUF_INIT(VT_REPORT_MAX), b = VT_BUF_INIT(VT_REPORT_MAX);

			assert_int_equal(forms[k](&m->in, &a), VT_OK);
			assert_int_equal(forms[k](&m->in, &b), VT_OK);
			assert_true(vt_span_eq(vt_buf_span(&a), vt_buf_span(&b)));
			vt_buf_free(&a);
			vt_buf_free(&b);
		}
		drop(m);
	}
}

/* The protocol's own example: "DSSEv1 29 http://example.com/HelloWorld 11 hello world". */
static void test_the_encoding_of_dsse(void **state)
{
	static const char want[] = "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
	vt_buf b = VT_BUF_INIT(200);

	(void)state;
	assert_int_equal(vt_dsse_encode(vt_span_str("http://example.com/HelloWorld"),
				 vt_span_str("hello world"), &b),
		VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str(want)));
	vt_buf_free(&b);
}

static void test_envelopes(void **state)
{
	static const uint8_t one[VT_SEED_SIZE] = {1}, two[VT_SEED_SIZE] = {2};
	struct vt_dsse d = {.type = vt_span_str("t"), .payload = vt_span_str("\xff?>~pay")}, r;
	uint8_t pub[VT_PUBLIC_SIZE];
	vt_buf b = VT_BUF_INIT(4096);
	vt_arena a = VT_ARENA_INIT(1 << 20);
	size_t at;

	(void)state;
	assert_int_equal(vt_sign_init(), VT_OK);
	assert_int_equal(vt_dsse_sign(&d, vt_span_str("one"), one), VT_OK);
	assert_int_equal(vt_dsse_sign(&d, vt_span_str("two"), two), VT_OK);
	assert_int_equal(vt_dsse_write(&d, &b), VT_OK);
	assert_int_equal(vt_dsse_read(vt_buf_span(&b), &a, &r), VT_OK);
	assert_true(vt_span_eq(r.payload, d.payload));
	assert_int_equal(r.n, 2);
	vt_sign_public(two, pub);
	assert_true(vt_dsse_verify(&r, pub, &at));
	assert_int_equal(at, 1);
	pub[0] ^= 1;
	assert_false(vt_dsse_verify(&r, pub, &at));
	/* the payload is bound to its type */
	vt_sign_public(one, pub);
	r.type = vt_span_str("u");
	assert_false(vt_dsse_verify(&r, pub, NULL));
	vt_buf_free(&b);
	vt_arena_free(&a);
}

static void test_both_alphabets(void **state)
{
	static const char *const rows[] = {
		"{\"payloadType\":\"t\",\"payload\":\"/"
		"z8-fg==\",\"signatures\":[{\"sig\":\"AA==\"}]}",
		"{\"payloadType\":\"t\",\"payload\":\"_z8-fg\",\"signatures\":[{\"sig\":\"AA\"}],"
		"\"x\":1}",
		"{\"payloadType\":\"t\",\"payload\":\"/"
		"z8+fg==\",\"signatures\":[{\"keyid\":null,\"sig\":\"\"}]}",
	};
	static const char *const bad[] = {"", "[]", "{}",
		"{\"payloadType\":\"t\",\"payload\":\"/z8+fg==\",\"signatures\":[]}",
		"{\"payloadType\":\"t\",\"payload\":\"*\",\"signatures\":[{\"sig\":\"\"}]}",
		"{\"payloadType\":1,\"payload\":\"\",\"signatures\":[{\"sig\":\"\"}]}",
		"{\"payloadType\":\"t\",\"payload\":\"\",\"payload\":\"\",\"signatures\":[{\"sig\":"
		"\"\"}]}",
		"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"keyid\":1,\"sig\":\"\"}"
		"]}"};
	vt_arena a = VT_ARENA_INIT(1 << 20);
	struct vt_dsse d;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		assert_int_equal(vt_dsse_read(vt_span_str(rows[i]), &a, &d), VT_OK);
		assert_true(vt_span_eq(d.payload, vt_span_str("\xff?>~")));
		assert_int_equal(d.n, 0);
	}
	for (size_t i = 0; i < VT_COUNT(bad); i++)
		assert_int_equal(vt_dsse_read(vt_span_str(bad[i]), &a, &d), VT_EFORMAT);
	vt_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whoever_reads_it_judges_the_same),
		cmocka_unit_test(test_a_forged_verdict_is_refused),
		cmocka_unit_test(test_before_must_come_before_and_be_of_this_machine),
		cmocka_unit_test(test_another_directive_is_refused),
		cmocka_unit_test(test_reports_are_the_same_each_time),
		cmocka_unit_test(test_the_encoding_of_dsse),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_both_alphabets),
	};

	json_object_seed(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
