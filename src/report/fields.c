/* SPDX-License-Identifier: Apache-2.0 */
/* What answers the fields of a directive's report: by their keys, which directives name. */
#include <inttypes.h>

#include "base/num.h"
#include "report/common.h"

#define LINE_MAX ((size_t)64 << 10)

struct writer {
	const struct vt_report_input *in;
	vt_report_line_fn *line;
	void *ctx;
	vt_buf b;
};

static vt_err flush(struct writer *w)
{
	vt_err e = w->line(w->ctx, vt_buf_span(&w->b));

	vt_buf_clear(&w->b);
	return e;
}

static vt_err text(struct writer *w, vt_span s)
{
	return vt_buf_add(&w->b, s.p, s.n);
}

static size_t places(const struct writer *w, vt_span product, enum vt_standing s)
{
	const struct vt_report_run *r = &w->in->run;
	size_t n = 0;

	for (size_t i = 0; i < r->survey->nfindings; i++)
		n += r->status.standings[i] == s &&
			vt_span_eq(r->survey->findings[i].product, product);
	return n;
}

/* Is it the first finding of its product that counts? */
static bool is_first(const struct writer *w, size_t at)
{
	const struct vt_report_run *r = &w->in->run;

	if (!vt_report_counts(r->status.standings[at]))
		return false;
	for (size_t i = 0; i < at; i++)
		if (vt_report_counts(r->status.standings[i]) &&
			vt_span_eq(r->survey->findings[i].product, r->survey->findings[at].product))
			return false;
	return true;
}

static vt_err none(struct writer *w)
{
	vt_err e = vt_buf_addf(&w->b,
		w->in->run.status.shown == VT_SHOWN_ABSENT
			? "None were found"
			: "None were found, but that there are none is not shown");

	return e ? e : flush(w);
}

static vt_err products(struct writer *w)
{
	const struct vt_report_run *r = &w->in->run;
	bool any = false;
	vt_err e = VT_OK;

	for (size_t i = 0; i < r->survey->nfindings && !e; i++) {
		vt_span id = r->survey->findings[i].product;
		size_t covered, candidates;

		if (!is_first(w, i))
			continue;
		any = true;
		covered = places(w, id, VT_STANDING_COVERED);
		candidates = places(w, id, VT_STANDING_CANDIDATE);
		e = text(w, vt_report_product_name(w->in, id));
		if (!e && covered)
			e = vt_buf_addf(
				&w->b, ": found, %zu cop%s", covered, covered == 1 ? "y" : "ies");
		if (!e && candidates)
			e = vt_buf_addf(&w->b,
				"%s %zu place%s with signs that are not enough to confirm it",
				covered ? ";" : ":", candidates, candidates == 1 ? "" : "s");
		if (!e)
			e = flush(w);
	}
	return e || any ? e : none(w);
}

/* One machine, and what of its images and disks are told apart. */
static vt_err endpoints_per_product(struct writer *w)
{
	const struct vt_report_run *r = &w->in->run;
	bool any = false;
	vt_err e = VT_OK;

	for (size_t i = 0; i < r->survey->nfindings && !e; i++) {
		vt_span id = r->survey->findings[i].product;

		if (!is_first(w, i) || !places(w, id, VT_STANDING_COVERED))
			continue;
		any = true;
		e = text(w, vt_report_product_name(w->in, id));
		if (!e)
			e = vt_buf_addf(&w->b, ": 1 (");
		if (!e)
			e = text(w, r->survey->host);
		if (!e)
			e = vt_buf_addf(&w->b, ")");
		if (!e)
			e = flush(w);
	}
	if (!e && !any) {
		e = vt_buf_addf(&w->b, "0 of 1");
		e = e ? e : flush(w);
	}
	return e;
}

static vt_err endpoints(struct writer *w)
{
	vt_err e =
		vt_buf_addf(&w->b, "%d of 1", w->in->run.status.shown == VT_SHOWN_PRESENT ? 1 : 0);

	return e ? e : flush(w);
}

static vt_err methods(struct writer *w)
{
	const struct vt_survey *s = w->in->run.survey;
	vt_err e = VT_OK;

	for (size_t i = 0; i < s->nsubjects && !e; i++)
		for (unsigned a = 0; a < VT_AREAS && !e; a++) {
			const struct vt_subject *v = &s->subjects[i];

			if (!v->asked[a] || !vt_area_applies(v->kind, (enum vt_area)a))
				continue;
			e = vt_buf_addf(&w->b, "%s ", vt_subject_word(v->kind));
			if (!e)
				e = text(w, v->name);
			if (!e)
				e = vt_buf_addf(
					&w->b, ": %s (", vt_report_area_meaning((enum vt_area)a));
			if (!e)
				e = vt_report_coverage_text(v, (enum vt_area)a, &w->b);
			if (!e)
				e = vt_buf_addf(&w->b, ")");
			if (!e)
				e = flush(w);
		}
	return e;
}

static vt_err one(struct writer *w, vt_span s)
{
	vt_err e = s.n ? text(w, s) : VT_OK;

	return e || !s.n ? e : flush(w);
}

static vt_err agency(struct writer *w)
{
	return one(w, w->in->organisation);
}

static vt_err contact(struct writer *w)
{
	return one(w, w->in->contact);
}

static vt_err status(struct writer *w)
{
	return one(w, w->in->run.status.sentence);
}

static const struct {
	const char *key;
	vt_err (*write)(struct writer *w);
} keys[] = {
	{"products", products},
	{"endpoints-per-product", endpoints_per_product},
	{"endpoints", endpoints},
	{"methods", methods},
	{"agency", agency},
	{"organisation", agency},
	{"contact", contact},
	{"status", status},
	{"sentence", status},
};

vt_err vt_report_field_lines(
	const struct vt_report_input *in, vt_span key, vt_report_line_fn *line, void *ctx)
{
	struct writer w = {.in = in, .line = line, .ctx = ctx, .b = VT_BUF_INIT(LINE_MAX)};
	vt_err e = VT_OK;

	for (size_t i = 0; i < VT_COUNT(keys) && !e; i++)
		if (vt_span_eq(key, vt_span_str(keys[i].key)))
			e = keys[i].write(&w);
	vt_buf_free(&w.b);
	return e;
}
