/* SPDX-License-Identifier: Apache-2.0 */
/* CSV (RFC 4180): the directive's fields in its own order, then one row a finding, then doubts. */
#include "report/common.h"
#include "report/json.h"
#include "report/report.h"
#include "report/text.h"

struct csv {
	vt_buf *b;
	vt_err e;
	bool any; /* of this row */
	vt_span first, second;
};

static void field(struct csv *c, vt_span s)
{
	if (!c->e && c->any)
		c->e = vt_buf_add_u8(c->b, ',');
	if (!c->e)
		c->e = vt_text_csv(c->b, s);
	c->any = true;
}

static void word(struct csv *c, const char *s)
{
	field(c, vt_span_str(s));
}

static void end(struct csv *c)
{
	if (!c->e)
		c->e = vt_buf_add(c->b, "\r\n", 2);
	c->any = false;
}

static void row(struct csv *c, const char *section, const char *name, vt_span value)
{
	word(c, section);
	word(c, name);
	field(c, value);
	for (unsigned i = 0; i < 7; i++)
		word(c, "");
	end(c);
}

static vt_err add_line(void *ctx, vt_span line)
{
	struct csv *c = ctx;

	word(c, "report");
	field(c, c->first);
	field(c, line);
	field(c, c->second);
	for (unsigned i = 0; i < 6; i++)
		word(c, "");
	end(c);
	c->any = false;
	return c->e;
}

static void fields(struct csv *c, const struct vt_report_input *in)
{
	const struct vt_directive *d = in->directive;

	for (size_t i = 0; i < d->nfields && !c->e; i++) {
		size_t n = c->b->n;

		c->first = d->fields[i].id;
		c->second = d->fields[i].title;
		c->e = vt_report_field_lines(in, d->fields[i].key, add_line, c);
		if (!c->e && c->b->n == n)
			c->e = add_line(c, vt_span_str("[to be filled in]"));
	}
}

static void findings(struct csv *c, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	for (size_t i = 0; i < s->nfindings; i++) {
		const struct vt_finding *f = &s->findings[i];

		word(c, "finding");
		field(c, f->id);
		field(c, vt_report_product_name(in, f->product));
		word(c, f->confidence == VT_CONFIDENCE_CONFIRMED ? "confirmed" : "candidate");
		word(c, vt_standing_word(in->run.status.standings[i]));
		word(c, vt_subject_word(s->subjects[f->subject].kind));
		field(c, s->subjects[f->subject].name);
		field(c, f->place.n ? f->place : vt_span_str("(system)"));
		word(c, f->why);
		field(c,
			in->run.status.exceptions[i] ? in->run.status.exceptions[i]->id
						     : vt_span_str(""));
		end(c);
	}
}

static void doubts(struct csv *c, const struct vt_report_input *in)
{
	const struct vt_status *v = &in->run.status;

	for (size_t i = 0; i < v->ndoubts; i++) {
		const struct vt_subject *s = &in->run.survey->subjects[v->doubts[i].subject];

		word(c, "not shown");
		word(c, vt_area_word(v->doubts[i].area));
		field(c, v->doubts[i].text);
		word(c, "");
		word(c, "");
		word(c, vt_subject_word(s->kind));
		field(c, s->name);
		for (unsigned k = 0; k < 3; k++)
			word(c, "");
		end(c);
	}
}

vt_err vt_report_csv(const struct vt_report_input *in, vt_buf *out)
{
	static const char *const head[] = {"section", "id", "value", "title or confidence",
		"standing", "kind", "subject", "place", "why", "exception"};
	const struct vt_survey *s = in->run.survey;
	struct csv c = {.b = out};
	char time[VT_UTC_SIZE];
	size_t n = out->n;

	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		word(&c, head[i]);
	end(&c);
	row(&c, "result", "shown", vt_span_str(vt_shown_word(in->run.status.shown)));
	row(&c, "result", "sentence", in->run.status.sentence);
	row(&c, "result", "directive", in->directive->id);
	row(&c, "result", "directive-version", in->directive->version);
	row(&c, "result", "host", s->host);
	row(&c, "result", "machine", s->machine);
	row(&c, "result", "run", s->id);
	row(&c, "result", "ended", vt_span_str(vt_time_text_utc(s->ended, time)));
	row(&c, "result", "catalogue", s->catalogue_id);
	fields(&c, in);
	findings(&c, in);
	doubts(&c, in);
	if (c.e)
		out->n = n;
	return c.e;
}
