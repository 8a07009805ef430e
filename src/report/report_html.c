/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for people: one file without anything outside of it. The first page says in one
 * sentence what was shown; then come the fields that the directive asks for, in its order, and
 * what the sentence rests on.
 */
#include "report/common.h"
#include "report/html_parts.h"
#include "report/json.h"
#include "report/report.h"

static const struct {
	const char *css, *word, *note;
} results[] = {
	[VT_SHOWN_ABSENT] = {"good", "SHOWN ABSENT",
		"This holds within the scope, by the methods and at the time that this report "
		"names, "
		"and not beyond them."},
	[VT_SHOWN_PRESENT] = {"bad", "FOUND", "What was found, and where, is listed below."},
	[VT_SHOWN_NOT] = {"open", "NOT SHOWN",
		"Nothing that is covered was confirmed, but what was looked at does not suffice to "
		"say "
		"that there is nothing. The reasons are listed below."},
};

static void cover(struct vt_html *h, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;
	const struct vt_directive *d = in->directive;
	enum vt_shown shown = in->run.status.shown;
	char started[VT_UTC_SIZE], ended[VT_UTC_SIZE];

	vt_html_put(
		h, "<section class=\"cover\">\n<p class=\"over\">Report on a directive</p>\n<h1>");
	vt_html_text(h, d->title);
	vt_html_put(h, "</h1>\n<p class=\"issuer\">");
	vt_html_text(h, d->issuer);
	vt_html_put(h, " \xc2\xb7 ");
	vt_html_text(h, d->id);
	vt_html_put(h, ", version ");
	vt_html_text(h, d->version);
	vt_html_putf(h,
		"</p>\n<div class=\"result %s\"><p class=\"word\">%s</p>\n<p class=\"sentence\">",
		results[shown].css, results[shown].word);
	vt_html_text(h, in->run.status.sentence);
	vt_html_putf(h, "</p>\n<p class=\"note\">%s</p></div>\n<table class=\"facts\"><tbody>\n",
		results[shown].note);
	vt_html_fact(h, "Organisation", in->organisation);
	vt_html_fact(h, "Contact", in->contact);
	vt_html_fact(h, "Host", s->host);
	vt_html_fact(h, "Machine", s->machine);
	vt_html_put(h, "<tr><th scope=\"row\">Looked at</th><td>");
	vt_html_textf(h, "%s to %s", vt_time_text_utc(s->started, started),
		vt_time_text_utc(s->ended, ended));
	vt_html_put(h, "</td></tr>\n");
	vt_html_fact(h, "By", s->user);
	vt_html_fact(h, "Run", s->id);
	vt_html_fact(h, "Program", s->tool);
	vt_html_put(h, "<tr><th scope=\"row\">Catalogue</th><td>");
	vt_html_text(h, s->catalogue_id);
	vt_html_put(h, " <span class=\"soft\">(");
	vt_html_text(h, s->catalogue_position);
	vt_html_put(h, ")</span><br><span class=\"mono soft\">SHA-256 ");
	vt_html_text(h, s->catalogue_sha256);
	vt_html_put(h, "</span></td></tr>\n<tr><th scope=\"row\">Directive</th><td>");
	vt_html_text(h, d->id);
	vt_html_put(h, " <span class=\"soft\">(");
	vt_html_text(h, in->directive_position);
	vt_html_put(h, ")</span><br><span class=\"mono soft\">SHA-256 ");
	vt_html_text(h, d->sha256);
	vt_html_put(h, "</span></td></tr>\n</tbody></table>\n</section>\n");
}

struct field {
	struct vt_html *h;
	size_t lines;
};

static vt_err add_line(void *ctx, vt_span line)
{
	struct field *f = ctx;

	vt_html_put(f->h, f->lines++ ? "<li>" : "<ul><li>");
	vt_html_text(f->h, line);
	vt_html_put(f->h, "</li>\n");
	return f->h->e;
}

static void fields(struct vt_html *h, const struct vt_report_input *in)
{
	const struct vt_directive *d = in->directive;

	if (!d->nfields)
		return;
	vt_html_put(h, "<h2>What the directive asks for</h2>\n");
	for (size_t i = 0; i < d->nfields && !h->e; i++) {
		struct field f = {.h = h};
		vt_err e;

		vt_html_put(h, "<div class=\"field\"><div class=\"id\">");
		vt_html_text(h, d->fields[i].id);
		vt_html_put(h, "</div><div class=\"title\">");
		vt_html_text(h, d->fields[i].title);
		vt_html_put(h, "</div><div class=\"answer\">");
		e = vt_report_field_lines(in, d->fields[i].key, add_line, &f);
		if (!h->e)
			h->e = e;
		vt_html_put(h,
			f.lines ? "</ul>"
				: "<span class=\"blank\">to be filled in by a person</span>");
		vt_html_put(h, "</div></div>\n");
	}
}

static void other_run(struct vt_html *h, const char *title, const struct vt_report_run *r)
{
	char time[VT_UTC_SIZE];

	if (!r->survey)
		return;
	vt_html_put(h, "<h2>");
	vt_html_str(h, title);
	vt_html_put(h, "</h2>\n<p>");
	vt_html_text(h, r->status.sentence);
	vt_html_put(h, "</p>\n<p class=\"soft small\">Run <span class=\"mono\">");
	vt_html_text(h, r->survey->id);
	vt_html_put(h, "</span>, ");
	vt_html_str(h, vt_time_text_utc(r->survey->ended, time));
	vt_html_put(h, ", <span class=\"mono\">");
	vt_html_text(h, r->survey->command);
	vt_html_put(h, "</span></p>\n");
}

vt_err vt_report_html(const struct vt_report_input *in, vt_buf *out)
{
	struct vt_html h = {.b = out};
	char time[VT_UTC_SIZE];
	size_t n = out->n;

	vt_html_begin(&h, in->directive->title);
	cover(&h, in);
	fields(&h, in);
	vt_html_findings(&h, in);
	vt_html_doubts(&h, in);
	other_run(&h, "Before", &in->before);
	other_run(&h, "By a second method", &in->second);
	vt_html_coverage(&h, in);
	vt_html_missed(&h, in);
	vt_html_dates(&h, in->directive, in->on);
	vt_html_observations(&h, in);
	vt_html_put(&h, "<footer>Made at ");
	vt_html_str(&h, vt_time_text_utc(in->time, time));
	vt_html_put(&h,
		" by Vitrine from one run of the evidence file. The same run as a signed statement "
		"(<span class=\"mono\">--format statement</span>) can be checked offline by anyone "
		"with "
		"<span class=\"mono\">vitrine prove --check</span>.</footer>\n");
	vt_html_end(&h);
	if (h.e)
		out->n = n;
	return h.e;
}
