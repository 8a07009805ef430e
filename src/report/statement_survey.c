/* SPDX-License-Identifier: Apache-2.0 */
/* A run of a statement back into a survey, without findings: those are judged again. */
#include "base/num.h"
#include "report/statement_parts.h"

static bool kind_find(vt_span word, enum vt_subject_kind *out)
{
	for (unsigned k = VT_SUBJECT_SYSTEM; k <= VT_SUBJECT_DISK; k++)
		if (vt_span_eq(word, vt_span_str(vt_subject_word((enum vt_subject_kind)k)))) {
			*out = (enum vt_subject_kind)k;
			return true;
		}
	return false;
}

static bool miss_find(vt_span word, enum vt_miss *out)
{
	for (unsigned m = 0; m < VT_MISSES; m++)
		if (vt_span_eq(word, vt_span_str(vt_miss_word((enum vt_miss)m)))) {
			*out = (enum vt_miss)m;
			return true;
		}
	return false;
}

static void read_coverage(
	struct vt_statement_reader *r, const json_t *o, struct vt_subject *s, enum vt_area a)
{
	const json_t *v = vt_statement_object(r, o, vt_area_word(a));
	const json_t *missed = vt_statement_object(r, v, "missed");
	struct vt_coverage *c = &s->coverage[a];

	s->asked[a] = vt_statement_flag(v, "asked");
	c->sources = vt_statement_number(r, v, "sources");
	c->broken = vt_statement_number(r, v, "broken");
	c->seen = vt_statement_number(r, v, "seen");
	c->read = vt_statement_number(r, v, "read");
	for (unsigned m = 0; m < VT_MISSES && !r->e; m++) {
		const char *word = vt_miss_word((enum vt_miss)m);

		if (json_object_get(missed, word))
			c->misses[m] = vt_statement_number(r, missed, word);
	}
}

static void read_subjects(struct vt_statement_reader *r, const json_t *o, struct vt_survey *s)
{
	const json_t *list = vt_statement_list(r, o, "scope");
	size_t n = json_array_size(list);

	if (n == 0)
		vt_statement_fail(r, "scope", "nothing was looked at");
	for (size_t i = 0; i < n && !r->e; i++) {
		const json_t *v = json_array_get(list, i);
		const json_t *coverage = vt_statement_object(r, v, "coverage");
		struct vt_subject subject = {.name = vt_statement_text(r, v, "name"),
			.sha256 = vt_statement_some(r, v, "sha256"),
			.platform = vt_statement_some(r, v, "platform"),
			.parent = (uint32_t)i,
			.hidden = vt_statement_flag(v, "hidden")};

		if (!kind_find(vt_statement_text(r, v, "kind"), &subject.kind))
			vt_statement_fail(r, "kind", "a kind of subject that is not known");
		if (json_object_get(v, "parent")) {
			uint64_t parent = vt_statement_number(r, v, "parent");

			if (parent >= n)
				vt_statement_fail(r, "parent", "no such subject");
			subject.parent = (uint32_t)parent;
		}
		for (unsigned a = 0; a < VT_AREAS && !r->e; a++)
			read_coverage(r, coverage, &subject, (enum vt_area)a);
		if (!r->e)
			r->e = vt_survey_subject(s, &subject, NULL);
	}
}

static uint32_t read_index(
	struct vt_statement_reader *r, const json_t *o, const struct vt_survey *s)
{
	uint64_t n = vt_statement_number(r, o, "subject");

	if (n >= s->nsubjects)
		vt_statement_fail(r, "subject", "no such subject");
	return (uint32_t)n;
}

static void read_missed(struct vt_statement_reader *r, const json_t *o, struct vt_survey *s)
{
	const json_t *list = vt_statement_list(r, o, "missed");

	for (size_t i = 0; i < json_array_size(list) && !r->e; i++) {
		const json_t *v = json_array_get(list, i);
		struct vt_missed m = {
			.subject = read_index(r, v, s), .locus = vt_statement_text(r, v, "locus")};

		if (!vt_area_find(vt_statement_text(r, v, "area"), &m.area) ||
			!miss_find(vt_statement_text(r, v, "why"), &m.why))
			vt_statement_fail(r, "missed", "an area or reason that is not known");
		if (!r->e)
			r->e = vt_survey_miss(s, &m);
	}
}

static void read_observations(struct vt_statement_reader *r, const json_t *o, struct vt_survey *s)
{
	const json_t *list = vt_statement_list(r, o, "observations");

	for (size_t i = 0; i < json_array_size(list) && !r->e; i++) {
		const json_t *v = json_array_get(list, i);
		struct vt_observation x = {.subject = read_index(r, v, s),
			.locus = vt_statement_text(r, v, "locus"),
			.rule = vt_statement_text(r, v, "rule"),
			.product = vt_statement_text(r, v, "product"),
			.raw = vt_statement_text(r, v, "raw"),
			.sha256 = vt_statement_some(r, v, "sha256"),
			.repeat = vt_statement_text(r, v, "repeat"),
			.decisive = vt_statement_flag(v, "decisive"),
			.embedded = vt_statement_flag(v, "embedded"),
			.memory = vt_statement_flag(v, "memory"),
			.hidden = vt_statement_flag(v, "hidden")};

		if (!vt_fact_find(vt_statement_text(r, v, "method"), &x.kind))
			vt_statement_fail(r, "method", "a method that is not known");
		if (!vt_catalogue_product(&r->s->catalogue, x.product))
			vt_statement_fail(r, "product", "not among the products");
		if (!r->e)
			r->e = vt_survey_observe(s, &x);
	}
}

static void read_components(
	struct vt_statement_reader *r, const json_t *o, struct vt_report_run *run)
{
	const json_t *c = vt_statement_object(r, o, "components");
	vt_span hash = vt_statement_text(r, c, "sha256");

	run->ncomponents = vt_statement_number(r, c, "count");
	if (hash.n != 64)
		vt_statement_fail(r, "components", "no SHA-256");
	else
		memcpy(run->components, hash.p, hash.n);
}

void vt_statement_read_run(struct vt_statement_reader *r, const json_t *o, size_t i)
{
	struct vt_report_run *runs[] = {&r->s->in.run, &r->s->in.before, &r->s->in.second};
	const json_t *content = vt_statement_object(r, o, "content");
	struct vt_survey *s;

	if (!r->e)
		r->e = vt_survey_new(VT_STATEMENT_MEMORY, &r->s->surveys[i]);
	if (r->e)
		return;
	s = r->s->surveys[i];
	runs[i]->survey = s;
	r->s->shown[i] = vt_statement_text(r, o, "shown");
	r->s->sentence[i] = vt_statement_text(r, o, "sentence");
	s->id = vt_statement_text(r, o, "id");
	s->started = vt_statement_time(r, o, "started");
	s->ended = vt_statement_time(r, o, "ended");
	s->tool = vt_statement_text(r, o, "tool");
	s->machine = vt_statement_text(r, o, "machine");
	s->host = vt_statement_text(r, o, "host");
	s->user = vt_statement_text(r, o, "user");
	s->command = vt_statement_text(r, o, "command");
	s->catalogue_id = vt_statement_text(r, content, "catalogue");
	s->catalogue_sha256 = vt_statement_text(r, content, "catalogueSha256");
	s->catalogue_position = vt_statement_text(r, content, "cataloguePosition");
	s->rules_sha256 = vt_statement_text(r, content, "rulesSha256");
	read_subjects(r, o, s);
	if (!r->e)
		read_missed(r, o, s);
	read_components(r, o, runs[i]);
	if (!r->e)
		read_observations(r, o, s);
}
