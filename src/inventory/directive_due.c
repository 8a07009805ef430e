/* SPDX-License-Identifier: Apache-2.0 */
/* What a directive asks for when, what it covers, and what is excepted. */
#include "base/num.h"
#include "inventory/directive.h"

#define PERIOD_MAX 4000000u /* days: past the year 9999 */
#define STEPS_MAX 400000u   /* of one action: daily for a thousand years */

/* The dates of one action, one after the other. */
struct dates {
	const struct vt_action *a;
	vt_day first, now, until;
	unsigned number; /* of `now`, from 1 */
	bool done;
};

static vt_day first_day(const struct vt_directive *d, const struct vt_action *a, vt_day discovered)
{
	vt_day from = a->from_discovery ? discovered : d->issued;

	if (!a->has_due)
		return VT_DAY_NONE;
	if (a->due != VT_DAY_NONE)
		return a->due;
	if (from == VT_DAY_NONE)
		return VT_DAY_NONE;
	return a->calendar == VT_CALENDAR_BUSINESS
		? vt_day_add_business(from, a->after.n, &d->holidays)
		: vt_day_add(from, a->after);
}

static void advance(const struct vt_directive *d, struct dates *t)
{
	struct vt_period p = t->a->every;
	vt_day before = t->now;

	t->done = !t->a->repeats || t->number >= STEPS_MAX;
	if (t->done)
		return;
	if (t->a->calendar == VT_CALENDAR_BUSINESS) {
		t->now = vt_day_add_business(t->now, p.n, &d->holidays);
	} else {
		/* from the first one: the 31st comes back after a short month */
		p.n = (unsigned)vt_min_u64((uint64_t)p.n * t->number, PERIOD_MAX);
		t->now = vt_day_add(t->first, p);
	}
	t->number++;
	/* where the calendar ends, sums are cut off */
	t->done = t->now <= before || t->now > t->until || t->now >= vt_day_of(9999, 12, 31);
}

static void start(const struct vt_directive *d, const struct vt_action *a, vt_day from,
	vt_day discovered, struct dates *t)
{
	*t = (struct dates){.a = a, .number = 1, .until = INT32_MAX};
	t->first = t->now = first_day(d, a, discovered);
	t->done = t->first == VT_DAY_NONE;
	if (a->until.n)
		(void)vt_day_parse(a->until, &t->until); /* or "complete": no end */
	while (!t->done && t->now < from)
		advance(d, t);
}

size_t vt_directive_due(const struct vt_directive *d, vt_day from, vt_day to, vt_day discovered,
	struct vt_due *out, size_t max)
{
	struct dates t[64];
	size_t nt = vt_min_size(d->nactions, VT_COUNT(t)), n = 0;

	for (size_t i = 0; i < nt; i++)
		start(d, &d->actions[i], from, discovered, &t[i]);
	while (n < max) {
		struct dates *next = NULL;

		for (size_t i = 0; i < nt; i++)
			if (!t[i].done && t[i].now <= to && (!next || t[i].now < next->now))
				next = &t[i];
		if (!next)
			break;
		out[n++] = (struct vt_due){
			.action = next->a, .day = next->now, .number = next->number};
		advance(d, next);
	}
	return n;
}

static bool any(struct vt_strings_of globs, vt_span s)
{
	for (size_t i = 0; i < globs.n; i++)
		if (vt_glob_match(globs.v[i], s, false))
			return true;
	return false;
}

bool vt_directive_covers(const struct vt_directive *d, const struct vt_product *p)
{
	if (any(d->exclusions, p->id) ||
		(!d->services && vt_span_eq(p->category, vt_span_str("service"))) ||
		(!d->hardware && vt_span_eq(p->category, vt_span_str("hardware"))))
		return false;
	for (size_t i = 0; i < d->ncovered; i++)
		if (any(d->covered[i].products, p->id))
			return true;
	return false;
}

const struct vt_exception *vt_directive_exception(
	const struct vt_directive *d, vt_span product, vt_span subject_and_place, vt_day on)
{
	for (size_t i = 0; i < d->nexceptions; i++) {
		const struct vt_exception *x = &d->exceptions[i];

		/* the day that it expires on is its last */
		if (on <= x->expires && any(x->products, product) &&
			(x->scope.n == 0 || vt_glob_match(x->scope, subject_and_place, false)))
			return x;
	}
	return NULL;
}
