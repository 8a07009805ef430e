/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CycloneDX attestations: the directive as a standard with its actions as requirements, the
 * sentence as a claim about each subject, coverage and findings as evidence for and against it.
 */
#include <inttypes.h>

#include "report/common.h"
#include "report/cyclonedx.h"

/* A person: everything that is not shown is not claimed. */
static const char *predicate(enum vt_shown s)
{
	switch (s) {
	case VT_SHOWN_ABSENT: return "No covered product is present";
	case VT_SHOWN_PRESENT: return "Covered products are present";
	case VT_SHOWN_NOT: break;
	}
	return "It is not shown whether covered products are present";
}

static void data(struct vt_json *j, const char *name, vt_span content)
{
	vt_json_open(j, "data", '[');
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "name", name);
	vt_json_open(j, "contents", '{');
	vt_json_open(j, "attachment", '{');
	vt_json_str(j, "contentType", "text/plain");
	vt_json_span(j, "content", content);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
}

static void coverage_evidence(struct vt_json *j, const struct vt_report_input *in, uint32_t i)
{
	const struct vt_survey *s = in->run.survey;
	const struct vt_subject *v = &s->subjects[i];

	for (unsigned a = 0; a < VT_AREAS; a++) {
		vt_buf text = VT_BUF_INIT(4096);
		vt_err e;

		if (!vt_area_applies(v->kind, (enum vt_area)a))
			continue;
		e = vt_report_coverage_text(v, (enum vt_area)a, &text);
		vt_json_open(j, NULL, '{');
		vt_json_textf(j, "bom-ref", "coverage-%u-%s", i + 1, vt_area_word((enum vt_area)a));
		vt_json_textf(
			j, "propertyName", "vitrine:coverage:%s", vt_area_word((enum vt_area)a));
		vt_json_textf(j, "description", "%s: %s", vt_report_area_meaning((enum vt_area)a),
			vt_answer_word(v->answer[a]));
		data(j, "coverage", vt_buf_span(&text));
		vt_json_time(j, "created", s->ended);
		vt_json_close(j);
		if (e && !j->e)
			j->e = e;
		vt_buf_free(&text);
	}
}

static void doubt_evidence(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_status *v = &in->run.status;

	for (size_t i = 0; i < v->ndoubts; i++) {
		vt_json_open(j, NULL, '{');
		vt_json_textf(j, "bom-ref", "doubt-%zu", i + 1);
		vt_json_str(j, "propertyName", "vitrine:doubt");
		vt_json_span(j, "description", v->doubts[i].text);
		vt_json_time(j, "created", in->run.survey->ended);
		vt_json_close(j);
	}
}

static void finding_evidence(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	for (size_t i = 0; i < s->nfindings; i++) {
		const struct vt_finding *f = &s->findings[i];
		vt_buf text = VT_BUF_INIT((size_t)16 << 20);
		vt_err e = VT_OK;

		for (size_t k = 0; k < f->n && !e; k++) {
			const struct vt_observation *o = &s->observations[f->observations[k]];

			e = vt_buf_addf(&text, "%s ", vt_fact_word(o->kind));
			if (!e)
				e = vt_buf_add(&text, o->locus.p, o->locus.n);
			if (!e)
				e = vt_buf_addf(&text, " sha256=");
			if (!e)
				e = vt_buf_add(&text, o->sha256.p, o->sha256.n);
			if (!e)
				e = vt_buf_add_u8(&text, '\n');
		}
		vt_json_open(j, NULL, '{');
		vt_json_textf(j, "bom-ref", "finding-%zu", i + 1);
		vt_json_str(j, "propertyName", "vitrine:finding");
		vt_json_textf(j, "description", "%.*s: %s (%s)", (int)f->product.n,
			(const char *)f->product.p, f->why,
			vt_standing_word(in->run.status.standings[i]));
		data(j, "observations", vt_buf_span(&text));
		vt_json_time(j, "created", s->ended);
		vt_json_close(j);
		if (e && !j->e)
			j->e = e;
		vt_buf_free(&text);
	}
}

/* Evidence of the subject that speaks for (or against) "no covered product is present". */
static void refs(struct vt_json *j, const struct vt_report_input *in, uint32_t i, bool against)
{
	const struct vt_survey *s = in->run.survey;
	const struct vt_status *v = &in->run.status;
	bool absent = v->shown != VT_SHOWN_PRESENT;

	for (unsigned a = 0; a < VT_AREAS; a++)
		if (!against && vt_area_applies(s->subjects[i].kind, (enum vt_area)a))
			vt_json_textf(
				j, NULL, "coverage-%u-%s", i + 1, vt_area_word((enum vt_area)a));
	for (size_t k = 0; k < v->ndoubts; k++)
		if (against && v->doubts[k].subject == i)
			vt_json_textf(j, NULL, "doubt-%zu", k + 1);
	for (size_t k = 0; k < s->nfindings; k++)
		if (s->findings[k].subject == i && vt_report_counts(v->standings[k]) &&
			against == absent)
			vt_json_textf(j, NULL, "finding-%zu", k + 1);
}

