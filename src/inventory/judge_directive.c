/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of a directive: found, shown absent, or not shown, and why. */
#include <inttypes.h>

#include "base/num.h"
#include "inventory/judge.h"

#define TEXT_MAX ((size_t)64 << 10)
#define ALL 10000 /* of a threshold: hundredths of a percent */

const char *vt_shown_word(enum vt_shown s)
{
	static const char *const words[] = {"absent", "found", "not shown"};

	return (unsigned)s < VT_COUNT(words) ? words[s] : "?";
}

const char *vt_standing_word(enum vt_standing s)
{
	static const char *const words[] = {
		[VT_STANDING_COVERED] = "covered",
		[VT_STANDING_CANDIDATE] = "candidate",
		[VT_STANDING_EMBEDDED] = "embedded, not addressed",
		[VT_STANDING_OTHER] = "not named",
		[VT_STANDING_EXCEPTED] = "excepted",
	};

	return (unsigned)s < VT_COUNT(words) ? words[s] : "?";
}

struct judging {
	const struct vt_survey *s;
	const struct vt_catalogue *c;
	const struct vt_directive *d;
	vt_day on;
	vt_arena *a;
	struct vt_status *out;
	size_t cap_doubts;
	size_t covered, candidates;
};

static vt_err add_doubt(struct judging *j, uint32_t subject, enum vt_area area, const vt_buf *text)
{
	struct vt_status *o = j->out;
	char *copy = vt_arena_copy(j->a, vt_buf_span(text));

	if (!copy)
		return VT_ENOMEM;
	if (o->ndoubts == j->cap_doubts) {
		size_t cap = j->cap_doubts ? 2 * j->cap_doubts : 16;
		struct vt_doubt *v = vt_arena_array(j->a, cap, sizeof *v);

		if (!v)
			return VT_ENOMEM;
		if (o->ndoubts)
			memcpy(v, o->doubts, o->ndoubts * sizeof *v);
		o->doubts = v;
		j->cap_doubts = cap;
	}
	o->doubts[o->ndoubts++] = (struct vt_doubt){subject, area, vt_span_of(copy, text->n)};
	return VT_OK;
}

/* Of a directive that addresses embedded code only: other signs beside it do not cover it up. */
static bool has_embedded(const struct vt_survey *s, const struct vt_finding *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (s->observations[f->observations[i]].embedded)
			return true;
	return false;
}

static enum vt_standing standing_of(
	struct judging *j, const struct vt_finding *f, const struct vt_exception **out_exception)
{
	const struct vt_product *p = vt_catalogue_product(j->c, f->product);
	vt_buf where = VT_BUF_INIT(TEXT_MAX);
	const vt_span subject = j->s->subjects[f->subject].name;

	if (!p || !vt_directive_covers(j->d, p))
		return VT_STANDING_OTHER;
	if (f->embedded && !j->d->embedded)
		return VT_STANDING_EMBEDDED;
	if (!f->embedded && !j->d->branded && !(j->d->embedded && has_embedded(j->s, f)))
		return VT_STANDING_OTHER;
	if (!vt_buf_add(&where, subject.p, subject.n) && !vt_buf_add_u8(&where, ':') &&
		!vt_buf_add(&where, f->place.p, f->place.n))
		*out_exception =
			vt_directive_exception(j->d, f->product, vt_buf_span(&where), j->on);
	vt_buf_free(&where);
	if (*out_exception)
		return VT_STANDING_EXCEPTED;
	return f->confidence == VT_CONFIDENCE_CONFIRMED ? VT_STANDING_COVERED
							: VT_STANDING_CANDIDATE;
}

static vt_err judge_findings(struct judging *j)
{
	size_t n = j->s->nfindings;
	vt_err e = VT_OK;

	j->out->standings = vt_arena_array(j->a, n + 1, sizeof *j->out->standings);
	j->out->exceptions = vt_arena_array(j->a, n + 1, sizeof *j->out->exceptions);
	if (!j->out->standings || !j->out->exceptions)
		return VT_ENOMEM;
	j->out->nstandings = n;
	for (size_t i = 0; i < n && !e; i++) {
		const struct vt_finding *f = &j->s->findings[i];
		vt_buf text = VT_BUF_INIT(TEXT_MAX);

		j->out->standings[i] = standing_of(j, f, &j->out->exceptions[i]);
		j->covered += j->out->standings[i] == VT_STANDING_COVERED;
		if (j->out->standings[i] == VT_STANDING_CANDIDATE) {
			j->candidates++;
			e = vt_buf_addf(&text, "candidate %.*s (%.*s) is not settled: %s",
				(int)f->id.n, (const char *)f->id.p, (int)f->product.n,
				(const char *)f->product.p, f->why);
			if (!e)
				e = add_doubt(j, f->subject, VT_AREA_CONTENT, &text);
		}
		vt_buf_free(&text);
	}
	return e;
}

