/* SPDX-License-Identifier: Apache-2.0 */
#include "tlog/checkpoint.h"

#include "base/base64.h"
#include "tlog/lines.h"

vt_err vt_checkpoint_parse(vt_span text, struct vt_checkpoint *out)
{
	vt_span size, root;
	struct vt_checkpoint c;
	size_t n;

	if (!vt_note_text_ok(text) || !vt_line_take(&text, &c.origin) ||
		!vt_line_take(&text, &size) || !vt_line_take(&text, &root))
		return VT_EFORMAT;
	/* what is left would be extension lines */
	if (c.origin.n == 0 || text.n != 0)
		return VT_EFORMAT;
	if (!vt_decimal_get(size, &c.size) || c.size > VT_TREE_MAX)
		return VT_EFORMAT;
	if (!vt_base64_get(root, c.root.b, sizeof c.root.b, &n) || n != sizeof c.root.b)
		return VT_EFORMAT;
	*out = c;
	return VT_OK;
}

vt_err vt_checkpoint_write(vt_buf *b, const struct vt_checkpoint *c)
{
	vt_err e = vt_buf_add(b, c->origin.p, c->origin.n);

	if (!e)
		e = vt_buf_addf(b, "\n%llu\n", (unsigned long long)c->size);
	if (!e)
		e = vt_base64_add(b, vt_span_of(c->root.b, sizeof c->root.b));
	return e ? e : vt_buf_add_u8(b, '\n');
}

vt_err vt_head_parse(vt_span note, const struct vt_key *log, struct vt_head *out)
{
	uint64_t time;
	vt_err e = vt_note_parse(note, &out->note);

	if (!e)
		e = vt_checkpoint_parse(out->note.text, &out->at);
	if (e)
		return e;
	if (!vt_span_eq(out->at.origin, vt_span_str(log->name)) ||
		vt_note_verify(&out->note, log, &time) != VT_SIGNED_YES)
		return VT_ECHECKSUM;
	return VT_OK;
}
