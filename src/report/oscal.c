/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCAL assessment results (NIST, pages.nist.gov/OSCAL): each area of each subject is an
 * observation by EXAMINE or TEST, each action that a machine can show is an objective with a
 * finding. There are two states only: what is not shown is not satisfied, and its reason says that
 * it is not shown.
 */
#include "report/oscal.h"

#include <stdio.h>

#include "base/num.h"
#include "report/report.h"

void vt_oscal_uuid(struct vt_json *j, const char *key, const struct vt_report_input *in,
	const char *what, uint64_t number)
{
	char digits[24], uuid[VT_UUID_SIZE];
	vt_span words[6] = {vt_span_str("oscal"), in->run.survey->id, in->directive->id,
		in->directive->sha256, vt_span_str(what)};

	(void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
	words[5] = vt_span_str(digits);
	vt_json_str(j, key, vt_report_uuid(words, VT_COUNT(words), uuid));
}

void vt_oscal_token(struct vt_json *j, const char *key, const char *prefix, vt_span s)
{
	vt_buf b = VT_BUF_INIT(4096);
	vt_err e = vt_buf_addf(&b, "%s", prefix);

	for (size_t i = 0; i < s.n && i < 200 && !e; i++) {
		uint8_t c = s.p[i];
		bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';

		e = vt_buf_add_u8(&b, ok ? c : '_');
	}
	vt_json_span(j, key, vt_buf_span(&b));
	if (e && !j->e)
		j->e = e;
	vt_buf_free(&b);
}

void vt_oscal_prop(struct vt_json *j, const char *name, vt_span value)
{
	if (!value.n)
		return;
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "name", name);
	vt_json_str(j, "ns", "urn:vitrine:oscal");
	vt_json_span(j, "value", value);
	vt_json_close(j);
}

void vt_oscal_metadata(struct vt_json *j, const struct vt_report_input *in, const char *title)
{
	const struct vt_survey *s = in->run.survey;

	vt_json_open(j, "metadata", '{');
	vt_json_textf(j, "title", "%s: %.*s", title, (int)in->directive->title.n,
		(const char *)in->directive->title.p);
	vt_json_time(j, "last-modified", in->time);
	vt_json_span(j, "version", s->id);
	vt_json_str(j, "oscal-version", VT_OSCAL_VERSION);
	vt_json_open(j, "props", '[');
	vt_oscal_prop(j, "directive", in->directive->id);
	vt_oscal_prop(j, "directive-version", in->directive->version);
	vt_oscal_prop(j, "directive-sha256", in->directive->sha256);
	vt_oscal_prop(j, "catalogue", s->catalogue_id);
	vt_oscal_prop(j, "catalogue-sha256", s->catalogue_sha256);
	vt_oscal_prop(j, "tool", s->tool);
	vt_json_close(j);
	vt_json_close(j);
}

void vt_oscal_items(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	vt_json_open(j, "local-definitions", '{');
	vt_json_open(j, "inventory-items", '[');
	for (size_t i = 0; i < s->nsubjects; i++) {
		vt_json_open(j, NULL, '{');
		vt_oscal_uuid(j, "uuid", in, "subject", i);
		vt_json_textf(j, "description", "%s %.*s", vt_subject_word(s->subjects[i].kind),
			(int)vt_min_size(s->subjects[i].name.n, 1000),
			(const char *)s->subjects[i].name.p);
		vt_json_close(j);
	}
	vt_json_close(j);
	vt_json_close(j);
}

static void subject(struct vt_json *j, const struct vt_report_input *in, uint32_t i)
{
	vt_json_open(j, "subjects", '[');
	vt_json_open(j, NULL, '{');
	vt_oscal_uuid(j, "subject-uuid", in, "subject", i);
	vt_json_str(j, "type", "inventory-item");
	vt_json_close(j);
	vt_json_close(j);
}

