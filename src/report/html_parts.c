/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html_parts.h"

#include "base/num.h"
#include "report/common.h"

#define MISSED_SHOWN 200
#define OBSERVATIONS_SHOWN 500

static void tag(struct vt_html *h, const char *css, const char *word)
{
	vt_html_putf(h, "<span class=\"tag %s\">", css);
	vt_html_str(h, word);
	vt_html_put(h, "</span>");
}

static const char *standing_css(enum vt_standing s)
{
	return s == VT_STANDING_COVERED ? "t-bad" : s == VT_STANDING_CANDIDATE ? "t-open" : "";
}

static void subject(struct vt_html *h, const struct vt_survey *s, uint32_t i)
{
	vt_html_textf(h, "%s ", vt_subject_word(s->subjects[i].kind));
	vt_html_text(h, s->subjects[i].name);
}

static void finding(struct vt_html *h, const struct vt_report_input *in, size_t i)
{
	const struct vt_finding *f = &in->run.survey->findings[i];
	const struct vt_exception *x = in->run.status.exceptions[i];
	enum vt_standing standing = in->run.status.standings[i];
	char day[VT_DAY_SIZE];

	vt_html_put(h, "<tr><td><strong>");
	vt_html_text(h, vt_report_product_name(in, f->product));
	vt_html_put(h, "</strong><br><span class=\"mono soft\">");
	vt_html_text(h, f->id);
	vt_html_put(h, "</span></td><td>");
	subject(h, in->run.survey, f->subject);
	vt_html_put(h, "<br><span class=\"mono\">");
	vt_html_text(h, f->place.n ? f->place : vt_span_str("installed in the system"));
	vt_html_put(h,
		f->hidden ? "</span> <span class=\"soft\">(hidden by a later layer)</span>"
			  : "</span>");
	vt_html_put(h, "</td><td>");
	tag(h, standing_css(standing), vt_standing_word(standing));
	vt_html_put(h, "<br><span class=\"small soft\">");
	vt_html_str(h, f->confidence == VT_CONFIDENCE_CONFIRMED ? "confirmed: " : "candidate: ");
	vt_html_str(h, f->why);
	if (x) {
		vt_html_put(h, "<br>exception ");
		vt_html_text(h, x->id);
		vt_html_put(h, ", approved by ");
		vt_html_text(h, x->approver);
		if (x->expires != VT_DAY_NONE)
			vt_html_textf(h, ", until %s", vt_day_write(x->expires, day));
	}
	vt_html_put(h, "</span></td></tr>\n");
}

void vt_html_findings(struct vt_html *h, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	vt_html_put(h, "<h2>Findings</h2>\n");
	if (!s->nfindings) {
		vt_html_put(h, "<p>No sign of any product of the catalogue was seen.</p>\n");
		return;
	}
	vt_html_put(h,
		"<table><thead><tr><th>Product</th><th>Where</th><th>For this "
		"directive</th></tr></thead>"
		"<tbody>\n");
	for (size_t i = 0; i < s->nfindings; i++)
		finding(h, in, i);
	vt_html_put(h, "</tbody></table>\n");
}

void vt_html_doubts(struct vt_html *h, const struct vt_report_input *in)
{
	const struct vt_status *v = &in->run.status;

	if (v->ndoubts) {
		vt_html_put(h,
			"<h2>Why absence is not shown</h2>\n<table><thead><tr><th>Where</th>"
			"<th>Reason</th></tr></thead><tbody>\n");
		for (size_t i = 0; i < v->ndoubts; i++) {
			vt_html_put(h, "<tr><td>");
			subject(h, in->run.survey, v->doubts[i].subject);
			vt_html_put(h, "</td><td>");
			vt_html_text(h, v->doubts[i].text);
			vt_html_put(h, "</td></tr>\n");
		}
		vt_html_put(h, "</tbody></table>\n");
	}
	if (!v->nunassessable)
		return;
	vt_html_put(h,
		"<h2>Not assessable by this method</h2>\n<p>The directive covers these as well. "
		"They are "
		"services or things that no look at a machine can show absent; contracts and "
		"network "
		"records can.</p>\n<ul>\n");
	for (size_t i = 0; i < v->nunassessable; i++) {
		vt_html_put(h, "<li>");
		vt_html_text(h, v->unassessable[i]->name);
		vt_html_put(h, "</li>\n");
	}
	vt_html_put(h, "</ul>\n");
}

static void area(struct vt_html *h, const struct vt_report_input *in, const struct vt_subject *s,
	enum vt_area a)
{
	static const char *const css[] = {
		[VT_ANSWER_UNKNOWN] = "t-open",
		[VT_ANSWER_NOT_FOUND] = "t-good",
		[VT_ANSWER_FOUND] = "t-bad",
	};
	const struct vt_coverage *c = &s->coverage[a];
	uint64_t special = vt_min_u64(c->misses[VT_MISS_SPECIAL], c->seen);
	uint64_t seen = c->seen - special;
	vt_buf text = VT_BUF_INIT(4096);

