/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet's report for people, with a chart of how it went. */
#include <inttypes.h>

#include "base/num.h"
#include "report/common.h"
#include "report/fleet.h"
#include "report/html_parts.h"
#include "report/json.h"

static const struct {
	const char *fill, *tag;
} looks[VT_FLEET_STATES] = {
	[VT_FLEET_ABSENT] = {"#2f8f5b", "t-good"},
	[VT_FLEET_FOUND] = {"#c0392b", "t-bad"},
	[VT_FLEET_NOT_SHOWN] = {"#d99a2b", "t-open"},
	[VT_FLEET_STALE] = {"#aab4c0", ""},
	[VT_FLEET_SILENT] = {"#6b7785", ""},
};

static vt_span product_name(const struct vt_fleet *f, vt_span id)
{
	const struct vt_report_input in = {.catalogue = f->catalogue};

	return vt_report_product_name(&in, id);
}

static void cover(struct vt_html *h, const struct vt_fleet *f)
{
	static const char *const css[] = {"good", "bad", "open"};
	static const char *const words[] = {"SHOWN ABSENT", "FOUND", "NOT SHOWN"};
	enum vt_shown shown = vt_fleet_shown(f);
	vt_buf sentence = VT_BUF_INIT(4096);
	char day[VT_DAY_SIZE];

	if (!h->e)
		h->e = vt_fleet_sentence(f, &sentence);
	vt_html_put(h,
		"<section class=\"cover\">\n<p class=\"over\">Report on a directive, many "
		"machines</p>\n<h1>");
	vt_html_text(h, f->directive->title);
	vt_html_put(h, "</h1>\n<p class=\"issuer\">");
	vt_html_text(h, f->directive->issuer);
	vt_html_put(h, " \xc2\xb7 ");
	vt_html_text(h, f->directive->id);
	vt_html_putf(h,
		"</p>\n<div class=\"result %s\"><p class=\"word\">%s</p>\n<p class=\"sentence\">",
		css[shown], words[shown]);
	vt_html_text(h, vt_buf_span(&sentence));
	vt_html_put(h, "</p></div>\n<table class=\"facts\"><tbody>\n");
	vt_html_fact(h, "Organisation", f->organisation);
	vt_html_fact(h, "Day", vt_span_str(vt_day_write(f->on, day)));
	vt_html_fact(h, "Document", f->directive->sha256);
	vt_html_put(h,
		"</tbody></table>\n<table><thead><tr><th>Machines</th><th class=\"n\">"
		"Number</th><th class=\"n\">Share</th></tr></thead><tbody>\n");
	for (unsigned s = 0; s < VT_FLEET_STATES; s++) {
		vt_html_putf(h, "<tr><td><span class=\"tag %s\">", looks[s].tag);
		vt_html_str(h, vt_fleet_state_word((enum vt_fleet_state)s));
		vt_html_put(h, "</span></td><td class=\"n\">");
		vt_html_count(h, f->counts[s]);
		vt_html_putf(h, "</td><td class=\"n\">%.1f %%</td></tr>\n",
			f->nmachines ? 100.0 * (double)f->counts[s] / (double)f->nmachines : 0.0);
	}
	vt_html_put(h, "<tr><th scope=\"row\">all</th><td class=\"n\"><strong>");
	vt_html_count(h, f->nmachines);
	vt_html_put(h,
		"</strong></td><td class=\"n\">100.0 %</td></tr>\n</tbody></table>\n</section>\n");
	vt_buf_free(&sentence);
}

#define CHART_W 880
#define CHART_H 240
#define CHART_LEFT 46
#define CHART_TOP 12