static void area(struct vt_json *j, const struct vt_report_input *in, uint32_t i, enum vt_area a)
{
	const struct vt_subject *v = &in->run.survey->subjects[i];
	bool live = a == VT_AREA_PROCESSES || a == VT_AREA_NETWORK;
	vt_buf text = VT_BUF_INIT(4096);
	vt_err e = vt_report_coverage_text(v, a, &text);

	vt_json_open(j, NULL, '{');
	vt_oscal_uuid(j, "uuid", in, "area", (uint64_t)i * VT_AREAS + a);
	vt_json_textf(j, "title", "%s: %s", vt_area_word(a), vt_answer_word(v->answer[a]));
	vt_json_textf(j, "description", "%s: %.*s", vt_report_area_meaning(a), (int)text.n,
		(const char *)text.p);
	vt_json_open(j, "props", '[');
	vt_oscal_prop(j, "answer", vt_span_str(vt_answer_word(v->answer[a])));
	vt_oscal_prop(j, "coverage", vt_span_str(vt_aggregate_word(vt_report_aggregate(v, a))));
	vt_json_close(j);
	vt_json_open(j, "methods", '[');
	vt_json_str(j, NULL, live ? "TEST" : "EXAMINE");
	vt_json_close(j);
	subject(j, in, i);
	vt_json_time(j, "collected", in->run.survey->ended);
	vt_json_close(j);
	if (e && !j->e)
		j->e = e;
	vt_buf_free(&text);
}

