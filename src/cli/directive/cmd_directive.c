/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine directive: finds the verb in verbs.def and calls it; what verbs share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/verbs.h"
#include "os/fd.h"
#include "store/folder.h"

static const struct vt_verb_row rows[] = {
#define VT_DIRECTIVE_VERB(name, word, help) {(word), (help), vt_directive_cmd_##name},
#include "cli/directive/verbs.def"
#undef VT_DIRECTIVE_VERB
};
static const struct vt_verbs verbs = {
	.command = "vitrine directive",
	.about = "Orders to find and remove products: their dates, exceptions and signatures.",
	.v = rows,
	.n = VT_COUNT(rows),
};

int vt_cmd_directive(int argc, char **argv)
{
	return vt_verbs_run(&verbs, argc, argv);
}

vt_err vt_directive_lock(struct vt_docs *docs, int *out_dir, int *out_lock)
{
	char *path = NULL;
	int dir = -1;
	vt_err e;

	if (asprintf(&path, "%s/directives", docs->state) < 0)
		return VT_ENOMEM;
	e = vt_store_open(path, true, &dir);
	if (!e)
		e = vt_store_lock(dir, true, out_lock);
	if (e) {
		vt_complain(
			docs->command, path, "%s", e == VT_EIO ? strerror(errno) : vt_err_text(e));
		vt_fd_close(dir);
	} else {
		*out_dir = dir;
	}
	free(path);
	return e;
}

const char *vt_directive_weekday(vt_day d)
{
	static const char *const words[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

	return words[vt_day_weekday(d)];
}

const char *vt_directive_distance(vt_day on, vt_day day, char buf[VT_DISTANCE_MAX])
{
	int n = day - on;

	if (n == 0)
		snprintf(buf, VT_DISTANCE_MAX, "today");
	else if (n > 0)
		snprintf(buf, VT_DISTANCE_MAX, "in %d day%s", n, n == 1 ? "" : "s");
	else
		snprintf(buf, VT_DISTANCE_MAX, "%d day%s ago", -n, n == -1 ? "" : "s");
	return buf;
}

static const char *unit(struct vt_period p, enum vt_calendar calendar)
{
	bool one = p.n == 1;

	if (calendar == VT_CALENDAR_BUSINESS)
		return one ? "business day" : "business days";
	switch (p.unit) {
	case 'W': return one ? "week" : "weeks";
	case 'M': return one ? "month" : "months";
	case 'Y': return one ? "year" : "years";
	default: return one ? "day" : "days";
	}
}

/* The days between that a count of business days passed over, but for weekends. */
static void explain_holidays(FILE *f, const struct vt_directive *d, vt_day from, vt_day to)
{
	char buf[VT_DAY_SIZE];
	unsigned n = 0;

	for (vt_day day = from + 1; day < to && n < 8; day++)
		if (vt_day_weekday(day) < 5 && !vt_day_is_business(day, &d->holidays))
			fprintf(f, "%s%s",
				n++ ? ", " : "; holidays not counted: ", vt_day_write(day, buf));
}

void vt_directive_explain(
	FILE *f, const struct vt_directive *d, const struct vt_due *due, vt_day discovered)
{
	const struct vt_action *a = due->action;
	vt_day from = a->from_discovery ? discovered : d->issued;
	char buf[VT_DAY_SIZE];

	if (a->due != VT_DAY_NONE)
		fputs("a fixed date", f);
	else
		fprintf(f, "%u %s after %s (%s)", a->after.n, unit(a->after, a->calendar),
			vt_day_write(from, buf), a->from_discovery ? "the discovery" : "its issue");
	if (due->number > 1)
		fprintf(f, ", then every %u %s: no. %u", a->every.n, unit(a->every, a->calendar),
			due->number);
	else if (a->repeats)
		fputs(": no. 1", f);
	if (a->calendar == VT_CALENDAR_BUSINESS && a->due == VT_DAY_NONE)
		explain_holidays(f, d, from, due->day);
}

vt_day vt_directive_superseded_on(struct vt_docs *docs, const struct vt_known_directive *k)
{
	const struct vt_known_directive *v;
	size_t n;

	if (k->superseded_by.n == 0 || vt_docs_list(docs, true, &v, &n))
		return VT_DAY_NONE;
	for (size_t i = 0; i < n; i++)
		if (vt_span_eq(v[i].d.id, k->superseded_by))
			return v[i].d.issued;
	return VT_DAY_NONE;
}

bool vt_directive_next(const struct vt_directive *d, vt_day on, bool reports, struct vt_due *out)
{
	struct vt_due v[64];
	size_t n = vt_directive_due(d, on, INT32_MAX, VT_DAY_NONE, v, VT_COUNT(v));

	for (size_t i = 0; i < n; i++) {
		enum vt_verb verb = v[i].action->verb;

		if (reports && verb != VT_VERB_REPORT && verb != VT_VERB_STATUS)
			continue;
		*out = v[i];
		return true;
	}
	return false;
}
