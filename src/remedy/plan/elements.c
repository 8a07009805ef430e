/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/plan/elements.h"

#include "base/buf.h"
#include "base/num.h"

#define VALUE_MAX 8000

static const struct vt_report_field usual[] = {
#define VT_ELEMENT(id, key, title)                                                                 \
	{{(const uint8_t *)id, sizeof id - 1}, {(const uint8_t *)title, sizeof title - 1},         \
		{(const uint8_t *)key, sizeof key - 1}},
#include "remedy/plan/elements.def"
#undef VT_ELEMENT
};

typedef vt_err fill_fn(const struct vt_planning *p, const struct vt_removal *r, vt_buf *b);

static vt_err products(const struct vt_planning *p, const struct vt_removal *r, vt_buf *b)
{
	vt_err e = VT_OK;

	(void)p;
	for (size_t i = 0; i < r->nfindings && !e; i++) {
		const struct vt_removal_finding *f = &r->findings[i];
		bool again = false;

		for (size_t k = 0; k < i && !again; k++)
			again = vt_span_eq(r->findings[k].product, f->product) &&
				r->findings[k].acting != VT_ACTING_NO;
		if (f->acting == VT_ACTING_NO || again || b->n + f->name.n + 2 > VALUE_MAX)
			continue;
		if (b->n)
			e = vt_buf_add(b, "; ", 2);
		if (!e)
			e = vt_buf_add(b, f->name.p, f->name.n);
	}
	return e;
}

static vt_err endpoints(const struct vt_planning *p, const struct vt_removal *r, vt_buf *b)
{
	(void)r;
	return vt_buf_addf(b, "1 (%.*s); this plan is for one machine",
		(int)vt_min_size(p->survey->host.n, 255), (const char *)p->survey->host.p);
}

static vt_err methods(const struct vt_planning *p, const struct vt_removal *r, vt_buf *b)
{
	vt_err e = vt_buf_addf(b, "%.*s, inventory %.*s:", (int)p->survey->tool.n,
		(const char *)p->survey->tool.p, (int)p->survey->id.n,
		(const char *)p->survey->id.p);

	(void)r;
	for (unsigned i = 0; i < VT_AREAS && !e; i++) {
		bool asked = false;

		for (size_t k = 0; k < p->survey->nsubjects; k++)
			asked |= p->survey->subjects[k].asked[i];
		if (asked)
			e = vt_buf_addf(b, " %s,", vt_area_word((enum vt_area)i));
	}
	if (!e)
		e = vt_buf_addf(b, " with the catalogue %.*s",
			(int)vt_min_size(p->survey->catalogue_id.n, 200),
			(const char *)p->survey->catalogue_id.p);
	return e;
}

static vt_err timeline(const struct vt_planning *p, const struct vt_removal *r, vt_buf *b)
{
	char day[VT_DAY_SIZE];
	vt_err e = VT_OK;

	(void)r;
	for (size_t i = 0; i < p->directive->nactions && !e; i++) {
		const struct vt_action *a = &p->directive->actions[i];

		if (a->verb == VT_VERB_REMOVE && a->has_due && a->due != VT_DAY_NONE)
			e = vt_buf_addf(b, "%s%.*s by %s", b->n ? "; " : "",
				(int)vt_min_size(a->id.n, 100), (const char *)a->id.p,
				vt_day_write(a->due, day));
	}
	return e;
}

static vt_err replacement(const struct vt_planning *p, const struct vt_removal *r, vt_buf *b)
{
	(void)r;
	if (p->replacement == VT_REPLACEMENT_OPEN)
		return VT_OK;
	return vt_buf_addf(b, "%s%.*s", p->replacement == VT_REPLACEMENT_NONE ? "none: " : "",
		(int)vt_min_size(p->replacement_name.n, 2000), (const char *)p->replacement_name.p);
}

static vt_err challenges(const struct vt_planning *p, const struct vt_removal *r, vt_buf *b)
{
	size_t persons = 0;
	vt_err e = VT_OK;

	(void)p;
	for (size_t i = 0; i < r->nsteps; i++)
		persons += r->steps[i].kind == VT_STEP_PERSON;
	if (persons)
		e = vt_buf_addf(b, "%zu steps have to be done by people", persons);
	for (size_t i = 0; i < r->nproblems && !e && b->n < 4000; i++)
		e = vt_buf_addf(b, "%s%.*s", b->n ? "; " : "",
			(int)vt_min_size(r->problems[i].n, 500), (const char *)r->problems[i].p);
	return e;
}

static const struct {
	const char *key;
	fill_fn *fill;
} fills[] = {
	{"products", products},
	{"endpoints", endpoints},
	{"methods", methods},
	{"removal-timeline", timeline},
	{"replacement", replacement},
	{"challenges", challenges},
};

static vt_err fill(const struct vt_planning *p, const struct vt_removal *r, vt_span key, vt_buf *b)
{
	for (size_t i = 0; i < VT_COUNT(fills); i++)
		if (vt_span_eq(key, vt_span_str(fills[i].key)))
			return fills[i].fill(p, r, b);
	return VT_OK;
}

vt_err vt_elements_make(const struct vt_planning *p, vt_arena *a, struct vt_removal *out)
{
	bool own = p->directive->nplan_fields > 0;
	const struct vt_report_field *fields = own ? p->directive->plan_fields : usual;
	size_t n = own ? p->directive->nplan_fields : VT_COUNT(usual);
	vt_buf b = VT_BUF_INIT(VALUE_MAX + 4096);
	vt_err e = VT_OK;

	out->elements = vt_arena_array(a, n, sizeof *out->elements);
	if (!out->elements)
		return VT_ENOMEM;
	for (size_t i = 0; i < n && !e; i++) {
		struct vt_element *x = &out->elements[i];

		*x = (struct vt_element){.id = fields[i].id, .title = fields[i].title};
		for (size_t k = 0; k < p->nanswers; k++)
			if (vt_span_eq(p->answers[k].id, x->id) ||
				vt_span_eq(p->answers[k].id, fields[i].key))
				x->value = p->answers[k].value;
		if (x->value.n)
			continue;
		vt_buf_clear(&b);
		e = fill(p, out, fields[i].key, &b);
		if (!e && b.n) {
			x->value = vt_span_of(vt_arena_copy(a, vt_buf_span(&b)), b.n);
			if (!x->value.p)
				e = VT_ENOMEM;
		}
	}
	vt_buf_free(&b);
	out->nelements = n;
	return e;
}