	vt_html_put(h, "<tr><td><strong>");
	vt_html_str(h, vt_area_word(a));
	vt_html_put(h, "</strong>");
	if (in->directive->required[a])
		vt_html_put(h, " <span class=\"soft small\">required</span>");
	vt_html_put(h, "<br><span class=\"small soft\">");
	vt_html_str(h, vt_report_area_meaning(a));
	vt_html_put(h, "</span></td><td>");
	tag(h, css[s->answer[a]], vt_answer_word(s->answer[a]));
	vt_html_put(h, "</td><td>");
	if (!h->e)
		h->e = vt_report_coverage_text(s, a, &text);
	vt_html_text(h, vt_buf_span(&text));
	if (s->asked[a] && seen)
		vt_html_putf(h, "<div class=\"bar\"><i style=\"width:%.2f%%\"></i></div>",
			100.0 * (double)vt_min_u64(c->read, seen) / (double)seen);
	vt_html_put(h, "</td></tr>\n");
	vt_buf_free(&text);
}

void vt_html_coverage(struct vt_html *h, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;

	vt_html_put(h, "<h2>Scope and methods</h2>\n");
	if (in->directive->nfields || in->directive->threshold)
		vt_html_putf(h,
			"<p>For \xe2\x80\x9c"
			"absent\xe2\x80\x9d, the directive's document asks that each "
			"required area answers, and that at least %u.%02u %% of what was seen was "
			"read.</p>\n",
			in->directive->threshold / 100, in->directive->threshold % 100);
	for (size_t i = 0; i < s->nsubjects; i++) {
		const struct vt_subject *v = &s->subjects[i];

		vt_html_put(h, "<h3>");
		subject(h, s, (uint32_t)i);
		vt_html_put(h,
			v->hidden ? " <span class=\"soft\">(partly hidden)</span></h3>\n"
				  : "</h3>\n");
		if (v->sha256.n) {
			vt_html_put(h, "<p class=\"mono soft\">SHA-256 ");
			vt_html_text(h, v->sha256);
			vt_html_put(h, "</p>\n");
		}
		vt_html_put(h,
			"<table><thead><tr><th>Area</th><th>Answer</th><th>Coverage</th></tr></"
			"thead>"
			"<tbody>\n");
		for (unsigned a = 0; a < VT_AREAS; a++)
			if (vt_area_applies(v->kind, (enum vt_area)a))
				area(h, in, v, (enum vt_area)a);
		vt_html_put(h, "</tbody></table>\n");
	}
}

void vt_html_missed(struct vt_html *h, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;
	size_t n = vt_min_size(s->nmissed, MISSED_SHOWN);

	if (!n)
		return;
	vt_html_put(h,
		"<h2>Not looked "
		"at</h2>\n<table><thead><tr><th>Area</th><th>Where</th><th>Why</th></tr>"
		"</thead><tbody>\n");
	for (size_t i = 0; i < n; i++) {
		vt_html_put(h, "<tr><td>");
		vt_html_str(h, vt_area_word(s->missed[i].area));
		vt_html_put(h, "</td><td class=\"mono\">");
		vt_html_text(h, s->missed[i].locus);
		vt_html_put(h, "</td><td>");
		vt_html_str(h, vt_miss_text(s->missed[i].why));
		vt_html_put(h, "</td></tr>\n");
	}
	vt_html_put(h, "</tbody></table>\n");
	if (s->nmissed > n)
		vt_html_putf(h, "<p class=\"soft\">and %zu more</p>\n", s->nmissed - n);
}

void vt_html_observations(struct vt_html *h, const struct vt_report_input *in)
{
	const struct vt_survey *s = in->run.survey;
	size_t n = vt_min_size(s->nobservations, OBSERVATIONS_SHOWN);

	if (!n)
		return;
	vt_html_put(h,
		"<h2>Observations</h2>\n<p class=\"soft\">Each with a command that shows it "
		"again.</p>\n"
		"<table><thead><tr><th>Kind and rule</th><th>Where and "
		"what</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++) {
		const struct vt_observation *o = &s->observations[i];

		vt_html_put(h, "<tr><td>");
		vt_html_str(h, vt_fact_word(o->kind));
		vt_html_put(h, "<br><span class=\"mono soft\">");
		vt_html_text(h, o->rule);
		vt_html_put(h, "</span></td><td><span class=\"mono\">");
		vt_html_text(h, o->locus);
		vt_html_put(h, "</span><br><span class=\"mono soft\">");
		vt_html_text(h, o->raw);
		vt_html_put(h, "</span>");
		if (o->sha256.n) {
			vt_html_put(h, "<br><span class=\"mono soft\">SHA-256 ");
			vt_html_text(h, o->sha256);
			vt_html_put(h, "</span>");
		}
		if (o->repeat.n) {
			vt_html_put(h, "<br><code>$ ");
			vt_html_text(h, o->repeat);
			vt_html_put(h, "</code>");
		}
		vt_html_put(h, "</td></tr>\n");
	}
	vt_html_put(h, "</tbody></table>\n");
	if (s->nobservations > n)
		vt_html_putf(h, "<p class=\"soft\">and %zu more</p>\n", s->nobservations - n);
}