/*
 * Misses that may hide anything, however few: a file system that was not entered counts as one, and
 * so does an archive that can't be opened. The threshold is for the others.
 */
static const enum vt_miss hiding[] = {VT_MISS_MOUNT, VT_MISS_EXCLUDED, VT_MISS_LIMIT,
	VT_MISS_SCANNER, VT_MISS_ENCRYPTED, VT_MISS_TOO_LARGE};

/* What there was to look at, without what has no content of its own and what was gone by then. */
static uint64_t seen_of(const struct vt_coverage *c)
{
	uint64_t nothing = c->misses[VT_MISS_SPECIAL] + c->misses[VT_MISS_VANISHED];

	return c->seen > nothing ? c->seen - nothing : 0;
}

static bool is_enough(const struct vt_coverage *c, unsigned threshold)
{
	uint64_t seen = seen_of(c), missing = seen > c->read ? seen - c->read : 0, missed = 0;

	/* what was read does not make up for what was not */
	for (unsigned m = 0; m < VT_MISSES; m++)
		if (m != VT_MISS_SPECIAL && m != VT_MISS_VANISHED &&
			missed + c->misses[m] >= missed)
			missed += c->misses[m];
	missing = vt_max_u64(missing, missed);

	/* missing / seen <= 1 - threshold, without overflow for any count */
	return (long double)missing * ALL <= (long double)seen * (ALL - threshold);
}

static vt_err put_misses(vt_buf *b, const struct vt_coverage *c)
{
	vt_err e = VT_OK;
	bool any = false;

	for (unsigned m = 0; m < VT_MISSES && !e; m++) {
		if (!c->misses[m] || m == VT_MISS_SPECIAL)
			continue;
		e = vt_buf_addf(b, "%s%" PRIu64 " %s", any ? ", " : " (", c->misses[m],
			vt_miss_word((enum vt_miss)m));
		any = true;
	}
	return !e && any ? vt_buf_add_u8(b, ')') : e;
}

/*
 * A container's image need not hold what a whole system has: it has no boot, often no accounts, and
 * its files are looked at in its layers all the same. Packages are asked for: without a database
 * nothing is known.
 */
static bool may_lack(enum vt_subject_kind k, enum vt_area a)
{
	return k == VT_SUBJECT_IMAGE && a != VT_AREA_PACKAGES;
}

/* Why this area of this subject does not show that nothing is there; appends nothing if it does. */
static vt_err doubt_text(
	vt_buf *b, const struct vt_directive *d, const struct vt_subject *s, enum vt_area a)
{
	const struct vt_coverage *c = &s->coverage[a];
	const char *word = vt_area_word(a);
	vt_err e = VT_OK;

	if (!s->asked[a])
		return vt_buf_addf(b, "%s: unknown: it was not part of the inventory", word);
	if (c->broken)
		e = vt_buf_addf(b, "%s: unknown: %" PRIu64 " that are there can't be read whole",
			word, c->broken);
	else if (!c->sources && !may_lack(s->kind, a))
		e = vt_buf_addf(b, "%s: unknown: there is no source to ask", word);
	for (size_t i = 0; i < VT_COUNT(hiding) && !e && !b->n; i++)
		if (c->misses[hiding[i]])
			e = vt_buf_addf(b, "%s: %" PRIu64 " not looked into: %s", word,
				c->misses[hiding[i]], vt_miss_text(hiding[i]));
	if (!e && !b->n && !is_enough(c, d->threshold))
		e = vt_buf_addf(b,
			"%s: %" PRIu64 " of %" PRIu64
			" were read, and the directive asks for %u.%02u %%",
			word, c->read, seen_of(c), d->threshold / 100, d->threshold % 100);
	return !e && b->n ? put_misses(b, c) : e;
}

static vt_err judge_coverage(struct judging *j)
{
	vt_err e = VT_OK;

	for (uint32_t i = 0; i < j->s->nsubjects && !e; i++)
		for (unsigned a = 0; a < VT_AREAS && !e; a++) {
			const struct vt_subject *s = &j->s->subjects[i];
			vt_buf text = VT_BUF_INIT(TEXT_MAX);

			if (!j->d->required[a] || !vt_area_applies(s->kind, (enum vt_area)a))
				continue;
			e = doubt_text(&text, j->d, s, (enum vt_area)a);
			if (!e && text.n)
				e = add_doubt(j, i, (enum vt_area)a, &text);
			vt_buf_free(&text);
		}
	return e;
}

