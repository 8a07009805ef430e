/* SPDX-License-Identifier: Apache-2.0 */
/* Observations to findings. What a directive makes of them is in judge_directive.c. */
#include "inventory/judge.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "inventory/place.h"

/* An observation with its place. */
struct sign {
	uint32_t index;
	const struct vt_observation *o;
	vt_span place;
};

static int compare_spans(vt_span x, vt_span y)
{
	int c = memcmp(x.p, y.p, vt_min_size(x.n, y.n));

	return c ? c : (x.n > y.n) - (x.n < y.n);
}

/* As paths: what is below a folder comes right behind it, and not behind "folder-x". */
static int compare_places(vt_span x, vt_span y)
{
	size_t n = 0, least = vt_min_size(x.n, y.n);

	while (n < least && x.p[n] == y.p[n])
		n++;
	if (n == least || (x.p[n] != '/' && y.p[n] != '/'))
		return compare_spans(x, y);
	return x.p[n] == '/' ? -1 : 1;
}

/* By subject, product, place, and last by the order in which they came. */
static int compare_signs(const void *a, const void *b)
{
	const struct sign *x = a, *y = b;
	int c = (x->o->subject > y->o->subject) - (x->o->subject < y->o->subject);

	if (!c)
		c = compare_spans(x->o->product, y->o->product);
	if (!c)
		c = compare_places(x->place, y->place);
	return c ? c : (x->index > y->index) - (x->index < y->index);
}

static vt_span parent_of(vt_span path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return vt_span_of(path.p, n > 1 ? n - 1 : n);
}

/*
 * Do two signs support each other? They must be of different kinds, at different places, and not
 * both from memory. A name in a folder is part of what makes the folder.
 */
static bool independent(const struct vt_observation *x, const struct vt_observation *y)
{
	if (x->kind == y->kind || (x->memory && y->memory) || vt_span_eq(x->locus, y->locus))
		return false;
	if (x->kind == VT_FACT_FOLDER && y->kind == VT_FACT_FILE)
		return !vt_span_eq(parent_of(y->locus), x->locus);
	if (y->kind == VT_FACT_FOLDER && x->kind == VT_FACT_FILE)
		return !vt_span_eq(parent_of(x->locus), y->locus);
	return true;
}

/*
 * A bounded number of signs is compared, but none that could stand alone is passed over for others
 * like it: two signs are independent by kind, memory, locus and (of names in a folder) the folder
 * above, so a few of each that differ in these say what all of them would.
 */
#define PER_KIND 12  /* and as many from memory */
#define PER_FOLDER 3 /* of these */

struct chosen {
	const struct vt_observation *v[VT_FACT_KINDS * 2 * PER_KIND];
	size_t n, per_kind[VT_FACT_KINDS][2];
};

static void choose(struct chosen *c, const struct vt_observation *o)
{
	vt_span folder = parent_of(o->locus);
	size_t alike = 0;

	if (c->per_kind[o->kind][o->memory] == PER_KIND)
		return;
	for (size_t i = 0; i < c->n; i++) {
		const struct vt_observation *x = c->v[i];

		if (x->kind != o->kind || x->memory != o->memory)
			continue;
		if (vt_span_eq(x->locus, o->locus))
			return;
		alike += vt_span_eq(parent_of(x->locus), folder);
	}
	if (alike >= PER_FOLDER)
		return;
	c->per_kind[o->kind][o->memory]++;
	c->v[c->n++] = o;
}

static void weigh(const struct sign *v, size_t n, struct vt_finding *f)
{
	struct chosen c = {.n = 0};
	bool all_memory = true;

	f->confidence = VT_CONFIDENCE_CANDIDATE;
	f->embedded = f->hidden = true;
	for (size_t i = 0; i < n; i++) {
		const struct vt_observation *o = v[i].o;

		f->embedded &= o->embedded;
		f->hidden &= o->hidden;
		all_memory &= o->memory;
		if (o->decisive && !o->memory) {
			f->confidence = VT_CONFIDENCE_CONFIRMED;
			f->why = "a signer or a hash that identifies it";
		}
		choose(&c, o);
	}
	if (f->confidence == VT_CONFIDENCE_CONFIRMED)
		return;
	for (size_t i = 0; i < c.n; i++)
		for (size_t k = 0; k < i; k++)
			if (independent(c.v[i], c.v[k])) {
				f->confidence = VT_CONFIDENCE_CONFIRMED;
				f->why = "signs of two independent kinds";
				return;
			}
	f->why = all_memory
		? "only signs that nobody has looked up in a source"
		: "only one kind of sign, which may be a name that means something else";
}

