/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine directive due: dates to keep, and exceptions that expire, as text, JSON or a calendar. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/text.h"

#define COMMAND "vitrine directive due"
#define WINDOW 90       /* days ahead that are shown if nothing is said */
#define DATES_MAX 20000 /* in all */
#define ONE_MAX 4096    /* of one directive */

struct settings {
	const char *state, *on, *from, *until, *found;
	int format;
};
enum { HUMAN, JSON, ICS };

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	VT_ON_OPTION(struct settings),
	{0, "from", "DATE", VT_OPTION_STRING, offsetof(struct settings, from),
		"begin with that day (otherwise: the last date of each action that has passed, "
		"and what comes)",
		NULL},
	{0, "until", "DATE", VT_OPTION_STRING, offsetof(struct settings, until),
		"end with that day (90 days ahead)", NULL},
	{0, "found", "DATE", VT_OPTION_STRING, offsetof(struct settings, found),
		"the day of a discovery, for dates that count from one", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"human, json or ics (RFC 5545)", "human|json|ics"},
	VT_STATE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine directive due [DIRECTIVE]... [OPTION]...\n"
		 "Lists the dates of the DIRECTIVEs, or of all that are kept here.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "What was done by a date is not known here: a date that has passed is shown as "
		 "passed.\n",
};

struct run {
	struct vt_docs docs;
	vt_day on, from, to, found;
	struct vt_date *v;
	size_t n;
};

static vt_err add_date(struct run *r, const struct vt_date *d)
{
	if (r->n == DATES_MAX) {
		vt_complain(COMMAND, "dates", "more than %d: say a nearer --until", DATES_MAX);
		return VT_ELIMIT;
	}
	r->v[r->n++] = *d;
	return VT_OK;
}

/* Without --from: of each action what comes, and of what has passed only the last. */
static bool passed_by(const struct run *r, const struct vt_due *v, size_t n, size_t i)
{
	if (r->from != VT_DAY_NONE || v[i].day >= r->on)
		return false;
	for (size_t k = i + 1; k < n; k++)
		if (v[k].action == v[i].action && v[k].day < r->on)
			return true;
	return false;
}

static vt_err add_dates(struct run *r, const struct vt_known_directive *k)
{
	vt_day superseded = vt_directive_superseded_on(&r->docs, k);
	vt_day from = r->from == VT_DAY_NONE ? k->d.issued : r->from;
	vt_day to = superseded != VT_DAY_NONE && superseded <= r->to ? superseded - 1 : r->to;
	struct vt_due *v = calloc(ONE_MAX, sizeof *v);
	vt_err e = v ? VT_OK : VT_ENOMEM;
	size_t n;

	if (e)
		return e;
	n = vt_directive_due(&k->d, from, to, r->found, v, ONE_MAX);
	if (n == ONE_MAX) {
		vt_complain(COMMAND, "dates",
			"more than %d of one directive: say --from and a "
			"nearer --until",
			ONE_MAX);
		e = VT_ELIMIT;
	}
	for (size_t i = 0; i < n && !e; i++) {
		struct vt_date d = {.k = k, .due = v[i], .day = v[i].day, .discovered = r->found};

		if (!passed_by(r, v, n, i))
			e = add_date(r, &d);
	}
	for (size_t i = 0; i < k->d.nexceptions && !e; i++) {
		const struct vt_exception *x = &k->d.exceptions[i];
		struct vt_date d = {.k = k, .x = x, .day = x->expires};

		if (x->expires <= r->to && (r->from == VT_DAY_NONE || x->expires >= r->from))
			e = add_date(r, &d);
	}
	free(v);
	return e;
}

static int by_day(const void *a, const void *b)
{
	const struct vt_date *x = a, *y = b;
	int c;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	c = strcmp((const char *)x->k->d.id.p, (const char *)y->k->d.id.p);
	if (c)
		return c;
	if (x->due.action && y->due.action && x->due.action != y->due.action)
		return x->due.action < y->due.action ? -1 : 1;
	return (x->x != NULL) - (y->x != NULL);
}

static void put_business(const struct vt_date *d, vt_day on)
{
	const struct vt_action *a = d->due.action;

	if (a && a->calendar == VT_CALENDAR_BUSINESS) {
		int n = vt_days_business_between(on, d->day, &d->k->d.holidays);

		printf(" (%d business day%s)", abs(n), abs(n) == 1 ? "" : "s");
	}
}

