/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a statement that one run makes. */
#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "report/statement_parts.h"

static void add(struct vt_sha256_stream *h, vt_span s)
{
	vt_sha256_add(h, s);
	vt_sha256_add(h, vt_span_of("", 1)); /* a NUL ends each */
}

static vt_err hex(struct vt_sha256_stream *h, char out[65])
{
	vt_buf b = VT_BUF_INIT(64);
	uint8_t digest[32];
	vt_err e;

	vt_sha256_finish(h, digest);
	e = vt_hex_add(&b, vt_span_of(digest, sizeof digest));
	if (!e) {
		memcpy(out, b.p, 64);
		out[64] = 0;
	}
	vt_buf_free(&b);
	return e;
}

vt_err vt_report_run_seal(struct vt_report_run *r)
{
	struct vt_sha256_stream h;

	if (!r->survey)
		return VT_OK;
	vt_sha256_start(&h);
	for (size_t i = 0; i < r->survey->ncomponents; i++) {
		const struct vt_component *c = &r->survey->components[i];
		const vt_span v[] = {c->locus, c->manager, c->name, c->version, c->arch, c->vendor,
			c->status, c->source, c->purl, c->cpe, c->license};

		for (size_t k = 0; k < VT_COUNT(v); k++)
			add(&h, v[k]);
	}
	r->ncomponents = r->survey->ncomponents;
	return hex(&h, r->components);
}

vt_err vt_observations_hash(const struct vt_survey *s, char out[65])
{
	struct vt_sha256_stream h;

	vt_sha256_start(&h);
	for (size_t i = 0; i < s->nobservations; i++) {
		const struct vt_observation *o = &s->observations[i];
		const vt_span v[] = {vt_span_str(vt_fact_word(o->kind)), o->rule, o->product,
			o->sha256, o->locus, o->raw};

		for (size_t k = 0; k < VT_COUNT(v); k++)
			add(&h, v[k]);
	}
	return hex(&h, out);
}

/* Flags are left out where they are false. */
static void flag(struct vt_json *j, const char *key, bool v)
{
	if (v)
		vt_json_bool(j, key, true);
}

static void coverage(struct vt_json *j, const struct vt_subject *s, enum vt_area a)
{
	const struct vt_coverage *c = &s->coverage[a];

	vt_json_open(j, vt_area_word(a), '{');
	vt_json_bool(j, "asked", s->asked[a]);
	vt_json_bool(j, "applies", vt_area_applies(s->kind, a));
	vt_json_str(j, "answer", vt_answer_word(s->answer[a]));
	vt_json_u64(j, "sources", c->sources);
	vt_json_u64(j, "broken", c->broken);
	vt_json_u64(j, "seen", c->seen);
	vt_json_u64(j, "read", c->read);
	vt_json_open(j, "missed", '{');
	for (unsigned m = 0; m < VT_MISSES; m++)
		if (c->misses[m])
			vt_json_u64(j, vt_miss_word((enum vt_miss)m), c->misses[m]);
	vt_json_close(j);
	vt_json_close(j);
}

