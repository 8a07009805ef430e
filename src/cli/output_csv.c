/* SPDX-License-Identifier: Apache-2.0 */
/* CSV (RFC 4180): a header line, then one row a detection or gap, or one for a clean file. */
#include <inttypes.h>

#include "cli/output.h"
#include "cli/text.h"

static vt_err begin(struct vt_output *o)
{
	fputs("path,verdict,bytes,inner_path,rule,set,line,reason\r\n", o->file);
	return VT_OK;
}

static void put_head(FILE *f, const struct vt_result *r, vt_span inner)
{
	vt_put_csv(f, r->path);
	fprintf(f, ",%s,%" PRIu64 ",", vt_verdict_text(r->verdict), r->report->file_bytes);
	vt_put_csv(f, inner);
	fputc(',', f);
}

static vt_err file(struct vt_output *o, const struct vt_result *r)
{
	const struct vt_report *rep = r->report;
	FILE *f = o->file;

	for (size_t i = 0; i < rep->ndetections; i++) {
		const struct vt_detection *d = &rep->detections[i];

		put_head(f, r, d->path);
		vt_put_csv(f, d->rule);
		fputc(',', f);
		vt_put_csv(f, d->set);
		fprintf(f, ",%" PRIu64 ",\r\n", d->line);
	}
	for (size_t i = 0; i < rep->ngaps; i++) {
		put_head(f, r, rep->gaps[i].path);
		fprintf(f, ",,,%s\r\n", vt_reason_word(rep->gaps[i].reason));
	}
	if (rep->ndetections + rep->ngaps == 0) {
		put_head(f, r, (vt_span){0});
		fputs(",,,\r\n", f);
	}
	return VT_OK;
}

static vt_err end(struct vt_output *o, const struct vt_summary *s)
{
	(void)o;
	(void)s;
	return VT_OK;
}

const struct vt_output_ops vt_output_csv = {
	.name = "csv",
	.extension = "csv",
	.lists_clean = true,
	.begin = begin,
	.file = file,
	.end = end,
};
