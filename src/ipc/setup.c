/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/setup.h"

#include "base/num.h"

#define FLAG_ALL_MATCH 1u
#define FLAG_PUA 2u

vt_err vt_setup_write(vt_buf *b, const struct vt_setup *s)
{
	const struct vt_limits *l = &s->limits;
	const uint64_t fields[] = {l->file_size, l->object_size, l->total_bytes, l->objects,
		l->match_steps, l->depth, l->ratio, l->time_ms};
	vt_err e = vt_msg_begin(b, VT_MSG_SETUP);

	if (!e)
		e = vt_buf_add_u32(b, VT_PROTOCOL);
	if (!e)
		e = vt_buf_add_u32(
			b, (s->all_match ? FLAG_ALL_MATCH : 0) | (s->pua ? FLAG_PUA : 0));
	for (size_t i = 0; !e && i < VT_COUNT(fields); i++)
		e = vt_buf_add_u64(b, fields[i]);
	return e;
}

vt_err vt_setup_read(vt_reader *body, struct vt_setup *out)
{
	struct vt_setup s = {0};
	uint32_t protocol = vt_read_u32le(body), flags;

	if (!body->bad && protocol != VT_PROTOCOL)
		return VT_EVERSION;
	flags = vt_read_u32le(body);
	s.all_match = flags & FLAG_ALL_MATCH;
	s.pua = flags & FLAG_PUA;
	s.limits.file_size = vt_read_u64le(body);
	s.limits.object_size = vt_read_u64le(body);
	s.limits.total_bytes = vt_read_u64le(body);
	s.limits.objects = vt_read_u64le(body);
	s.limits.match_steps = vt_read_u64le(body);
	s.limits.depth = (uint32_t)vt_read_u64le(body);
	s.limits.ratio = (uint32_t)vt_read_u64le(body);
	s.limits.time_ms = (uint32_t)vt_read_u64le(body);
	if (body->bad || vt_reader_left(body))
		return VT_EPEER;
	*out = s;
	return VT_OK;
}

vt_err vt_fail_write(vt_buf *b, enum vt_start_step step, vt_err err)
{
	vt_err e = vt_msg_begin(b, VT_MSG_FAIL);

	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)step);
	return e ? e : vt_buf_add_u8(b, (uint8_t)err);
}

vt_err vt_fail_read(vt_reader *body, enum vt_start_step *out_step, vt_err *out)
{
	uint8_t step = vt_read_u8(body), err = vt_read_u8(body);

	if (body->bad || vt_reader_left(body) || step >= VT_STEPS || err == VT_OK ||
		err > VT_EVERSION)
		return VT_EPEER;
	*out_step = (enum vt_start_step)step;
	*out = (vt_err)err;
	return VT_OK;
}

vt_err vt_batch_write(vt_buf *b, const struct vt_batch *batch)
{
	vt_err e = vt_msg_begin(b, VT_MSG_BATCH);

	if (!e)
		e = vt_buf_add_u64(b, batch->first);
	for (size_t i = 0; !e && i < batch->n; i++)
		e = vt_buf_add_u64(b, batch->sizes[i]);
	return e;
}

vt_err vt_batch_read(vt_reader *body, size_t nfds, struct vt_batch *out)
{
	out->first = vt_read_u64le(body);
	out->n = nfds;
	for (size_t i = 0; i < nfds && i < VT_MSG_FDS; i++)
		out->sizes[i] = vt_read_u64le(body);
	return body->bad || vt_reader_left(body) || nfds == 0 || nfds > VT_MSG_FDS ? VT_EPEER
										   : VT_OK;
}
