/* SPDX-License-Identifier: Apache-2.0 */
/* Judging again what a statement claims. */
#include <stdio.h>

#include "base/num.h"
#include "report/statement_parts.h"

static vt_err refuse(struct vt_doc_error *why, const char *where, const char *cause)
{
	(void)snprintf(why->where, sizeof why->where, "%s", where);
	(void)snprintf(why->cause, sizeof why->cause, "%s", cause);
	return VT_ECHECKSUM;
}

static vt_err derive_run(
	struct vt_statement *s, struct vt_report_run *run, size_t i, struct vt_doc_error *why)
{
	const char *word;
	vt_err e;

	if (!s->surveys[i])
		return VT_OK;
	e = vt_judge_findings(s->surveys[i], &s->catalogue);
	if (!e)
		e = vt_judge_directive(s->surveys[i], &s->catalogue, &s->directive, s->in.on,
			&s->arena, &run->status);
	if (e)
		return e;
	word = vt_shown_word(run->status.shown);
	if (!vt_span_eq(s->shown[i], vt_span_str(word))) {
		(void)snprintf(why->where, sizeof why->where, "%s", vt_statement_runs[i]);
		(void)snprintf(why->cause, sizeof why->cause,
			"it claims \"%.*s\", but what it holds shows: %s",
			(int)vt_min_size(s->shown[i].n, 32), (const char *)s->shown[i].p, word);
		return VT_ECHECKSUM;
	}
	if (!vt_span_eq(s->sentence[i], run->status.sentence))
		return refuse(why, vt_statement_runs[i],
			"its sentence does not follow from what it holds");
	return VT_OK;
}

static vt_err check_times(const struct vt_statement *s, struct vt_doc_error *why)
{
	for (size_t i = 0; i < VT_COUNT(s->surveys); i++) {
		const struct vt_survey *v = s->surveys[i];

		if (v && (v->started > v->ended || v->ended > s->in.time))
			return refuse(why, vt_statement_runs[i],
				"it ended before it began, or after the statement was made");
	}
	if (s->surveys[1] && s->surveys[1]->ended > s->surveys[0]->ended)
		return refuse(why, "before", "it came after the run that it is said to precede");
	for (size_t i = 1; i < VT_COUNT(s->surveys); i++)
		if (s->surveys[i] && !vt_span_eq(s->surveys[i]->machine, s->surveys[0]->machine))
			return refuse(why, vt_statement_runs[i], "it was made on another machine");
	return VT_OK;
}

vt_err vt_statement_derive(struct vt_statement *s, vt_span payload, struct vt_doc_error *why)
{
	struct vt_report_run *runs[] = {&s->in.run, &s->in.before, &s->in.second};
	vt_buf again = VT_BUF_INIT(VT_REPORT_MAX);
	vt_err e = check_times(s, why);

	for (size_t i = 0; i < VT_COUNT(runs) && !e; i++)
		e = derive_run(s, runs[i], i, why);
	if (!e)
		e = vt_statement_write(&s->in, &again);
	/* Findings, doubts, counters, hashes: whatever else was changed or added. */
	if (!e && !vt_span_eq(vt_buf_span(&again), payload)) {
		size_t at = 0;

		while (at < again.n && at < payload.n && again.p[at] == payload.p[at])
			at++;
		e = refuse(why, "", "it says something that does not follow from what it holds");
		(void)snprintf(why->where, sizeof why->where, "byte %zu", at);
	}
	vt_buf_free(&again);
	return e;
}

static bool has_exception(const struct vt_directive *d, vt_span id)
{
	for (size_t i = 0; i < d->nexceptions; i++)
		if (vt_span_eq(d->exceptions[i].id, id))
			return true;
	return false;
}

vt_err vt_statement_applies(const struct vt_statement *s, const struct vt_directive *d,
	size_t *out_exceptions, struct vt_doc_error *why)
{
	const struct vt_directive *own = &s->directive;
	size_t extra = 0;

	if (!vt_span_eq(own->id, d->id))
		return refuse(why, "directive", "it is about another directive");
	if (!vt_span_eq(own->sha256, d->sha256))
		return refuse(why, "directive",
			"it was made with another version of the document (SHA-256 differs)");
	if (own->branded != d->branded || own->embedded != d->embedded ||
		own->services != d->services || own->hardware != d->hardware)
		return refuse(why, "directive", "its scope is not that of the document");
	if (own->threshold < d->threshold)
		return refuse(why, "directive", "its threshold is below that of the document");
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (d->required[a] && !own->required[a])
			return refuse(why, "directive",
				"it leaves out an area that the document requires");
	for (size_t i = 0; i < s->catalogue.nproducts; i++)
		if (vt_directive_covers(d, &s->catalogue.products[i]) != (s->covered.p[i] != 0))
			return refuse(why, "products",
				"it says otherwise than the document which products are meant");
	for (size_t i = 0; i < own->nexceptions; i++)
		extra += !has_exception(d, own->exceptions[i].id);
	*out_exceptions = extra;
	return VT_OK;
}