static void finding_evidence(
	struct vt_json *j, const struct vt_survey *s, const struct vt_finding *f)
{
	vt_json_open(j, "relevant-evidence", '[');
	for (size_t i = 0; i < f->n; i++) {
		const struct vt_observation *o = &s->observations[f->observations[i]];

		vt_json_open(j, NULL, '{');
		vt_json_span(j, "description", o->locus.n ? o->locus : vt_span_str("(system)"));
		vt_json_open(j, "props", '[');
		vt_oscal_prop(j, "method", vt_span_str(vt_fact_word(o->kind)));
		vt_oscal_prop(j, "rule", o->rule);
		vt_oscal_prop(j, "sha256", o->sha256);
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_json_close(j);
}

static void found(struct vt_json *j, const struct vt_report_input *in, size_t i)
{
	const struct vt_survey *s = in->run.survey;
	const struct vt_finding *f = &s->findings[i];
	vt_span name = vt_report_product_name(in, f->product);

	vt_json_open(j, NULL, '{');
	vt_oscal_uuid(j, "uuid", in, "finding", i);
	vt_json_textf(j, "title", "%.*s %.*s", (int)f->id.n, (const char *)f->id.p, (int)name.n,
		(const char *)name.p);
	vt_json_textf(j, "description", "%s: %s",
		f->confidence == VT_CONFIDENCE_CONFIRMED ? "confirmed" : "candidate", f->why);
	vt_json_open(j, "props", '[');
	vt_oscal_prop(j, "product", f->product);
	vt_oscal_prop(j, "place", f->place);
	vt_oscal_prop(j, "standing", vt_span_str(vt_standing_word(in->run.status.standings[i])));
	vt_json_close(j);
	vt_json_open(j, "methods", '[');
	vt_json_str(j, NULL, "EXAMINE");
	vt_json_close(j);
	subject(j, in, f->subject);
	if (f->n)
		finding_evidence(j, s, f);
	vt_json_time(j, "collected", s->ended);
	vt_json_close(j);
}

void vt_oscal_observations(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	vt_json_open(j, "observations", '[');
	for (uint32_t i = 0; i < s->nsubjects; i++)
		for (unsigned a = 0; a < VT_AREAS; a++)
			if (vt_area_applies(s->subjects[i].kind, (enum vt_area)a))
				area(j, in, i, (enum vt_area)a);
	for (size_t i = 0; i < s->nfindings; i++)
		found(j, in, i);
	vt_json_close(j);
}

static void related(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	vt_json_open(j, "related-observations", '[');
	for (uint32_t i = 0; i < s->nsubjects; i++)
		for (unsigned a = 0; a < VT_AREAS; a++) {
			if (!vt_area_applies(s->subjects[i].kind, (enum vt_area)a))
				continue;
			vt_json_open(j, NULL, '{');
			vt_oscal_uuid(
				j, "observation-uuid", in, "area", (uint64_t)i * VT_AREAS + a);
			vt_json_close(j);
		}
	for (size_t i = 0; i < s->nfindings; i++) {
		if (!vt_report_counts(in->run.status.standings[i]))
			continue;
		vt_json_open(j, NULL, '{');
		vt_oscal_uuid(j, "observation-uuid", in, "finding", i);
		vt_json_close(j);
	}
	vt_json_close(j);
}

/* Has what the action asks for been shown by looking? */
static bool is_satisfied(enum vt_verb v, enum vt_shown shown)
{
	if (v == VT_VERB_IDENTIFY)
		return shown != VT_SHOWN_NOT;
	return shown == VT_SHOWN_ABSENT;
}

static void objective(struct vt_json *j, const struct vt_report_input *in, size_t i)
{
	const struct vt_action *a = &in->directive->actions[i];
	enum vt_shown shown = in->run.status.shown;

	vt_json_open(j, NULL, '{');
	vt_oscal_uuid(j, "uuid", in, "objective", i);
	vt_json_textf(j, "title", "%s: %s", vt_verb_word(a->verb), vt_shown_word(shown));
	vt_json_span(j, "description", a->text);
	vt_json_open(j, "target", '{');
	vt_json_str(j, "type", "objective-id");
	vt_oscal_token(j, "target-id", "directive_", a->id);
	vt_json_open(j, "status", '{');
	vt_json_str(j, "state", is_satisfied(a->verb, shown) ? "satisfied" : "not-satisfied");
	vt_json_str(j, "reason",
		shown == VT_SHOWN_NOT                  ? "other"
			: is_satisfied(a->verb, shown) ? "pass"
						       : "fail");
	vt_json_textf(j, "remarks", "%s%.*s",
		shown == VT_SHOWN_NOT ? "Unknown, which OSCAL has no state for: " : "",
		(int)in->run.status.sentence.n, (const char *)in->run.status.sentence.p);
	vt_json_close(j);
	vt_json_close(j);
	related(j, in);
	vt_json_close(j);
}

static void findings(struct vt_json *j, const struct vt_report_input *in)
{
	bool any = false;

	for (size_t i = 0; i < in->directive->nactions; i++) {
		enum vt_verb v = in->directive->actions[i].verb;

		if (v != VT_VERB_IDENTIFY && v != VT_VERB_REMOVE)
			continue;
		if (!any)
			vt_json_open(j, "findings", '[');
		any = true;
		objective(j, in, i);
	}
	if (any)
		vt_json_close(j);
}

vt_err vt_report_oscal(const struct vt_report_input *in, vt_buf *out)
{
	struct vt_json j = {.b = out, .pretty = true};
	size_t n = out->n;

	vt_json_open(&j, NULL, '{');
	vt_json_open(&j, "assessment-results", '{');
	vt_oscal_uuid(&j, "uuid", in, "assessment-results", 0);
	vt_oscal_metadata(&j, in, "Assessment results");
	vt_json_open(&j, "import-ap", '{');
	vt_json_str(&j, "href", "#");
	vt_json_str(&j, "remarks",
		"There is no assessment plan: the directive says what to look for, the run how");
	vt_json_close(&j);
	vt_json_open(&j, "results", '[');
	vt_json_open(&j, NULL, '{');
	vt_oscal_uuid(&j, "uuid", in, "result", 0);
	vt_json_textf(&j, "title", "%.*s on %.*s", (int)in->directive->id.n,
		(const char *)in->directive->id.p, (int)in->run.survey->host.n,
		(const char *)in->run.survey->host.p);
	vt_json_span(&j, "description", in->run.status.sentence);
	vt_json_time(&j, "start", in->run.survey->started);
	vt_json_time(&j, "end", in->run.survey->ended);
	vt_oscal_items(&j, in);
	vt_json_open(&j, "reviewed-controls", '{');
	vt_json_open(&j, "control-selections", '[');
	vt_json_open(&j, NULL, '{');
	vt_json_open(&j, "include-all", '{');
	vt_json_close(&j);
	vt_json_close(&j);
	vt_json_close(&j);
	vt_json_close(&j);
	vt_oscal_observations(&j, in);
	findings(&j, in);
	vt_json_close(&j);
	vt_json_close(&j);
	vt_json_close(&j);
	vt_json_close(&j);
	if (j.e)
		out->n = n;
	return j.e;
}