static void put_human(const struct run *r)
{
	char day[VT_DAY_SIZE], distance[VT_DISTANCE_MAX];

	for (size_t i = 0; i < r->n; i++) {
		const struct vt_date *d = &r->v[i];

		printf("%s %s  ", vt_directive_weekday(d->day), vt_day_write(d->day, day));
		vt_directive_distance(r->on, d->day, distance);
		printf("%s%s", d->x ? (d->day < r->on ? "expired " : "expires ") : "", distance);
		put_business(d, r->on);
		fputs("  ", stdout);
		vt_put_visible(stdout, d->k->d.id);
		fputs(": ", stdout);
		if (d->x) {
			fputs("exception ", stdout);
			vt_put_visible(stdout, d->x->id);
			fputs(" approved by ", stdout);
			vt_put_visible(stdout, d->x->approver);
			fputs("\n    ", stdout);
			vt_put_visible(stdout, d->x->reason);
		} else {
			printf("%s: ", vt_verb_word(d->due.action->verb));
			vt_put_visible(stdout, d->due.action->text);
			fputs("\n    ", stdout);
			vt_directive_explain(stdout, &d->k->d, &d->due, d->discovered);
		}
		putchar('\n');
	}
}

/* What has no date, or none any more, is said rather than left out. */
static void put_undated(struct run *r, const struct vt_known_directive *k)
{
	vt_day superseded = vt_directive_superseded_on(&r->docs, k);
	char day[VT_DAY_SIZE];

	if (superseded != VT_DAY_NONE && superseded <= r->to) {
		vt_put_visible(stdout, k->d.id);
		fputs(": superseded by ", stdout);
		vt_put_visible(stdout, k->superseded_by);
		printf(" on %s: its dates from that day on no longer count\n",
			vt_day_write(superseded, day));
	}
	for (size_t i = 0; i < k->d.nactions; i++) {
		const struct vt_action *a = &k->d.actions[i];
		bool waits = a->from_discovery && r->found == VT_DAY_NONE;

		if (a->has_due && !waits)
			continue;
		vt_put_visible(stdout, k->d.id);
		printf(": %s: %s: ", waits ? "after a discovery (--found)" : "at all times",
			vt_verb_word(a->verb));
		vt_put_visible(stdout, a->text);
		putchar('\n');
	}
}

static vt_err get_days(struct run *r, const struct settings *s)
{
	vt_err e = vt_docs_day(&r->docs, s->on, &r->on);

	r->from = r->found = VT_DAY_NONE;
	r->to = r->on + WINDOW;
	if (!e && s->from)
		e = vt_docs_day(&r->docs, s->from, &r->from);
	if (!e && s->until)
		e = vt_docs_day(&r->docs, s->until, &r->to);
	if (!e && s->found)
		e = vt_docs_day(&r->docs, s->found, &r->found);
	return e;
}

/* Those that were named, or all that are kept. */
static vt_err choose(struct run *r, const struct vt_strings *what,
	const struct vt_known_directive **out, size_t *out_n)
{
	struct vt_known_directive *v;
	vt_err e = VT_OK;

	if (what->n == 0)
		return vt_docs_list(&r->docs, false, out, out_n);
	v = vt_arena_array(&r->docs.a, what->n, sizeof *v);
	if (!v)
		return VT_ENOMEM;
	for (size_t i = 0; i < what->n && !e; i++)
		e = vt_docs_directive(&r->docs, what->v[i], &v[i]);
	*out = v;
	*out_n = what->n;
	return e == VT_END ? VT_EARG : e;
}

static vt_err run(struct run *r, const struct settings *s, const struct vt_strings *what)
{
	const struct vt_known_directive *v;
	size_t n;
	vt_err e = get_days(r, s);

	r->docs.unsigned_ok = true; /* only dates; the store warns */
	if (!e)
		e = choose(r, what, &v, &n);
	for (size_t i = 0; !e && i < n; i++)
		e = add_dates(r, &v[i]);
	if (e)
		return e;
	if (r->n > 1)
		qsort(r->v, r->n, sizeof *r->v, by_day);
	if (s->format == ICS) {
		vt_dates_ics(stdout, r->v, r->n, r->on);
	} else if (s->format == JSON) {
		vt_dates_json(stdout, r->v, r->n, r->on);
	} else {
		put_human(r);
		for (size_t i = 0; i < n; i++)
			put_undated(r, &v[i]);
	}
	return VT_OK;
}

int vt_directive_cmd_due(int argc, char **argv)
{
	struct run r = {0};
	struct settings s = {0};
	struct vt_strings what = {0};
	vt_err e = vt_options_parse(&table, argc, argv, &s, &what);

	if (!e)
		e = vt_docs_open(&r.docs, COMMAND, s.state);
	if (!e) {
		r.v = calloc(DATES_MAX, sizeof *r.v);
		e = r.v ? run(&r, &s, &what) : VT_ENOMEM;
	}
	free(r.v);
	vt_docs_close(&r.docs);
	vt_strings_free(&what);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