static void column(struct vt_html *h, const struct vt_fleet *f, size_t i, double slot)
{
	double width = slot * 0.62, x = CHART_LEFT + slot * (double)i + (slot - width) / 2;
	double y = CHART_TOP + CHART_H;
	char day[VT_DAY_SIZE];

	for (unsigned s = 0; s < VT_FLEET_STATES; s++) {
		uint64_t n = f->steps[i].machines[s];
		double height = CHART_H * (double)n / (double)f->nmachines;

		if (!n)
			continue;
		y -= height;
		vt_html_putf(h,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
			"fill=\"%s\"><title>"
			"%" PRIu64 " ",
			x, y, width, height, looks[s].fill, n);
		vt_html_str(h, vt_fleet_state_word((enum vt_fleet_state)s));
		vt_html_put(h, "</title></rect>\n");
		if (height >= 15)
			vt_html_putf(h,
				"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" "
				"style=\"fill:#fff\">"
				"%" PRIu64 "</text>\n",
				x + width / 2, y + height / 2 + 4, n);
	}
	vt_html_putf(h, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
		x + width / 2, CHART_TOP + CHART_H + 18,
		f->nsteps > 8 ? vt_day_write(f->steps[i].day, day) + 5
			      : vt_day_write(f->steps[i].day, day));
}

static void legend(struct vt_html *h)
{
	int x = CHART_LEFT;

	for (unsigned s = 0; s < VT_FLEET_STATES; s++) {
		const char *word = vt_fleet_state_word((enum vt_fleet_state)s);

		vt_html_putf(h,
			"<rect x=\"%d\" y=\"%d\" width=\"11\" height=\"11\" fill=\"%s\"/><text "
			"x=\"%d\" "
			"y=\"%d\">%s</text>\n",
			x, CHART_TOP + CHART_H + 34, looks[s].fill, x + 16,
			CHART_TOP + CHART_H + 44, word);
		x += 46 + (int)(strlen(word) * 7);
	}
}

static void chart(struct vt_html *h, const struct vt_fleet *f)
{
	double slot = (double)(CHART_W - CHART_LEFT) / (double)(f->nsteps ? f->nsteps : 1);

	if (!f->nmachines)
		return;
	vt_html_putf(h,
		"<h2>How it went</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"machines by "
		"what was shown of them, over time\">\n",
		CHART_W, CHART_TOP + CHART_H + 54);
	for (int i = 0; i <= 4; i++) {
		int y = CHART_TOP + CHART_H - CHART_H * i / 4;

		vt_html_putf(h,
			"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#d9dfe7\"/><text "
			"x=\"%d\" "
			"y=\"%d\" text-anchor=\"end\">%d %%</text>\n",
			CHART_LEFT, y, CHART_W, y, CHART_LEFT - 6, y + 4, 25 * i);
	}
	for (size_t i = 0; i < f->nsteps; i++)
		column(h, f, i, slot);
	legend(h);
	vt_html_put(h, "</svg>\n");
}

static void products(struct vt_html *h, const struct vt_fleet *f)
{
	vt_html_put(h, "<h2>Endpoints per product</h2>\n");
	if (!f->nproducts) {
		vt_html_put(
			h, "<p>No machine that answered has a sign of a covered product.</p>\n");
		return;
	}
	vt_html_put(h,
		"<table><thead><tr><th>Product</th><th class=\"n\">Machines with it</th><th "
		"class=\"n\">"
		"with signs only</th><th class=\"n\">had it, silent "
		"since</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < f->nproducts; i++) {
		vt_html_put(h, "<tr><td>");
		vt_html_text(h, product_name(f, f->products[i].id));
		vt_html_put(h, "</td><td class=\"n\">");
		vt_html_count(h, f->products[i].machines);
		vt_html_put(h, " of ");
		vt_html_count(h, f->nmachines);
		vt_html_put(h, "</td><td class=\"n\">");
		vt_html_count(h, f->products[i].candidates);
		vt_html_put(h, "</td><td class=\"n\">");
		vt_html_count(h, f->products[i].stale);
		vt_html_put(h, "</td></tr>\n");
	}
	vt_html_put(h, "</tbody></table>\n");
}

static void dates(struct vt_html *h, const struct vt_fleet *f)
{
	vt_html_dates(h, f->directive, f->on);
	if (f->counts[VT_FLEET_ABSENT] < f->nmachines) {
		vt_html_put(h, "<p>");
		vt_html_count(h, f->nmachines - f->counts[VT_FLEET_ABSENT]);
		vt_html_put(h, " of ");
		vt_html_count(h, f->nmachines);
		vt_html_put(h, " machines are left.</p>\n");
	}
}