/* "F" and the first 48 bits of a hash: the same copy has the same id in every run. */
static vt_err name_finding(struct vt_survey *s, struct vt_finding *f)
{
	vt_buf b = VT_BUF_INIT(1 << 20), hex = VT_BUF_INIT(64);
	const struct vt_subject *subject = &s->subjects[f->subject];
	uint8_t digest[32];
	bool ok = true;
	vt_err e = vt_buf_addf(&b, "vitrine/finding/v1\n%s\n", vt_subject_word(subject->kind));

	/* this machine may be called something else tomorrow */
	if (!e && subject->kind != VT_SUBJECT_SYSTEM)
		e = vt_buf_add(&b, subject->name.p, subject->name.n);
	if (!e)
		e = vt_buf_add_u8(&b, '\n');
	if (!e)
		e = vt_buf_add(&b, f->product.p, f->product.n);
	if (!e)
		e = vt_buf_add_u8(&b, '\n');
	if (!e)
		e = vt_buf_add(&b, f->place.p, f->place.n);
	if (!e) {
		vt_sha256(vt_buf_span(&b), digest);
		e = vt_buf_add_u8(&hex, 'F');
	}
	if (!e)
		e = vt_hex_add(&hex, vt_span_of(digest, 6));
	if (!e)
		f->id = vt_survey_copy(s, vt_buf_span(&hex), VT_SURVEY_TEXT_MAX, &ok);
	vt_buf_free(&b);
	vt_buf_free(&hex);
	return e ? e : ok ? VT_OK : VT_ENOMEM;
}

static vt_err add_finding(struct vt_survey *s, const struct sign *v, size_t n, vt_span place)
{
	struct vt_finding *f = &s->findings[s->nfindings];

	*f = (struct vt_finding){
		.product = v[0].o->product, .subject = v[0].o->subject, .place = place, .n = n};
	f->observations = vt_arena_array(&s->arena, n, sizeof *f->observations);
	if (!f->observations)
		return VT_ENOMEM;
	for (size_t i = 0; i < n; i++)
		f->observations[i] = v[i].index;
	weigh(v, n, f);
	s->nfindings++;
	return name_finding(s, f);
}

static bool same_copy(const struct sign *x, const struct sign *y, vt_span place, vt_span *out)
{
	return x->o->subject == y->o->subject && vt_span_eq(x->o->product, y->o->product) &&
		vt_place_join(place, y->place, out);
}

/* Neighbours in the order of places are one copy as long as they have a folder of their own. */
static vt_err group(struct vt_survey *s, const struct sign *v, size_t n)
{
	vt_err e = VT_OK;

	for (size_t from = 0; from < n && !e;) {
		vt_span place = v[from].place, joined;
		size_t to = from + 1;

		while (to < n && same_copy(&v[from], &v[to], place, &joined)) {
			place = joined;
			to++;
		}
		e = add_finding(s, v + from, to - from, place);
		from = to;
	}
	return e;
}

bool vt_area_applies(enum vt_subject_kind k, enum vt_area a)
{
	if (k == VT_SUBJECT_SYSTEM)
		return true;
	if (k == VT_SUBJECT_LAYER)
		return a == VT_AREA_CONTENT;
	return a != VT_AREA_PROCESSES && a != VT_AREA_NETWORK;
}

/* What an area says of everything in the catalogue. */
static void answer(struct vt_survey *s)
{
	for (size_t i = 0; i < s->nsubjects; i++)
		for (unsigned a = 0; a < VT_AREAS; a++) {
			const struct vt_coverage *c = &s->subjects[i].coverage[a];

			s->subjects[i].answer[a] =
				!s->subjects[i].asked[a] || !c->sources || c->broken
				? VT_ANSWER_UNKNOWN
				: VT_ANSWER_NOT_FOUND;
		}
	for (size_t i = 0; i < s->nobservations; i++) {
		const struct vt_observation *o = &s->observations[i];

		s->subjects[o->subject].answer[vt_fact_area(o->kind)] = VT_ANSWER_FOUND;
	}
}

vt_err vt_judge_findings(struct vt_survey *s, const struct vt_catalogue *c)
{
	struct sign *v = calloc(s->nobservations + 1, sizeof *v);
	vt_err e = v ? VT_OK : VT_ENOMEM;

	s->nfindings = 0;
	if (!e) {
		s->findings = vt_arena_array(&s->arena, s->nobservations + 1, sizeof *s->findings);
		e = s->findings ? VT_OK : VT_ENOMEM;
	}
	for (size_t i = 0; i < s->nobservations && !e; i++) {
		const struct vt_observation *o = &s->observations[i];

		v[i] = (struct sign){.index = (uint32_t)i, .o = o};
		e = vt_place_of(o, vt_catalogue_product(c, o->product), &s->arena, &v[i].place);
	}
	if (!e) {
		qsort(v, s->nobservations, sizeof *v, compare_signs);
		e = group(s, v, s->nobservations);
	}
	if (!e)
		answer(s);
	free(v);
	return e;
}
