/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/report.h"

#include "base/num.h"

enum piece { PIECE_HEAD = 1, PIECE_HIT, PIECE_GAP, PIECE_DONE };

/* Fixed parts of pieces, string lengths included; generous. */
#define PIECE_ROOM 64

void vt_report_writer_init(struct vt_report_writer *w, int channel)
{
	*w = (struct vt_report_writer){.channel = channel, .message = VT_BUF_INIT(VT_MSG_MAX)};
}

void vt_report_writer_free(struct vt_report_writer *w)
{
	vt_buf_free(&w->message);
}

vt_err vt_report_flush(struct vt_report_writer *w)
{
	vt_err e;

	if (w->message.n == 0)
		return VT_OK;
	e = vt_channel_send(w->channel, vt_buf_span(&w->message), NULL, 0, true);
	vt_buf_clear(&w->message);
	return e;
}

/* Makes sure that a piece of up to `n` bytes fits the current message. */
static vt_err room(struct vt_report_writer *w, size_t n)
{
	if (w->message.n + n > VT_MSG_MAX) {
		vt_err e = vt_report_flush(w);
		if (e)
			return e;
	}
	return w->message.n ? VT_OK : vt_msg_begin(&w->message, VT_MSG_RESULTS);
}

static vt_err write_head(struct vt_report_writer *w, uint64_t number, const struct vt_report *r)
{
	const uint64_t fields[] = {number, r->file_bytes, r->object_bytes, r->objects,
		r->detections_dropped, r->gaps_dropped};
	vt_err e = room(w, PIECE_ROOM);

	if (!e)
		e = vt_buf_add_u8(&w->message, PIECE_HEAD);
	for (size_t i = 0; !e && i < VT_COUNT(fields); i++)
		e = vt_buf_add_u64(&w->message, fields[i]);
	return e;
}

static vt_err write_hit(struct vt_report_writer *w, const struct vt_detection *d)
{
	vt_span rule = vt_span_clip(d->rule, 0, VT_WIRE_RULE_MAX);
	vt_span set = vt_span_clip(d->set, 0, VT_WIRE_SET_MAX);
	vt_span path = vt_span_clip(d->path, 0, VT_WIRE_PATH_MAX);
	vt_err e = room(w, PIECE_ROOM + rule.n + set.n + path.n);

	if (!e)
		e = vt_buf_add_u8(&w->message, PIECE_HIT);
	if (!e)
		e = vt_buf_add_u64(&w->message, d->line);
	if (!e)
		e = vt_buf_add_u8(&w->message, d->suspicious);
	if (!e)
		e = vt_msg_add_string(&w->message, rule);
	if (!e)
		e = vt_msg_add_string(&w->message, set);
	return e ? e : vt_msg_add_string(&w->message, path);
}

static vt_err write_gap(struct vt_report_writer *w, const struct vt_gap *g)
{
	vt_span path = vt_span_clip(g->path, 0, VT_WIRE_PATH_MAX);
	vt_err e = room(w, PIECE_ROOM + path.n);

	if (!e)
		e = vt_buf_add_u8(&w->message, PIECE_GAP);
	if (!e)
		e = vt_buf_add_u16(&w->message, (uint16_t)g->reason);
	return e ? e : vt_msg_add_string(&w->message, path);
}

vt_err vt_report_write(struct vt_report_writer *w, uint64_t number, const struct vt_report *report)
{
	vt_err e = write_head(w, number, report);

	for (size_t i = 0; !e && i < report->ndetections; i++)
		e = write_hit(w, &report->detections[i]);
	for (size_t i = 0; !e && i < report->ngaps; i++)
		e = write_gap(w, &report->gaps[i]);
	if (!e)
		e = room(w, PIECE_ROOM);
	if (!e)
		e = vt_buf_add_u8(&w->message, PIECE_DONE);
	return e ? e : vt_buf_add_u8(&w->message, (uint8_t)vt_report_verdict(report));
}

void vt_report_reader_init(struct vt_report_reader *r)
{
	*r = (struct vt_report_reader){0};
	vt_report_init(&r->report);
}

void vt_report_reader_free(struct vt_report_reader *r)
{
	vt_report_free(&r->report);
}

void vt_report_reader_reset(struct vt_report_reader *r)
{
	r->open = false;
}

static vt_err read_head(struct vt_report_reader *r, vt_reader *body, uint64_t expected)
{
	struct vt_report *out = &r->report;

	if (r->open)
		return VT_EPEER;
	vt_report_reset(out);
	r->number = vt_read_u64le(body);
	out->file_bytes = vt_read_u64le(body);
	out->object_bytes = vt_read_u64le(body);
	out->objects = vt_read_u64le(body);
	out->detections_dropped = vt_read_u64le(body);
	out->gaps_dropped = vt_read_u64le(body);
	if (body->bad || r->number != expected)
		return VT_EPEER;
	r->open = true;
	r->pieces = 0;
	return VT_OK;
}

static vt_err read_hit(struct vt_report_reader *r, vt_reader *body)
{
	struct vt_detection d = {0};
	uint8_t suspicious;

	d.line = vt_read_u64le(body);
	suspicious = vt_read_u8(body);
	d.rule = vt_msg_read_string(body, VT_WIRE_RULE_MAX);
	d.set = vt_msg_read_string(body, VT_WIRE_SET_MAX);
	d.path = vt_msg_read_string(body, VT_WIRE_PATH_MAX);
	if (body->bad || suspicious > 1 || r->report.ndetections == VT_REPORT_MAX_DETECTIONS)
		return VT_EPEER;
	d.suspicious = suspicious != 0;
	return vt_report_detection(&r->report, &d);
}

static vt_err read_gap(struct vt_report_reader *r, vt_reader *body)
{
	uint16_t reason = vt_read_u16le(body);
	vt_span path = vt_msg_read_string(body, VT_WIRE_PATH_MAX);

	if (body->bad || reason >= VT_REASON_COUNT || r->report.ngaps == VT_REPORT_MAX_GAPS)
		return VT_EPEER;
	return vt_report_gap(&r->report, (vt_reason)reason, path);
}

static vt_err read_done(struct vt_report_reader *r, vt_reader *body)
{
	uint8_t verdict = vt_read_u8(body);

	if (body->bad || verdict != (uint8_t)vt_report_verdict(&r->report))
		return VT_EPEER;
	r->open = false;
	return VT_OK;
}

vt_err vt_report_read(struct vt_report_reader *r, vt_reader *body, uint64_t expected)
{
	while (vt_reader_left(body) > 0) {
		uint8_t piece = vt_read_u8(body);
		vt_err e = VT_EPEER;

		if (piece == PIECE_HEAD)
			e = read_head(r, body, expected);
		else if (r->open && piece == PIECE_HIT)
			e = read_hit(r, body);
		else if (r->open && piece == PIECE_GAP)
			e = read_gap(r, body);
		else if (r->open && piece == PIECE_DONE)
			return read_done(r, body);
		if (e)
			return e;
		if (++r->pieces > VT_REPORT_MAX_DETECTIONS + VT_REPORT_MAX_GAPS + 1)
			return VT_EPEER;
	}
	return VT_END;
}
