/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CycloneDX 1.6 JSON (ECMA-424): the components that package managers know, and products that were
 * found; how complete that is (compositions). What is declared of the directive is in
 * cyclonedx_declare.c.
 */
#include "report/cyclonedx.h"

#include "base/num.h"
#include "inventory/name/cpe.h"
#include "inventory/name/purl.h"
#include "report/common.h"
#include "report/report.h"

/* How each kind of observation is made, in the words of the schema. */
const char *vt_cyclonedx_technique(enum vt_fact_kind k)
{
	static const char *const words[VT_FACT_KINDS] = {
		[VT_FACT_PACKAGE] = "manifest-analysis",
		[VT_FACT_FILE] = "filename",
		[VT_FACT_FOLDER] = "filename",
		[VT_FACT_EXECUTABLE] = "binary-analysis",
		[VT_FACT_CONTENT] = "binary-analysis",
		[VT_FACT_PROCESS] = "dynamic-analysis",
		[VT_FACT_UNIT] = "manifest-analysis",
		[VT_FACT_MODULE] = "binary-analysis",
		[VT_FACT_REGISTRY] = "manifest-analysis",
	};

	return (unsigned)k < VT_FACT_KINDS && words[k] ? words[k] : "other";
}

static void property(struct vt_json *j, const char *name, vt_span value)
{
	if (!value.n)
		return;
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "name", name);
	vt_json_span(j, "value", value);
	vt_json_close(j);
}

static bool is_library(vt_span manager)
{
	static const char *const words[] = {"npm", "pypi", "maven"};

	for (size_t i = 0; i < VT_COUNT(words); i++)
		if (vt_span_eq(manager, vt_span_str(words[i])))
			return true;
	return false;
}

static const char *subject_type(enum vt_subject_kind k)
{
	return k == VT_SUBJECT_IMAGE || k == VT_SUBJECT_LAYER ? "container" : "operating-system";
}

static void put_purl(struct vt_json *j, const struct vt_component *c)
{
	vt_buf b = VT_BUF_INIT(VT_PURL_MAX);
	vt_err e = vt_purl_of_component(c, vt_span_str(""), &b);

	if (!e)
		vt_json_span(j, "purl", vt_buf_span(&b));
	else if (e == VT_ENOMEM)
		j->e = j->e ? j->e : e;
	vt_buf_free(&b);
}

/* Only names that are names: patterns stand for sets. */
void vt_cyclonedx_cpe(struct vt_json *j, vt_span text)
{
	vt_buf b = VT_BUF_INIT(3 * VT_CPE_MAX);
	struct vt_cpe c;
	bool wild = text.n == 0 || vt_cpe_parse(text, &c);

	for (unsigned a = 0; a < VT_CPE_ATTRS && !wild; a++)
		wild = c.v[a].before || c.v[a].after;
	if (!wild && !vt_cpe_write(&c, &b))
		vt_json_span(j, "cpe", vt_buf_span(&b));
	vt_buf_free(&b);
}

static void component_evidence(struct vt_json *j, const struct vt_component *c)
{
	vt_json_open(j, "evidence", '{');
	vt_json_open(j, "identity", '[');
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "field", "name");
	vt_json_u64(j, "confidence", 1);
	vt_json_open(j, "methods", '[');
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "technique", "manifest-analysis");
	vt_json_u64(j, "confidence", 1);
	vt_json_span(j, "value", c->locus);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_open(j, "occurrences", '[');
	vt_json_open(j, NULL, '{');
	vt_json_span(j, "location", c->locus);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
}

static void component(struct vt_json *j, const struct vt_component *c, size_t i)
{
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "type", is_library(c->manager) ? "library" : "application");
	vt_json_textf(j, "bom-ref", "component-%zu", i + 1);
	vt_json_some(j, "publisher", c->vendor);
	vt_json_span(j, "name", c->name);
	vt_json_some(j, "version", c->version);
	/* what is left of a removed package is no part of the system any more */
	if (!c->installed)
		vt_json_str(j, "scope", "excluded");
	if (c->license.n) {
		vt_json_open(j, "licenses", '[');
		vt_json_open(j, NULL, '{');
		vt_json_open(j, "license", '{');
		vt_json_span(j, "name", c->license);
		vt_json_close(j);
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_cyclonedx_cpe(j, c->cpe);
	put_purl(j, c);
	component_evidence(j, c);
	vt_json_open(j, "properties", '[');
	property(j, "vitrine:manager", c->manager);
	property(j, "vitrine:status", c->status);
	property(j, "vitrine:source", c->source);
	property(j, "vitrine:arch", c->arch);
	vt_json_close(j);
	vt_json_close(j);
}