static void claims(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	vt_json_open(j, "claims", '[');
	for (uint32_t i = 0; i < s->nsubjects; i++) {
		vt_json_open(j, NULL, '{');
		vt_json_textf(j, "bom-ref", "claim-%u", i + 1);
		vt_json_textf(j, "target", "target-%u", i + 1);
		vt_json_str(j, "predicate", predicate(in->run.status.shown));
		vt_json_span(j, "reasoning", in->run.status.sentence);
		vt_json_open(j, "evidence", '[');
		refs(j, in, i, false);
		vt_json_close(j);
		vt_json_open(j, "counterEvidence", '[');
		refs(j, in, i, true);
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_json_close(j);
}

static void targets(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	vt_json_open(j, "targets", '{');
	vt_json_open(j, "components", '[');
	for (uint32_t i = 0; i < s->nsubjects; i++) {
		const struct vt_subject *v = &s->subjects[i];

		vt_json_open(j, NULL, '{');
		vt_json_str(j, "type",
			v->kind == VT_SUBJECT_IMAGE || v->kind == VT_SUBJECT_LAYER
				? "container"
				: "operating-system");
		vt_json_textf(j, "bom-ref", "target-%u", i + 1);
		vt_json_span(j, "name", v->name);
		vt_json_str(j, "description", vt_subject_word(v->kind));
		if (v->sha256.n == 64) {
			vt_json_open(j, "hashes", '[');
			vt_json_open(j, NULL, '{');
			vt_json_str(j, "alg", "SHA-256");
			vt_json_span(j, "content", v->sha256);
			vt_json_close(j);
			vt_json_close(j);
		}
		vt_json_close(j);
	}
	vt_json_close(j);
	vt_json_close(j);
}

static void attestations(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_directive *d = in->directive;
	enum vt_shown shown = in->run.status.shown;

	vt_json_open(j, "attestations", '[');
	vt_json_open(j, NULL, '{');
	vt_json_span(j, "summary", in->run.status.sentence);
	vt_json_str(j, "assessor", "assessor");
	vt_json_open(j, "map", '[');
	for (size_t i = 0; i < d->nactions; i++) {
		enum vt_verb v = d->actions[i].verb;

		/* plans and reports are not shown by looking at a machine */
		if (v != VT_VERB_IDENTIFY && v != VT_VERB_REMOVE)
			continue;
		vt_json_open(j, NULL, '{');
		vt_json_textf(j, "requirement", "requirement-%zu", i + 1);
		vt_json_open(j, "claims", '[');
		for (size_t k = 0; k < in->run.survey->nsubjects; k++)
			vt_json_textf(j, NULL, "claim-%zu", k + 1);
		vt_json_close(j);
		vt_json_open(j, "conformance", '{');
		vt_json_u64(j, "score",
			shown == VT_SHOWN_ABSENT ||
				(v == VT_VERB_IDENTIFY && shown == VT_SHOWN_PRESENT));
		vt_json_span(j, "rationale", in->run.status.sentence);
		vt_json_close(j);
		vt_json_open(j, "confidence", '{');
		vt_json_u64(j, "score", shown != VT_SHOWN_NOT);
		vt_json_textf(j, "rationale", "%zu reason%s why it is not shown",
			in->run.status.ndoubts, in->run.status.ndoubts == 1 ? "" : "s");
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
}

static void standard(struct vt_json *j, const struct vt_directive *d)
{
	vt_json_open(j, "definitions", '{');
	vt_json_open(j, "standards", '[');
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "bom-ref", "directive");
	vt_json_span(j, "name", d->title);
	vt_json_span(j, "version", d->version);
	vt_json_textf(j, "description", "%.*s, SHA-256 of the document %.*s", (int)d->id.n,
		(const char *)d->id.p, (int)d->sha256.n, (const char *)d->sha256.p);
	vt_json_span(j, "owner", d->issuer);
	vt_json_open(j, "requirements", '[');
	for (size_t i = 0; i < d->nactions; i++) {
		vt_json_open(j, NULL, '{');
		vt_json_textf(j, "bom-ref", "requirement-%zu", i + 1);
		vt_json_span(j, "identifier", d->actions[i].id);
		vt_json_str(j, "title", vt_verb_word(d->actions[i].verb));
		vt_json_span(j, "text", d->actions[i].text);
		vt_json_close(j);
	}
	vt_json_close(j);
	if (d->source_url.n) {
		vt_json_open(j, "externalReferences", '[');
		vt_json_open(j, NULL, '{');
		vt_json_str(j, "type", "documentation");
		vt_json_span(j, "url", d->source_url);
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
}

void vt_cyclonedx_declare(struct vt_json *j, const struct vt_report_input *in)
{
	vt_span who = in->organisation.n ? in->organisation : in->run.survey->host;

	vt_json_open(j, "declarations", '{');
	vt_json_open(j, "assessors", '[');
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "bom-ref", "assessor");
	vt_json_bool(j, "thirdParty", false);
	vt_json_open(j, "organization", '{');
	vt_json_span(j, "name", who);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
	attestations(j, in);
	claims(j, in);
	vt_json_open(j, "evidence", '[');
	for (uint32_t i = 0; i < in->run.survey->nsubjects; i++)
		coverage_evidence(j, in, i);
	doubt_evidence(j, in);
	finding_evidence(j, in);
	vt_json_close(j);
	targets(j, in);
	vt_json_open(j, "affirmation", '{');
	vt_json_span(j, "statement", in->run.status.sentence);
	vt_json_close(j);
	vt_json_close(j);
	standard(j, in->directive);
}
