/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For people: one line a finding, a summary at the end. Names are shown with their control
 * characters escaped, so that no file name can write to the terminal.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "cli/text.h"

static const char *const colors[] = {
	[VT_CLEAN] = "\x1b[32m",
	[VT_INCOMPLETE] = "\x1b[33m",
	[VT_SUSPICIOUS] = "\x1b[35m",
	[VT_DETECTED] = "\x1b[1;31m",
};

static vt_err begin(struct vt_output *o)
{
	(void)o;
	return VT_OK;
}

/* "path: VERDICT " or "path -> inner: VERDICT " */
static void put_head(
	struct vt_output *o, const struct vt_result *r, vt_span inner, vt_verdict verdict)
{
	vt_put_visible(o->file, r->path);
	if (inner.n) {
		fputs(" -> ", o->file);
		vt_put_visible(o->file, inner);
	}
	fprintf(o->file, ": %s%s%s", o->style.color ? colors[verdict] : "",
		vt_verdict_text(verdict), o->style.color ? "\x1b[0m" : "");
}

static vt_err file(struct vt_output *o, const struct vt_result *r)
{
	const struct vt_report *rep = r->report;

	if (o->style.quiet)
		return VT_OK;
	for (size_t i = 0; i < rep->ndetections; i++) {
		const struct vt_detection *d = &rep->detections[i];

		put_head(o, r, d->path, d->suspicious ? VT_SUSPICIOUS : VT_DETECTED);
		fputc(' ', o->file);
		vt_put_visible(o->file, d->rule);
		fputs(" (", o->file);
		vt_put_visible(o->file, d->set);
		fprintf(o->file, ":%" PRIu64 ")\n", d->line);
	}
	for (size_t i = 0; o->style.show != VT_SHOW_FOUND && i < rep->ngaps; i++) {
		const struct vt_gap *g = &rep->gaps[i];

		put_head(o, r, g->path, VT_INCOMPLETE);
		fprintf(o->file, " %s: %s", vt_reason_word(g->reason), vt_reason_text(g->reason));
		if (r->error)
			fprintf(o->file, " (%s)", strerror(r->error));
		fputc('\n', o->file);
	}
	if (rep->detections_dropped || rep->gaps_dropped) {
		vt_put_visible(o->file, r->path);
		fprintf(o->file, ": and %" PRIu64 " more\n",
			rep->detections_dropped + rep->gaps_dropped);
	}
	if (r->verdict == VT_CLEAN) {
		put_head(o, r, (vt_span){0}, VT_CLEAN);
		fputc('\n', o->file);
	}
	return VT_OK;
}

static void put_count(FILE *f, const char *before, uint64_t n, const char *one, const char *many)
{
	char buf[VT_NUMBER_MAX];

	fprintf(f, "%s%s %s", before, vt_format_count(n, buf), n == 1 ? one : many);
}

static void put_incomplete(FILE *f, const struct vt_summary *s)
{
	const char *sep = " (";
	char buf[VT_NUMBER_MAX];

	put_count(f, ", ", s->by_verdict[VT_INCOMPLETE], "incomplete", "incomplete");
	for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
		if (!s->gaps[i])
			continue;
		fprintf(f, "%s%s %s", sep, vt_reason_word((vt_reason)i),
			vt_format_count(s->gaps[i], buf));
		sep = ", ";
	}
	if (*sep == ',')
		fputc(')', f);
}

static vt_err end(struct vt_output *o, const struct vt_summary *s)
{
	double seconds = s->seconds > 1e-6 ? s->seconds : 1e-6;
	char a[VT_NUMBER_MAX], b[VT_NUMBER_MAX];
	FILE *f = o->file;

	if (o->style.quiet || !o->style.summary)
		return VT_OK;
	if (o->rows)
		fputc('\n', f);
	if (s->interrupted)
		fputs("Ended early: this is a partial result.\n", f);
	put_count(f, "Scanned ", s->files, "file", "files");
	fprintf(f, ", %s in %.2f s (%s/s", vt_format_bytes((double)s->bytes, a), s->seconds,
		vt_format_bytes((double)s->bytes / seconds, b));
	fprintf(f, ", %s files/s)\n", vt_format_count((uint64_t)((double)s->files / seconds), a));
	put_count(f, "", s->by_verdict[VT_DETECTED], "detected", "detected");
	if (s->by_verdict[VT_SUSPICIOUS])
		put_count(f, ", ", s->by_verdict[VT_SUSPICIOUS], "suspicious", "suspicious");
	put_incomplete(f, s);
	put_count(f, ", ", s->by_verdict[VT_CLEAN], "clean", "clean");
	if (s->skipped->special)
		put_count(
			f, "; passed over ", s->skipped->special, "special file", "special files");
	fputc('\n', f);
	return VT_OK;
}

const struct vt_output_ops vt_output_human = {
	.name = "human",
	.extension = "txt",
	.begin = begin,
	.file = file,
	.end = end,
};
