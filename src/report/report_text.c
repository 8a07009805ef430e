/* SPDX-License-Identifier: Apache-2.0 */
/* The same report as plain text, for terminals and mails. */
#include "report/common.h"
#include "report/report.h"

/* Control characters and what is no ASCII as '?': names come from hostile disks. */
static vt_err put(vt_buf *b, vt_span s)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < s.n && !e; i++)
		e = vt_buf_add_u8(b, s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
	return e;
}

struct lines {
	vt_buf *b;
	size_t n;
};

static vt_err add_line(void *ctx, vt_span line)
{
	struct lines *l = ctx;
	vt_err e = vt_buf_addf(l->b, "     ");

	l->n++;
	if (!e)
		e = put(l->b, line);
	return e ? e : vt_buf_add_u8(l->b, '\n');
}

static vt_err field(const struct vt_report_input *in, const struct vt_report_field *f, vt_buf *out)
{
	struct lines l = {.b = out};
	vt_err e = vt_buf_addf(out, "\n(");

	if (!e)
		e = put(out, f->id);
	if (!e)
		e = vt_buf_addf(out, ") ");
	if (!e)
		e = put(out, f->title);
	if (!e)
		e = vt_buf_add_u8(out, '\n');
	if (!e)
		e = vt_report_field_lines(in, f->key, add_line, &l);
	return e || l.n ? e : vt_buf_addf(out, "     [to be filled in]\n");
}

vt_err vt_report_text(const struct vt_report_input *in, vt_buf *out)
{
	const struct vt_status *v = &in->run.status;
	size_t n = out->n;
	vt_err e = put(out, v->sentence);

	if (!e)
		e = vt_buf_add_u8(out, '\n');
	for (size_t i = 0; i < in->directive->nfields && !e; i++)
		e = field(in, &in->directive->fields[i], out);
	for (size_t i = 0; i < v->ndoubts && !e; i++) {
		e = vt_buf_addf(out, "%s", i ? "" : "\nNot shown, because of\n");
		if (!e)
			e = add_line(&(struct lines){.b = out}, v->doubts[i].text);
	}
	if (e)
		out->n = n;
	return e;
}
