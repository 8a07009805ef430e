/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/fetch.h"

static vt_err whole(const vt_reader *body)
{
	return body->bad || vt_reader_left(body) ? VT_EPEER : VT_OK;
}

vt_err vt_fetch_setup_write(vt_buf *b, const struct vt_wire_fetch_setup *s)
{
	vt_err e = vt_msg_begin(b, VT_MSG_FETCH_SETUP);

	if (!e)
		e = vt_buf_add_u32(b, VT_PROTOCOL);
	if (!e)
		e = vt_buf_add_u32(b, s->timeout_ms);
	if (!e)
		e = vt_buf_add_u32(b, s->slowest);
	return e ? e : vt_buf_add_u8(b, s->certificates);
}

vt_err vt_fetch_setup_read(vt_reader *body, struct vt_wire_fetch_setup *out)
{
	struct vt_wire_fetch_setup s = {0};
	uint32_t protocol = vt_read_u32le(body);
	uint8_t certificates;

	if (!body->bad && protocol != VT_PROTOCOL)
		return VT_EVERSION;
	s.timeout_ms = vt_read_u32le(body);
	s.slowest = vt_read_u32le(body);
	certificates = vt_read_u8(body);
	if (whole(body) || certificates > 1 || s.timeout_ms == 0)
		return VT_EPEER;
	s.certificates = certificates;
	*out = s;
	return VT_OK;
}

vt_err vt_fetch_write(vt_buf *b, const struct vt_wire_fetch *f)
{
	vt_err e;

	if (f->url.n > VT_WIRE_URL_MAX || f->type.n > VT_WIRE_TYPE_MAX ||
		f->size > VT_WIRE_POST_MAX || (!f->post && (f->size || f->type.n)))
		return VT_EARG;
	e = vt_msg_begin(b, VT_MSG_FETCH);
	if (!e)
		e = vt_buf_add_u8(b, f->post);
	if (!e)
		e = vt_buf_add_u64(b, f->max);
	if (!e)
		e = vt_buf_add_u64(b, f->size);
	if (!e)
		e = vt_msg_add_string(b, f->url);
	return e ? e : vt_msg_add_string(b, f->type);
}

vt_err vt_fetch_read(vt_reader *body, struct vt_wire_fetch *out)
{
	struct vt_wire_fetch f = {0};
	uint8_t post = vt_read_u8(body);

	f.post = post;
	f.max = vt_read_u64le(body);
	f.size = vt_read_u64le(body);
	f.url = vt_msg_read_string(body, VT_WIRE_URL_MAX);
	f.type = vt_msg_read_string(body, VT_WIRE_TYPE_MAX);
	if (whole(body) || post > 1 || f.size > VT_WIRE_POST_MAX ||
		(!f.post && (f.size || f.type.n)))
		return VT_EPEER;
	*out = f;
	return VT_OK;
}

vt_err vt_piece_write(vt_buf *b, vt_msg_id id, vt_span bytes)
{
	vt_err e;

	if (bytes.n == 0 || bytes.n > VT_WIRE_PIECE)
		return VT_EARG;
	e = vt_msg_begin(b, id);
	return e ? e : vt_buf_add(b, bytes.p, bytes.n);
}

vt_err vt_piece_read(vt_reader *body, vt_span *out)
{
	size_t n = vt_reader_left(body);

	if (n == 0 || n > VT_WIRE_PIECE)
		return VT_EPEER;
	*out = vt_read_span(body, n);
	return VT_OK;
}

vt_err vt_fetch_done_write(vt_buf *b, const struct vt_wire_fetch_done *d)
{
	vt_err e = vt_msg_begin(b, VT_MSG_FETCH_DONE);

	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)d->error);
	if (!e)
		e = vt_buf_add_u16(b, (uint16_t)d->status);
	return e ? e : vt_msg_add_string(b, vt_span_clip(d->why, 0, VT_WIRE_WHY_MAX));
}

vt_err vt_fetch_done_read(vt_reader *body, struct vt_wire_fetch_done *out)
{
	struct vt_wire_fetch_done d = {0};
	uint8_t error = vt_read_u8(body);

	d.status = vt_read_u16le(body);
	d.why = vt_msg_read_string(body, VT_WIRE_WHY_MAX);
	if (whole(body) || error > VT_EVERSION || d.status > 599 ||
		(d.status && (d.status < 100 || error)))
		return VT_EPEER;
	d.error = (vt_err)error;
	*out = d;
	return VT_OK;
}
