/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCAL plan of action and milestones: what is still to be done about each finding and each doubt,
 * with the directive's dates as milestones.
 */
#include <stdio.h>

#include "base/num.h"
#include "report/oscal.h"
#include "report/report.h"

/* The first date of each action that has one. */
static void milestones(struct vt_json *j, const struct vt_report_input *in)
{
	struct vt_due due[64];
	vt_day from = in->directive->issued == VT_DAY_NONE ? in->on : in->directive->issued;
	size_t n = vt_directive_due(in->directive, from, from + 3660, VT_DAY_NONE, due, 64);
	char day[VT_DAY_SIZE];
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (due[i].number > 1)
			continue;
		if (!any)
			vt_json_open(j, "tasks", '[');
		any = true;
		vt_json_open(j, NULL, '{');
		vt_oscal_uuid(j, "uuid", in, "milestone", i);
		vt_json_str(j, "type", "milestone");
		vt_json_span(j, "title", due[i].action->text);
		vt_json_open(j, "timing", '{');
		vt_json_open(j, "on-date", '{');
		vt_json_textf(j, "date", "%sT00:00:00Z", vt_day_write(due[i].day, day));
		vt_json_close(j);
		vt_json_close(j);
		vt_json_close(j);
	}
	if (any)
		vt_json_close(j);
}

static void risk(struct vt_json *j, const struct vt_report_input *in)
{
	bool closed = in->run.status.shown == VT_SHOWN_ABSENT;

	vt_json_open(j, "risks", '[');
	vt_json_open(j, NULL, '{');
	vt_oscal_uuid(j, "uuid", in, "risk", 0);
	vt_json_span(j, "title", in->directive->title);
	vt_json_textf(j, "description", "%.*s orders the removal of products that it covers",
		(int)in->directive->issuer.n, (const char *)in->directive->issuer.p);
	vt_json_span(j, "statement", in->run.status.sentence);
	vt_json_str(j, "status", closed ? "closed" : "open");
	vt_json_open(j, "remediations", '[');
	vt_json_open(j, NULL, '{');
	vt_oscal_uuid(j, "uuid", in, "remediation", 0);
	vt_json_str(j, "lifecycle", closed ? "completed" : "planned");
	vt_json_str(j, "title", "Carry out the directive");
	vt_json_span(j, "description",
		in->directive->applies_to.n ? in->directive->applies_to : in->directive->id);
	milestones(j, in);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
}

static void item(struct vt_json *j, const struct vt_report_input *in, const char *what, size_t i,
	vt_span title, vt_span description, bool observed)
{
	vt_json_open(j, NULL, '{');
	vt_oscal_uuid(j, "uuid", in, what, i);
	vt_json_span(j, "title", title);
	vt_json_span(j, "description", description);
	if (observed) {
		vt_json_open(j, "related-observations", '[');
		vt_json_open(j, NULL, '{');
		vt_oscal_uuid(j, "observation-uuid", in, "finding", i);
		vt_json_close(j);
		vt_json_close(j);
	}
	vt_json_open(j, "related-risks", '[');
	vt_json_open(j, NULL, '{');
	vt_oscal_uuid(j, "risk-uuid", in, "risk", 0);
	vt_json_close(j);
	vt_json_close(j);
	vt_json_close(j);
}

/* There is at least one: OSCAL has no plan without items. */
static void items(struct vt_json *j, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;
	const struct vt_status *v = &in->run.status;
	size_t n = 0;

	vt_json_open(j, "poam-items", '[');
	for (size_t i = 0; i < s->nfindings; i++) {
		const struct vt_finding *f = &s->findings[i];

		if (!vt_report_counts(v->standings[i]))
			continue;
		item(j, in, "item-finding", i, vt_report_product_name(in, f->product),
			f->place.n ? f->place : vt_span_str("installed in the system"), true);
		n++;
	}
	for (size_t i = 0; i < v->ndoubts; i++, n++)
		item(j, in, "item-doubt", i, vt_span_str("Absence is not shown"), v->doubts[i].text,
			false);
	if (!n)
		item(j, in, "item-none", 0, vt_span_str("Nothing is left to do here"), v->sentence,
			false);
	vt_json_close(j);
}

vt_err vt_report_oscal_poam(const struct vt_report_input *in, vt_buf *out)
{
	struct vt_json j = {.b = out, .pretty = true};
	vt_span id = in->run.survey->machine.n ? in->run.survey->machine : in->run.survey->host;
	size_t n = out->n;

	vt_json_open(&j, NULL, '{');
	vt_json_open(&j, "plan-of-action-and-milestones", '{');
	vt_oscal_uuid(&j, "uuid", in, "poam", 0);
	vt_oscal_metadata(&j, in, "Plan of action and milestones");
	vt_json_open(&j, "system-id", '{');
	vt_json_str(&j, "identifier-type", "urn:vitrine:machine");
	vt_json_span(&j, "id", id.n ? id : vt_span_str("unknown"));
	vt_json_close(&j);
	vt_oscal_items(&j, in);
	vt_oscal_observations(&j, in);
	risk(&j, in);
	items(&j, in);
	vt_json_close(&j);
	vt_json_close(&j);
	if (j.e)
		out->n = n;
	return j.e;
}
