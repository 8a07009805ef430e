/* SPDX-License-Identifier: Apache-2.0 */
/* What a collector says of the subject at work: checked, and taken into the survey. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "inventory/judge.h"
#include "inventory/name/purl.h"
#include "inventory/repeat.h"
#include "proc/supervisor/collecting.h"

/* Observations --------------------------------------------------------------------------------- */

static const struct vt_catalogue_rule *rule_of(const struct vt_catalogue *c, vt_span id)
{
	size_t low = 0, high = c->nrules;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct vt_catalogue_rule *r = &c->rules[mid];
		int d = memcmp(r->id.p, id.p, vt_min_size(r->id.n, id.n));

		d = d ? d : (r->id.n > id.n) - (r->id.n < id.n);
		if (d == 0)
			return r;
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

vt_err vt_collecting_observe(struct vt_collecting *r, struct vt_observation *o, uint32_t subject)
{
	const struct vt_catalogue *c = r->request->catalogue;
	const struct vt_catalogue_rule *rule = rule_of(c, o->rule);
	vt_err e;

	if (!rule || rule->kind != o->kind)
		return VT_EPEER;
	o->subject = subject;
	o->product = c->products[rule->product].id;
	o->decisive = rule->decisive;
	o->embedded = rule->embedded;
	o->memory = rule->source.memory;
	vt_buf_clear(&r->text);
	e = vt_repeat_write(&r->text, &r->s->subjects[subject], r->request->job.name, o);
	if (e)
		return e;
	o->repeat = vt_buf_span(&r->text);
	return vt_survey_observe(r->s, o);
}

static bool is_digest(vt_span hex)
{
	for (size_t i = 0; i < hex.n; i++)
		if ((hex.p[i] < '0' || hex.p[i] > '9') && (hex.p[i] < 'a' || hex.p[i] > 'f'))
			return false;
	return hex.n == 0 || hex.n == 64;
}

vt_err vt_collecting_observation(struct vt_collecting *r)
{
	struct vt_observation o;
	vt_err e = vt_observation_read(&r->in.body, &o);

	/* what bytes say is the scanner's to tell */
	if (e || !r->begun || o.kind == VT_FACT_CONTENT || !is_digest(o.sha256) ||
		r->observations++ == VT_COLLECTING_OBSERVATIONS_MAX)
		return VT_EPEER;
	return vt_collecting_observe(r, &o, r->subject);
}

/* Subjects ------------------------------------------------------------------------------------- */

/* May a run of this kind, at this point, begin such a subject? */
static bool is_expected(const struct vt_collecting *r, const struct vt_subject *v)
{
	uint32_t number = (uint32_t)r->s->nsubjects - r->first;

	switch (r->request->job.what) {
	case VT_COLLECT_SYSTEM:
	case VT_COLLECT_PROCESSES:
		return v->kind == VT_SUBJECT_SYSTEM && !v->parent && !r->subjects;
	case VT_COLLECT_ROOT: return v->kind == VT_SUBJECT_ROOT && !v->parent && !r->subjects;
	case VT_COLLECT_DISK: return v->kind == VT_SUBJECT_DISK && v->parent == number;
	case VT_COLLECT_ARCHIVE:
	case VT_COLLECT_LAYOUT:
		if (v->kind == VT_SUBJECT_IMAGE)
			return v->parent == number;
		return v->kind == VT_SUBJECT_LAYER && v->parent < number &&
			r->s->subjects[r->first + v->parent].kind == VT_SUBJECT_IMAGE;
	case VT_COLLECT_WHATS: break;
	}
	return false;
}

vt_err vt_collecting_subject(struct vt_collecting *r)
{
	struct vt_subject v;
	vt_err e = vt_subject_read(&r->in.body, &v);

	if (e || r->begun || !is_expected(r, &v) || r->subjects++ == VT_COLLECTING_SUBJECTS_MAX)
		return VT_EPEER;
	r->begun = true;
	if (r->request->into != UINT32_MAX) {
		r->subject = r->request->into;
		return VT_OK;
	}
	v.parent += r->first;
	/* it has no say in what was asked for */
	if (v.kind == VT_SUBJECT_SYSTEM || v.kind == VT_SUBJECT_ROOT)
		v.name = r->request->job.name;
	e = vt_survey_subject(r->s, &v, &r->subject);
	r->begun = !e;
	return e;
}

vt_err vt_collecting_unscanned(struct vt_collecting *r, uint32_t subject, vt_span path)
{
	const struct vt_missed m = {
		.subject = subject, .area = VT_AREA_CONTENT, .why = VT_MISS_SCANNER, .locus = path};

	if (subject >= r->cap_not_scanned) {
		size_t cap = 2 * ((size_t)subject + 1);
		uint64_t *v = realloc(r->not_scanned, cap * sizeof *v);

		if (!v)
			return VT_ENOMEM;
		memset(v + r->cap_not_scanned, 0, (cap - r->cap_not_scanned) * sizeof *v);
		r->not_scanned = v;
		r->cap_not_scanned = cap;
	}
	r->not_scanned[subject]++;
	return vt_survey_miss(r->s, &m);
}

void vt_collecting_settle(struct vt_collecting *r)
{
	for (size_t i = 0; i < r->s->nsubjects && i < r->cap_not_scanned; i++) {
		struct vt_coverage *c = &r->s->subjects[i].coverage[VT_AREA_CONTENT];

		c->misses[VT_MISS_SCANNER] += r->not_scanned[i];
		c->read -= vt_min_u64(c->read, r->not_scanned[i]);
	}
}

static bool is_countable(const struct vt_coverage *c)
{
	bool ok = c->seen <= VT_COLLECTING_COUNT_MAX && c->read <= c->seen &&
		c->sources <= VT_COLLECTING_COUNT_MAX && c->broken <= VT_COLLECTING_COUNT_MAX;

	for (unsigned m = 0; m < VT_MISSES; m++)
		ok &= c->misses[m] <= VT_COLLECTING_COUNT_MAX;
	return ok;
}

vt_err vt_collecting_coverage(struct vt_collecting *r)
{
	struct vt_coverage v[VT_AREAS];
	struct vt_subject *s;
	uint32_t asked;
	vt_err e = vt_coverage_read(&r->in.body, v, &asked);

	if (e || !r->begun)
		return VT_EPEER;
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (!is_countable(&v[a]))
			return VT_EPEER;
	s = &r->s->subjects[r->subject];
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (asked & r->request->job.areas & 1u << a) {
			s->coverage[a] = v[a];
			s->asked[a] = true;
		}
	r->begun = false;
	r->ended++;
	return VT_OK;
}

void vt_collecting_spoil(struct vt_collecting *r)
{
	size_t from = r->first, to = r->s->nsubjects;

	if (r->request->into != UINT32_MAX) {
		from = r->request->into;
		to = from + 1;
	}
	for (size_t i = from; i < to; i++)
		for (unsigned a = 0; a < VT_AREAS; a++)
			if (r->request->job.areas & 1u << a &&
				vt_area_applies(r->s->subjects[i].kind, (enum vt_area)a)) {
				r->s->subjects[i].asked[a] = true;
				r->s->subjects[i].coverage[a].broken++;
			}
}

vt_err vt_collecting_component(struct vt_collecting *r)
{
	struct vt_component c;
	vt_err e = vt_component_read(&r->in.body, &c);

	if (e || !r->begun || r->components++ == VT_COLLECTING_COMPONENTS_MAX)
		return VT_EPEER;
	c.subject = r->subject;
	vt_buf_clear(&r->text);
	e = c.purl.n ? VT_OK : vt_purl_of_component(&c, vt_span_of("", 0), &r->text);
	if (e && e != VT_EUNSUPPORTED)
		return e;
	if (!c.purl.n)
		c.purl = vt_buf_span(&r->text);
	return vt_survey_component(r->s, &c);
}

vt_err vt_collecting_missed(struct vt_collecting *r)
{
	struct vt_missed m;
	vt_err e = vt_missed_read(&r->in.body, &m);

	if (e || !r->begun)
		return VT_EPEER;
	m.subject = r->subject;
	return vt_survey_miss(r->s, &m);
}