static void subjects(struct vt_json *j, const struct vt_survey *s)
{
	vt_json_open(j, "scope", '[');
	for (size_t i = 0; i < s->nsubjects; i++) {
		const struct vt_subject *v = &s->subjects[i];

		vt_json_open(j, NULL, '{');
		vt_json_str(j, "kind", vt_subject_word(v->kind));
		vt_json_bytes(j, "name", v->name);
		vt_json_some(j, "sha256", v->sha256);
		vt_json_some(j, "platform", v->platform);
		if (v->parent != i)
			vt_json_u64(j, "parent", v->parent);
		flag(j, "hidden", v->hidden);
		vt_json_open(j, "coverage", '{');
		for (unsigned a = 0; a < VT_AREAS; a++)
			coverage(j, v, (enum vt_area)a);
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_json_close(j);
}

static void missed(struct vt_json *j, const struct vt_survey *s)
{
	vt_json_open(j, "missed", '[');
	for (size_t i = 0; i < s->nmissed; i++) {
		const struct vt_missed *m = &s->missed[i];

		vt_json_open(j, NULL, '{');
		vt_json_u64(j, "subject", m->subject);
		vt_json_str(j, "area", vt_area_word(m->area));
		vt_json_str(j, "why", vt_miss_word(m->why));
		vt_json_bytes(j, "locus", m->locus);
		vt_json_close(j);
	}
	vt_json_close(j);
}

static void observations(struct vt_json *j, const struct vt_survey *s)
{
	char all[65] = "";
	vt_err e = vt_observations_hash(s, all);

	if (e && !j->e)
		j->e = e;
	vt_json_open(j, "observations", '[');
	for (size_t i = 0; i < s->nobservations; i++) {
		const struct vt_observation *o = &s->observations[i];

		vt_json_open(j, NULL, '{');
		vt_json_u64(j, "id", o->id);
		vt_json_u64(j, "subject", o->subject);
		vt_json_str(j, "method", vt_fact_word(o->kind));
		vt_json_bytes(j, "locus", o->locus);
		vt_json_span(j, "rule", o->rule);
		vt_json_span(j, "product", o->product);
		vt_json_bytes(j, "raw", o->raw);
		vt_json_some(j, "sha256", o->sha256);
		vt_json_bytes(j, "repeat", o->repeat);
		flag(j, "decisive", o->decisive);
		flag(j, "embedded", o->embedded);
		flag(j, "memory", o->memory);
		flag(j, "hidden", o->hidden);
		vt_json_close(j);
	}
	vt_json_close(j);
	vt_json_str(j, "observationsSha256", all);
}

static void findings(struct vt_json *j, const struct vt_report_run *r)
{
	const struct vt_survey *s = r->survey;

	vt_json_open(j, "findings", '[');
	for (size_t i = 0; i < s->nfindings; i++) {
		const struct vt_finding *f = &s->findings[i];

		vt_json_open(j, NULL, '{');
		vt_json_span(j, "id", f->id);
		vt_json_span(j, "product", f->product);
		vt_json_u64(j, "subject", f->subject);
		vt_json_bytes(j, "place", f->place);
		vt_json_str(j, "confidence",
			f->confidence == VT_CONFIDENCE_CONFIRMED ? "confirmed" : "candidate");
		vt_json_str(j, "why", f->why);
		flag(j, "embedded", f->embedded);
		flag(j, "hidden", f->hidden);
		vt_json_open(j, "observations", '[');
		for (size_t k = 0; k < f->n; k++)
			vt_json_u64(j, NULL, s->observations[f->observations[k]].id);
		vt_json_close(j);
		vt_json_str(j, "standing", vt_standing_word(r->status.standings[i]));
		if (r->status.exceptions[i])
			vt_json_span(j, "exception", r->status.exceptions[i]->id);
		vt_json_close(j);
	}
	vt_json_close(j);
}

static void doubts(struct vt_json *j, const struct vt_status *v)
{
	vt_json_open(j, "doubts", '[');
	for (size_t i = 0; i < v->ndoubts; i++) {
		vt_json_open(j, NULL, '{');
		vt_json_u64(j, "subject", v->doubts[i].subject);
		vt_json_str(j, "area", vt_area_word(v->doubts[i].area));
		vt_json_span(j, "text", v->doubts[i].text);
		vt_json_close(j);
	}
	vt_json_close(j);
	vt_json_open(j, "notAssessable", '[');
	for (size_t i = 0; i < v->nunassessable; i++)
		vt_json_span(j, NULL, v->unassessable[i]->id);
	vt_json_close(j);
}

void vt_statement_run(struct vt_json *j, const char *key, const struct vt_report_run *r)
{
	const struct vt_survey *s = r->survey;

	if (!s) {
		vt_json_null(j, key);
		return;
	}
	vt_json_open(j, key, '{');
	vt_json_str(j, "shown", vt_shown_word(r->status.shown));
	vt_json_span(j, "sentence", r->status.sentence);
	vt_json_span(j, "id", s->id);
	vt_json_time(j, "started", s->started);
	vt_json_time(j, "ended", s->ended);
	vt_json_span(j, "tool", s->tool);
	vt_json_span(j, "machine", s->machine);
	vt_json_bytes(j, "host", s->host);
	vt_json_bytes(j, "user", s->user);
	vt_json_bytes(j, "command", s->command);
	vt_json_open(j, "content", '{');
	vt_json_span(j, "catalogue", s->catalogue_id);
	vt_json_span(j, "catalogueSha256", s->catalogue_sha256);
	vt_json_bytes(j, "cataloguePosition", s->catalogue_position);
	vt_json_span(j, "rulesSha256", s->rules_sha256);
	vt_json_close(j);
	subjects(j, s);
	missed(j, s);
	vt_json_open(j, "components", '{');
	vt_json_u64(j, "count", r->ncomponents);
	vt_json_str(j, "sha256", r->components);
	vt_json_close(j);
	observations(j, s);
	findings(j, r);
	doubts(j, &r->status);
	vt_json_close(j);
}
