/* SPDX-License-Identifier: Apache-2.0 */
/* A table of the directive's dates. */
#include "report/html_parts.h"

#define DUE_MAX 256
#define NEAR 60 /* days */

static bool is_shown(const struct vt_due *d, vt_day on)
{
	return !d->action->repeats || d->number <= 1 ||
		(d->day >= on - NEAR && d->day <= on + NEAR);
}

void vt_html_dates(struct vt_html *h, const struct vt_directive *d, vt_day on)
{
	struct vt_due due[DUE_MAX];
	vt_day from = d->issued == VT_DAY_NONE ? on : d->issued;
	size_t n = vt_directive_due(d, from, on + NEAR, VT_DAY_NONE, due, DUE_MAX);
	char day[VT_DAY_SIZE];

	if (!n)
		return;
	vt_html_put(h,
		"<h2>Dates</h2>\n<table><thead><tr><th>Day</th><th>What</th><th class=\"n\">"
		"</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++) {
		int days = due[i].day - on;

		if (!is_shown(&due[i], on))
			continue;
		vt_html_put(h, "<tr><td class=\"mono day\">");
		vt_html_str(h, vt_day_write(due[i].day, day));
		vt_html_put(h, "</td><td>");
		vt_html_text(h, due[i].action->text);
		if (due[i].action->repeats)
			vt_html_textf(h, " (%u.)", due[i].number);
		vt_html_put(h, "</td><td class=\"n\">");
		if (days < 0)
			vt_html_textf(h, "%d day%s ago", -days, days == -1 ? "" : "s");
		else
			vt_html_textf(h, "in %d day%s", days, days == 1 ? "" : "s");
		vt_html_put(h, "</td></tr>\n");
	}
	vt_html_put(h, "</tbody></table>\n");
}