static void finding_methods(
	struct vt_json *j, const struct vt_survey *s, const struct vt_finding *f)
{
	vt_json_open(j, "methods", '[');
	for (size_t i = 0; i < f->n; i++) {
		const struct vt_observation *o = &s->observations[f->observations[i]];

		vt_json_open(j, NULL, '{');
		vt_json_str(j, "technique", vt_cyclonedx_technique(o->kind));
		vt_json_raw(j, "confidence", vt_span_str(o->decisive ? "1" : "0.5"));
		vt_json_span(j, "value", o->raw);
		vt_json_close(j);
	}
	vt_json_close(j);
	vt_json_open(j, "tools", '[');
	vt_json_str(j, NULL, "vitrine");
	vt_json_close(j);
}

static void finding_evidence(
	struct vt_json *j, const struct vt_survey *s, const struct vt_finding *f)
{
	bool confirmed = f->confidence == VT_CONFIDENCE_CONFIRMED;

	vt_json_open(j, "evidence", '{');
	vt_json_open(j, "identity", '[');
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "field", "name");
	vt_json_raw(j, "confidence", vt_span_str(confirmed ? "1" : "0.5"));
	vt_json_span(j, "concludedValue", f->product);
	finding_methods(j, s, f);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_open(j, "occurrences", '[');
	for (size_t i = 0; i < f->n; i++) {
		vt_json_open(j, NULL, '{');
		vt_json_span(j, "location", s->observations[f->observations[i]].locus);
		vt_json_close(j);
	}
	vt_json_close(j);
	vt_json_close(j);
}

/* The hash of the one file that a finding is about. */
static void finding_hash(struct vt_json *j, const struct vt_survey *s, const struct vt_finding *f)
{
	vt_span hash = {.n = 0};

	for (size_t i = 0; i < f->n; i++) {
		const struct vt_observation *o = &s->observations[f->observations[i]];
		bool file = o->kind == VT_FACT_FILE || o->kind == VT_FACT_EXECUTABLE ||
			o->kind == VT_FACT_CONTENT;

		if (!file || o->sha256.n != 64)
			continue;
		if (hash.n && !vt_span_eq(hash, o->sha256))
			return;
		hash = o->sha256;
	}
	if (!hash.n)
		return;
	vt_json_open(j, "hashes", '[');
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "alg", "SHA-256");
	vt_json_span(j, "content", hash);
	vt_json_close(j);
	vt_json_close(j);
}

static void finding(struct vt_json *j, const struct vt_report_input *in, size_t i)
{
	const struct vt_survey *s = in->run.survey;
	const struct vt_finding *f = &s->findings[i];
	const struct vt_product *p = vt_catalogue_product(in->catalogue, f->product);

	vt_json_open(j, NULL, '{');
	vt_json_str(j, "type", f->embedded ? "library" : "application");
	vt_json_span(j, "bom-ref", f->id);
	if (p && p->entity.n) {
		vt_json_open(j, "manufacturer", '{');
		vt_json_span(j, "name", p->entity);
		vt_json_close(j);
	}
	vt_json_span(j, "name", vt_report_product_name(in, f->product));
	finding_hash(j, s, f);
	if (p && p->cpe.n)
		vt_cyclonedx_cpe(j, p->cpe.v[0]);
	finding_evidence(j, s, f);
	vt_json_open(j, "properties", '[');
	property(j, "vitrine:product", f->product);
	property(j, "vitrine:place", f->place);
	property(j, "vitrine:why", vt_span_str(f->why));
	if (in->directive)
		property(j, "vitrine:standing",
			vt_span_str(vt_standing_word(in->run.status.standings[i])));
	property(j, "vitrine:subject", s->subjects[f->subject].name);
	vt_json_close(j);
	vt_json_close(j);
}

