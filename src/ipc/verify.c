/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/verify.h"

static vt_err whole(const vt_reader *body)
{
	return body->bad || vt_reader_left(body) ? VT_EPEER : VT_OK;
}

static bool error_of(uint8_t byte, vt_err *out)
{
	*out = (vt_err)byte;
	return byte <= VT_EVERSION;
}

static vt_err add_cause(vt_buf *b, vt_span why)
{
	return vt_msg_add_string(b, vt_span_clip(why, 0, VT_WIRE_CAUSE_MAX));
}

vt_err vt_verify_get_write(vt_buf *b, const struct vt_wire_get *g)
{
	vt_err e;

	if (g->source > UINT8_MAX || g->path.n > VT_WIRE_FILE_MAX)
		return VT_EARG;
	e = vt_msg_begin(b, VT_MSG_VERIFY_GET);
	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)g->source);
	if (!e)
		e = vt_buf_add_u64(b, g->max);
	return e ? e : vt_msg_add_string(b, g->path);
}

vt_err vt_verify_get_read(vt_reader *body, struct vt_wire_get *out)
{
	struct vt_wire_get g = {.source = vt_read_u8(body)};

	g.max = vt_read_u64le(body);
	g.path = vt_msg_read_string(body, VT_WIRE_FILE_MAX);
	if (whole(body) || g.path.n == 0)
		return VT_EPEER;
	*out = g;
	return VT_OK;
}

vt_err vt_verify_got_write(vt_buf *b, const struct vt_wire_got *g)
{
	vt_err e = vt_msg_begin(b, VT_MSG_VERIFY_GOT);

	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)g->error);
	return e ? e : add_cause(b, g->why);
}

vt_err vt_verify_got_read(vt_reader *body, struct vt_wire_got *out)
{
	struct vt_wire_got g;
	bool known = error_of(vt_read_u8(body), &g.error);

	g.why = vt_msg_read_string(body, VT_WIRE_CAUSE_MAX);
	if (whole(body) || !known)
		return VT_EPEER;
	*out = g;
	return VT_OK;
}

vt_err vt_verify_failure_write(vt_buf *b, const struct vt_wire_refused *f)
{
	vt_err e;

	if (f->source > UINT8_MAX || f->refusal > UINT16_MAX)
		return VT_EARG;
	e = vt_msg_begin(b, VT_MSG_VERIFY_FAILURE);
	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)f->source);
	if (!e)
		e = vt_buf_add_u16(b, (uint16_t)f->refusal);
	return e ? e : add_cause(b, f->why);
}

vt_err vt_verify_failure_read(vt_reader *body, struct vt_wire_refused *out)
{
	struct vt_wire_refused f = {.source = vt_read_u8(body)};

	f.refusal = vt_read_u16le(body);
	f.why = vt_msg_read_string(body, VT_WIRE_CAUSE_MAX);
	if (whole(body))
		return VT_EPEER;
	*out = f;
	return VT_OK;
}

vt_err vt_verify_done_write(vt_buf *b, const struct vt_wire_verify_done *d)
{
	vt_err e;

	if (d->source > UINT8_MAX || d->refusal > UINT16_MAX || d->kind.n > VT_WIRE_KIND_MAX)
		return VT_EARG;
	e = vt_msg_begin(b, VT_MSG_VERIFY_DONE);
	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)d->error);
	if (!e)
		e = vt_buf_add_u16(b, (uint16_t)d->refusal);
	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)d->source);
	if (!e)
		e = vt_buf_add_u8(b, d->trusted_changed);
	if (!e)
		e = vt_buf_add_u8(b, d->plan_changed);
	if (!e)
		e = vt_buf_add_u64(b, d->newer_waits);
	if (!e)
		e = vt_buf_add_u64(b, d->chunks);
	if (!e)
		e = vt_buf_add_u64(b, d->bytes);
	if (!e)
		e = vt_msg_add_string(b, d->kind);
	return e ? e : add_cause(b, d->why);
}

vt_err vt_verify_done_read(vt_reader *body, struct vt_wire_verify_done *out)
{
	struct vt_wire_verify_done d = {0};
	bool known = error_of(vt_read_u8(body), &d.error);
	uint8_t trusted, plan;

	d.refusal = vt_read_u16le(body);
	d.source = vt_read_u8(body);
	trusted = vt_read_u8(body);
	plan = vt_read_u8(body);
	d.newer_waits = vt_read_u64le(body);
	d.chunks = vt_read_u64le(body);
	d.bytes = vt_read_u64le(body);
	d.kind = vt_msg_read_string(body, VT_WIRE_KIND_MAX);
	d.why = vt_msg_read_string(body, VT_WIRE_CAUSE_MAX);
	if (whole(body) || !known || trusted > 1 || plan > 1)
		return VT_EPEER;
	d.trusted_changed = trusted;
	d.plan_changed = plan;
	*out = d;
	return VT_OK;
}
