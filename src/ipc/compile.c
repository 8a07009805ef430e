/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/compile.h"

#include "base/num.h"

static vt_err add_clipped(vt_buf *b, vt_span s, size_t max)
{
	return vt_msg_add_string(b, vt_span_clip(s, 0, max));
}

static vt_err add_all(vt_buf *b, const uint64_t *v, size_t n)
{
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < n; i++)
		e = vt_buf_add_u64(b, v[i]);
	return e;
}

static vt_err whole(const vt_reader *body)
{
	return body->bad || vt_reader_left(body) ? VT_EPEER : VT_OK;
}

vt_err vt_compile_write(vt_buf *b, bool strict)
{
	vt_err e = vt_msg_begin(b, VT_MSG_COMPILE);

	if (!e)
		e = vt_buf_add_u32(b, VT_PROTOCOL);
	return e ? e : vt_buf_add_u8(b, strict);
}

vt_err vt_compile_read(vt_reader *body, bool *out_strict)
{
	uint32_t protocol = vt_read_u32le(body);
	uint8_t strict = vt_read_u8(body);

	if (!body->bad && protocol != VT_PROTOCOL)
		return VT_EVERSION;
	*out_strict = strict != 0;
	return whole(body);
}

vt_err vt_container_write(vt_buf *b, const struct vt_wire_container *c)
{
	const uint64_t numbers[] = {c->version, c->signatures, c->level};
	vt_err e = vt_msg_begin(b, VT_MSG_CONTAINER);

	if (!e)
		e = add_clipped(b, c->name, VT_WIRE_NAME_MAX);
	if (!e)
		e = add_clipped(b, c->time, VT_WIRE_CAUSE_MAX);
	if (!e)
		e = add_clipped(b, c->builder, VT_WIRE_CAUSE_MAX);
	if (!e)
		e = add_all(b, numbers, VT_COUNT(numbers));
	return e ? e : vt_buf_add_u8(b, c->md5_checked);
}

vt_err vt_container_read(vt_reader *body, struct vt_wire_container *out)
{
	struct vt_wire_container c = {0};

	c.name = vt_msg_read_string(body, VT_WIRE_NAME_MAX);
	c.time = vt_msg_read_string(body, VT_WIRE_CAUSE_MAX);
	c.builder = vt_msg_read_string(body, VT_WIRE_CAUSE_MAX);
	c.version = vt_read_u64le(body);
	c.signatures = vt_read_u64le(body);
	c.level = vt_read_u64le(body);
	c.md5_checked = vt_read_u8(body) != 0;
	if (whole(body))
		return VT_EPEER;
	*out = c;
	return VT_OK;
}

vt_err vt_aside_add(vt_buf *b, const struct vt_wire_aside *a)
{
	size_t before = b->n;
	vt_err e = add_clipped(b, a->set, VT_WIRE_NAME_MAX);

	if (!e)
		e = add_clipped(b, a->cause, VT_WIRE_CAUSE_MAX);
	if (!e)
		e = vt_buf_add_u32(b, a->line);
	if (!e)
		e = vt_buf_add_u8(b, a->what);
	if (e)
		b->n = before;
	return e;
}

vt_err vt_aside_read(vt_reader *body, struct vt_wire_aside *out)
{
	struct vt_wire_aside a = {0};

	a.set = vt_msg_read_string(body, VT_WIRE_NAME_MAX);
	a.cause = vt_msg_read_string(body, VT_WIRE_CAUSE_MAX);
	a.line = vt_read_u32le(body);
	a.what = vt_read_u8(body);
	if (body->bad || a.what >= VT_WIRE_ASIDE_KINDS)
		return VT_EPEER;
	*out = a;
	return VT_OK;
}

vt_err vt_totals_write(vt_buf *b, const struct vt_wire_totals *t)
{
	vt_err e = vt_msg_begin(b, VT_MSG_COMPILED);

	if (!e)
		e = vt_buf_add_u64(b, t->sets);
	if (!e)
		e = vt_buf_add_u64(b, t->image_bytes);
	return e ? e : add_all(b, t->asides, VT_COUNT(t->asides));
}

vt_err vt_totals_read(vt_reader *body, struct vt_wire_totals *out)
{
	struct vt_wire_totals t = {0};

	t.sets = vt_read_u64le(body);
	t.image_bytes = vt_read_u64le(body);
	for (size_t i = 0; i < VT_COUNT(t.asides); i++)
		t.asides[i] = vt_read_u64le(body);
	if (whole(body))
		return VT_EPEER;
	*out = t;
	return VT_OK;
}

vt_err vt_failure_write(vt_buf *b, const struct vt_wire_failure *f)
{
	vt_err e = vt_msg_begin(b, VT_MSG_COMPILE_FAILED);

	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)f->error);
	if (!e)
		e = add_clipped(b, f->source, VT_WIRE_NAME_MAX);
	return e ? e : add_clipped(b, f->cause, VT_WIRE_CAUSE_MAX);
}

vt_err vt_failure_read(vt_reader *body, struct vt_wire_failure *out)
{
	struct vt_wire_failure f = {0};
	uint8_t error = vt_read_u8(body);

	f.source = vt_msg_read_string(body, VT_WIRE_NAME_MAX);
	f.cause = vt_msg_read_string(body, VT_WIRE_CAUSE_MAX);
	if (whole(body) || error == VT_OK || error > VT_EVERSION)
		return VT_EPEER;
	f.error = (vt_err)error;
	*out = f;
	return VT_OK;
}