static void metadata(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	vt_json_open(j, "metadata", '{');
	vt_json_time(j, "timestamp", s->ended);
	vt_json_open(j, "tools", '{');
	vt_json_open(j, "components", '[');
	vt_json_open(j, NULL, '{');
	vt_json_str(j, "type", "application");
	vt_json_str(j, "name", "vitrine");
	vt_json_span(j, "version", s->tool);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_open(j, "component", '{');
	vt_json_str(
		j, "type", s->nsubjects ? subject_type(s->subjects[0].kind) : "operating-system");
	vt_json_str(j, "bom-ref", "system");
	vt_json_span(j, "name", s->nsubjects ? s->subjects[0].name : s->host);
	vt_json_close(j);
	vt_json_open(j, "properties", '[');
	property(j, "vitrine:run", s->id);
	property(j, "vitrine:machine", s->machine);
	property(j, "vitrine:host", s->host);
	property(j, "vitrine:command", s->command);
	property(j, "vitrine:catalogue", s->catalogue_id);
	property(j, "vitrine:catalogue-sha256", s->catalogue_sha256);
	property(j, "vitrine:catalogue-position", s->catalogue_position);
	property(j, "vitrine:rules-sha256", s->rules_sha256);
	vt_json_close(j);
	vt_json_close(j);
}

/* What is listed of a subject is as complete as its packages were read. */
static void compositions(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;
	enum vt_aggregate worst = VT_AGGREGATE_COMPLETE;

	vt_json_open(j, "compositions", '[');
	for (uint32_t i = 0; i < s->nsubjects; i++) {
		enum vt_aggregate a = VT_AGGREGATE_COMPLETE;

		for (unsigned k = 0; k < VT_AREAS; k++)
			if (vt_area_applies(s->subjects[i].kind, (enum vt_area)k) &&
				(k == VT_AREA_PACKAGES ||
					(in->directive && in->directive->required[k]))) {
				enum vt_aggregate b =
					vt_report_aggregate(&s->subjects[i], (enum vt_area)k);

				a = b > a ? b : a;
			}
		worst = a > worst ? a : worst;
		vt_json_open(j, NULL, '{');
		vt_json_textf(j, "bom-ref", "composition-%u", i + 1);
		vt_json_str(j, "aggregate", vt_aggregate_word(a));
		vt_json_open(j, "assemblies", '[');
		if (i == 0)
			vt_json_str(j, NULL, "system");
		for (size_t k = 0; k < s->ncomponents; k++)
			if (s->components[k].subject == i)
				vt_json_textf(j, NULL, "component-%zu", k + 1);
		for (size_t k = 0; k < s->nfindings; k++)
			if (s->findings[k].subject == i)
				vt_json_span(j, NULL, s->findings[k].id);
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_json_close(j);
}

vt_err vt_report_cyclonedx(const struct vt_report_input *in, vt_buf *out)
{
	const struct vt_survey *s = in->run.survey;
	const vt_span none = vt_span_of("", 0);
	const vt_span words[] = {vt_span_str("cyclonedx"), s->id,
		in->directive ? in->directive->id : none,
		in->directive ? in->directive->sha256 : none, s->catalogue_sha256};
	struct vt_json j = {.b = out, .pretty = true};
	char uuid[VT_UUID_SIZE];
	size_t n = out->n;

	vt_json_open(&j, NULL, '{');
	vt_json_str(&j, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
	vt_json_str(&j, "bomFormat", "CycloneDX");
	vt_json_str(&j, "specVersion", "1.6");
	vt_json_textf(
		&j, "serialNumber", "urn:uuid:%s", vt_report_uuid(words, VT_COUNT(words), uuid));
	vt_json_u64(&j, "version", 1);
	metadata(&j, in);
	vt_json_open(&j, "components", '[');
	for (size_t i = 0; i < s->ncomponents; i++)
		component(&j, &s->components[i], i);
	for (size_t i = 0; i < s->nfindings; i++)
		finding(&j, in, i);
	vt_json_close(&j);
	compositions(&j, in);
	if (in->directive)
		vt_cyclonedx_declare(&j, in);
	vt_json_close(&j);
	if (j.e)
		out->n = n;
	return j.e;
}