static vt_err judge_assessable(struct judging *j)
{
	struct vt_status *o = j->out;

	o->unassessable = vt_arena_array(j->a, j->c->nproducts + 1, sizeof *o->unassessable);
	if (!o->unassessable)
		return VT_ENOMEM;
	for (size_t i = 0; i < j->c->nproducts; i++) {
		const struct vt_product *p = &j->c->products[i];

		if (!p->assessable && vt_directive_covers(j->d, p))
			o->unassessable[o->nunassessable++] = p;
	}
	return VT_OK;
}

/* The sentence ------------------------------------------------------------------------------- */

static vt_err put_time(vt_buf *b, int64_t t)
{
	char day[VT_DAY_SIZE];
	int64_t in_day = ((t % 86400) + 86400) % 86400;

	return vt_buf_addf(b, "%s %02d:%02d UTC", vt_day_write(vt_day_of_time(t), day),
		(int)(in_day / 3600), (int)(in_day / 60 % 60));
}

static vt_err put_subjects(vt_buf *b, const struct vt_survey *s)
{
	size_t n = 0;
	vt_err e = VT_OK;

	for (size_t i = 0; i < s->nsubjects && !e; i++) {
		const struct vt_subject *v = &s->subjects[i];

		if (v->kind == VT_SUBJECT_LAYER)
			continue; /* goes without saying with its image */
		if (n++ == 8) {
			e = vt_buf_addf(b, " and others");
			break;
		}
		e = vt_buf_addf(b, "%s%s ", n > 1 ? ", " : "", vt_subject_word(v->kind));
		if (!e)
			e = vt_buf_add(b, v->name.p, v->name.n);
	}
	return e;
}

static vt_err put_methods(vt_buf *b, const struct vt_survey *s)
{
	bool any = false;
	vt_err e = VT_OK;

	for (unsigned a = 0; a < VT_AREAS && !e; a++) {
		bool asked = false;

		for (size_t i = 0; i < s->nsubjects; i++)
			asked |= s->subjects[i].asked[a];
		if (!asked)
			continue;
		e = vt_buf_addf(b, "%s%s", any ? ", " : "", vt_area_word((enum vt_area)a));
		any = true;
	}
	return e;
}

static vt_err put_claim(vt_buf *b, const struct judging *j)
{
	const vt_span id = j->d->id;

	switch (j->out->shown) {
	case VT_SHOWN_ABSENT:
		return vt_buf_addf(
			b, "No product that %.*s covers is on ", (int)id.n, (const char *)id.p);
	case VT_SHOWN_PRESENT:
		return vt_buf_addf(b, "%zu cop%s of products that %.*s covers %s on ", j->covered,
			j->covered == 1 ? "y" : "ies", (int)id.n, (const char *)id.p,
			j->covered == 1 ? "is" : "are");
	case VT_SHOWN_NOT: break;
	}
	return vt_buf_addf(b, "It is not shown that no product that %.*s covers is on ", (int)id.n,
		(const char *)id.p);
}

static vt_err write_sentence(struct judging *j)
{
	vt_buf b = VT_BUF_INIT(TEXT_MAX);
	char *copy;
	vt_err e = put_claim(&b, j);

	if (!e)
		e = put_subjects(&b, j->s);
	if (!e)
		e = vt_buf_addf(&b, ", by these methods: ");
	if (!e)
		e = put_methods(&b, j->s);
	if (!e)
		e = vt_buf_addf(&b, "; with the catalogue %.*s; at ", (int)j->s->catalogue_id.n,
			(const char *)j->s->catalogue_id.p);
	if (!e)
		e = put_time(&b, j->s->ended);
	if (!e && j->out->nunassessable)
		e = vt_buf_addf(&b,
			"; %zu covered product%s can't be assessed by looking at a machine",
			j->out->nunassessable, j->out->nunassessable == 1 ? "" : "s");
	if (!e)
		e = vt_buf_add_u8(&b, '.');
	copy = e ? NULL : vt_arena_copy(j->a, vt_buf_span(&b));
	if (copy)
		j->out->sentence = vt_span_of(copy, b.n);
	vt_buf_free(&b);
	return e ? e : copy ? VT_OK : VT_ENOMEM;
}

vt_err vt_judge_directive(const struct vt_survey *s, const struct vt_catalogue *c,
	const struct vt_directive *d, vt_day on, vt_arena *a, struct vt_status *out)
{
	struct vt_status status = {0};
	struct judging j = {.s = s, .c = c, .d = d, .on = on, .a = a, .out = &status};
	vt_err e = judge_findings(&j);

	if (!e)
		e = judge_coverage(&j);
	if (!e)
		e = judge_assessable(&j);
	if (e)
		return e;
	status.shown = j.covered                                  ? VT_SHOWN_PRESENT
		: status.ndoubts || j.candidates || !s->nsubjects ? VT_SHOWN_NOT
								  : VT_SHOWN_ABSENT;
	e = write_sentence(&j);
	if (!e)
		*out = status;
	return e;
}