static void machine(struct vt_html *h, const struct vt_fleet *f, const struct vt_fleet_machine *m)
{
	char time[VT_UTC_SIZE];

	vt_html_put(h, "<tr><td><strong>");
	vt_html_text(h, m->host.n ? m->host : m->machine);
	vt_html_put(h, "</strong>");
	if (m->note.n) {
		vt_html_put(h, " <span class=\"soft\">");
		vt_html_text(h, m->note);
		vt_html_put(h, "</span>");
	}
	if (f->nexpected && !m->expected)
		vt_html_put(h, " <span class=\"soft small\">not on the list</span>");
	vt_html_put(h, "<br><span class=\"mono soft\">");
	vt_html_text(h, m->machine);
	vt_html_putf(h, "</span></td><td><span class=\"tag %s\">", looks[m->state].tag);
	vt_html_str(h, vt_fleet_state_word(m->state));
	vt_html_put(h, "</span></td><td>");
	for (size_t i = 0; m->last && i < m->last->nproducts; i++) {
		vt_html_text(h, product_name(f, m->last->products[i]));
		vt_html_put(h,
			m->last->confirmed[i] ? "<br>"
					      : " <span class=\"soft\">(signs)</span><br>");
	}
	if (m->last && m->last->doubt.n) {
		vt_html_put(h, "<span class=\"small soft\">");
		vt_html_text(h, m->last->doubt);
		if (m->last->ndoubts > 1)
			vt_html_textf(h, ", and %zu more", m->last->ndoubts - 1);
		vt_html_put(h, "</span>");
	}
	vt_html_put(h, "</td><td class=\"mono small\">");
	if (m->last)
		vt_html_str(h, vt_time_text_utc(m->last->ended, time));
	vt_html_put(h, "</td></tr>\n");
}

/* Those first that somebody must do something about. */
static void machines(struct vt_html *h, const struct vt_fleet *f)
{
	static const enum vt_fleet_state order[] = {VT_FLEET_FOUND, VT_FLEET_SILENT, VT_FLEET_STALE,
		VT_FLEET_NOT_SHOWN, VT_FLEET_ABSENT};

	vt_html_put(h,
		"<h2>Machines</h2>\n<table><thead><tr><th>Machine</th><th>State</th><th>Products, "
		"reasons</th><th>Last proof</th></tr></thead><tbody>\n");
	for (size_t s = 0; s < VT_COUNT(order); s++)
		for (size_t i = 0; i < f->nmachines; i++)
			if (f->machines[i].state == order[s])
				machine(h, f, &f->machines[i]);
	vt_html_put(h, "</tbody></table>\n");
}

static void refused(struct vt_html *h, const struct vt_fleet *f)
{
	if (!f->nrefused)
		return;
	vt_html_put(h,
		"<h2>Refused</h2>\n<p>These files are no proofs; their machines count as if they "
		"had not answered.</p>\n<table><thead><tr><th>File</th><th>Why</th></tr></thead>"
		"<tbody>\n");
	for (size_t i = 0; i < f->nrefused; i++) {
		vt_html_put(h, "<tr><td class=\"mono\">");
		vt_html_text(h, f->refused[i].file);
		vt_html_put(h, "</td><td>");
		vt_html_text(h, f->refused[i].why);
		vt_html_put(h, "</td></tr>\n");
	}
	vt_html_put(h, "</tbody></table>\n");
}

vt_err vt_fleet_html(const struct vt_fleet *f, vt_buf *out)
{
	struct vt_html h = {.b = out};
	char time[VT_UTC_SIZE];

	vt_html_begin(&h, f->directive->title);
	cover(&h, f);
	chart(&h, f);
	products(&h, f);
	dates(&h, f);
	machines(&h, f);
	refused(&h, f);
	vt_html_put(&h, "<footer>Made at ");
	vt_html_str(&h, vt_time_text_utc(f->time, time));
	vt_html_put(&h, " by Vitrine from signed proofs, each of which was checked.</footer>\n");
	vt_html_end(&h);
	return h.e;
}
