/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTML page with no script and nothing from elsewhere (its policy forbids both, should an
 * escape ever be missed). Rows are written as they come; the style sheet shows the summary first.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/text.h"

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\""
	" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Vitrine scan report</title>\n<style>\n"
	"body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:76em;padding:0 1em;"
	"display:flex;flex-direction:column;color:#1a1a1a;background:#fff}\n"
	"h1,#summary{order:-1}h1{font-size:1.5em}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"th,td{text-align:left;vertical-align:top;padding:.35em .7em;border-bottom:1px solid #ddd;"
	"overflow-wrap:anywhere}\n"
	"td.p{font-family:ui-monospace,monospace;font-size:.9em}\n"
	".DETECTED{color:#b00020;font-weight:600}.SUSPICIOUS{color:#8a3ffc;font-weight:600}\n"
	".INCOMPLETE{color:#8a5a00}.CLEAN{color:#0a6b2d}\n"
	"#summary{width:auto;margin:0 0 1.5em}#summary td{text-align:right}\n"
	"@media(prefers-color-scheme:dark){body{background:#161616;color:#e8e8e8}"
	"th,td{border-color:#3a3a3a}.DETECTED{color:#ff8389}.SUSPICIOUS{color:#be95ff}"
	".INCOMPLETE{color:#f1c21b}.CLEAN{color:#42be65}}\n"
	"</style></head><body>\n<h1>Vitrine scan report</h1>\n"
	"<table><thead><tr><th>File</th><th>Inside</th><th>Verdict</th><th>What</th><th>From</th>"
	"</tr></thead><tbody>\n";

static vt_err begin(struct vt_output *o)
{
	fputs(page_head, o->file);
	return VT_OK;
}

static void put_head(FILE *f, const struct vt_result *r, vt_span inner, vt_verdict verdict)
{
	const char *word = vt_verdict_text(verdict);

	fputs("<tr><td class=\"p\">", f);
	vt_put_html(f, r->path);
	fputs("</td><td class=\"p\">", f);
	vt_put_html(f, inner);
	fprintf(f, "</td><td class=\"%s\">%s</td><td>", word, word);
}

static vt_err file(struct vt_output *o, const struct vt_result *r)
{
	const struct vt_report *rep = r->report;
	FILE *f = o->file;

	for (size_t i = 0; i < rep->ndetections; i++) {
		const struct vt_detection *d = &rep->detections[i];

		put_head(f, r, d->path, d->suspicious ? VT_SUSPICIOUS : VT_DETECTED);
		vt_put_html(f, d->rule);
		fputs("</td><td>", f);
		vt_put_html(f, d->set);
		fprintf(f, ":%" PRIu64 "</td></tr>\n", d->line);
	}
	for (size_t i = 0; i < rep->ngaps; i++) {
		put_head(f, r, rep->gaps[i].path, VT_INCOMPLETE);
		vt_put_html(f, vt_span_str(vt_reason_text(rep->gaps[i].reason)));
		if (r->error) {
			fputs(": ", f);
			vt_put_html(f, vt_span_str(strerror(r->error)));
		}
		fputs("</td><td></td></tr>\n", f);
	}
	if (r->verdict == VT_CLEAN) {
		put_head(f, r, (vt_span){0}, VT_CLEAN);
		fputs("</td><td></td></tr>\n", f);
	}
	return VT_OK;
}

static void put_row(FILE *f, const char *class, const char *what, const char *value)
{
	fprintf(f, "<tr><th>%s</th><td class=\"%s\">%s</td></tr>\n", what, class, value);
}

static vt_err end(struct vt_output *o, const struct vt_summary *s)
{
	char buf[VT_NUMBER_MAX];
	FILE *f = o->file;

	fputs("</tbody></table>\n<table id=\"summary\"><tbody>\n<tr><th>Started</th><td>", f);
	vt_put_time(f, s->started);
	fputs("</td></tr>\n", f);
	if (s->interrupted)
		put_row(f, "INCOMPLETE", "Ended early", "partial result");
	put_row(f, "", "Files", vt_format_count(s->files, buf));
	put_row(f, "", "Bytes", vt_format_bytes((double)s->bytes, buf));
	for (unsigned v = VT_DETECTED + 1; v-- > VT_CLEAN;)
		put_row(f, vt_verdict_text((vt_verdict)v), vt_verdict_text((vt_verdict)v),
			vt_format_count(s->by_verdict[v], buf));
	(void)snprintf(buf, sizeof buf, "%.2f", s->seconds);
	put_row(f, "", "Seconds", buf);
	fputs("<tr><th>Databases</th><td>", f);
	for (size_t i = 0; i < s->databases->n; i++) {
		fputs(i ? "<br>" : "", f);
		vt_put_html(f, vt_span_str(s->databases->v[i]));
	}
	fputs("</td></tr>\n</tbody></table>\n<footer>Vitrine " VITRINE_VERSION
	      "</footer></body></html>\n",
		f);
	return VT_OK;
}

const struct vt_output_ops vt_output_html = {
	.name = "html",
	.extension = "html",
	.begin = begin,
	.file = file,
	.end = end,
};
