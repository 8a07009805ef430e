/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/collect.h"

#include "base/num.h"

static vt_err put(vt_buf *b, vt_span s)
{
	return vt_msg_add_string(b, vt_span_clip(s, 0, VT_COLLECT_STRING_MAX));
}

static vt_err put_all(vt_buf *b, const vt_span *v, size_t n)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < n && !e; i++)
		e = put(b, v[i]);
	return e;
}

static vt_span get(vt_reader *r)
{
	return vt_msg_read_string(r, VT_COLLECT_STRING_MAX);
}

static vt_err whole(const vt_reader *r)
{
	return r->bad || vt_reader_left(r) ? VT_EPEER : VT_OK;
}

/* A number below `end`; anything else spoils the reader. */
static uint8_t get_enum(vt_reader *r, unsigned end)
{
	uint8_t v = vt_read_u8(r);

	if (v >= end) {
		r->bad = true;
		return 0;
	}
	return v;
}

vt_err vt_collect_write(vt_buf *b, const struct vt_wire_collect *c)
{
	vt_err e = vt_msg_begin(b, VT_MSG_COLLECT);

	if (!e)
		e = vt_buf_add_u32(b, VT_PROTOCOL);
	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)c->what);
	if (!e)
		e = vt_buf_add_u32(b, c->areas);
	if (!e)
		e = vt_buf_add_u8(
			b, (uint8_t)((c->cross ? 1 : 0) | (c->files ? 2 : 0) | (c->spool ? 4 : 0)));
	if (!e)
		e = vt_buf_add_u64(b, c->max_file);
	if (!e)
		e = vt_buf_add_u64(b, c->spool_max);
	if (!e)
		e = vt_buf_add_u32(b, c->ncatalogues);
	if (!e)
		e = put(b, c->name);
	if (!e)
		e = vt_buf_add_u32(b, c->nexcludes);
	return e ? e : put_all(b, c->excludes, c->nexcludes);
}

vt_err vt_collect_read(vt_reader *body, struct vt_wire_collect *out)
{
	uint32_t protocol = vt_read_u32le(body);
	uint8_t flags;

	if (!body->bad && protocol != VT_PROTOCOL)
		return VT_EVERSION;
	*out = (struct vt_wire_collect){
		.what = (enum vt_collect_what)get_enum(body, VT_COLLECT_WHATS)};
	out->areas = vt_read_u32le(body);
	flags = vt_read_u8(body);
	out->cross = flags & 1;
	out->files = flags & 2;
	out->spool = flags & 4;
	out->max_file = vt_read_u64le(body);
	out->spool_max = vt_read_u64le(body);
	out->ncatalogues = vt_read_u32le(body);
	out->name = get(body);
	out->nexcludes = vt_read_u32le(body);
	if (out->nexcludes > VT_COLLECT_EXCLUDES_MAX ||
		out->ncatalogues > VT_COLLECT_CATALOGUES_MAX)
		return VT_EPEER;
	for (uint32_t i = 0; i < out->nexcludes; i++)
		out->excludes[i] = get(body);
	return whole(body);
}

vt_err vt_subject_write(vt_buf *b, const struct vt_subject *s)
{
	const vt_span strings[] = {s->name, s->sha256, s->platform};
	vt_err e = vt_msg_begin(b, VT_MSG_SUBJECT);

	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)s->kind);
	if (!e)
		e = vt_buf_add_u32(b, s->parent);
	if (!e)
		e = vt_buf_add_u8(b, s->hidden);
	return e ? e : put_all(b, strings, VT_COUNT(strings));
}

vt_err vt_subject_read(vt_reader *body, struct vt_subject *out)
{
	*out = (struct vt_subject){
		.kind = (enum vt_subject_kind)get_enum(body, VT_SUBJECT_DISK + 1)};
	out->parent = vt_read_u32le(body);
	out->hidden = vt_read_u8(body) != 0;
	out->name = get(body);
	out->sha256 = get(body);
	out->platform = get(body);
	return whole(body);
}

vt_err vt_component_write(vt_buf *b, const struct vt_component *c)
{
	const vt_span strings[] = {c->locus, c->manager, c->name, c->version, c->arch, c->vendor,
		c->status, c->source, c->purl, c->cpe, c->license};
	vt_err e = vt_msg_begin(b, VT_MSG_COMPONENT);

	if (!e)
		e = vt_buf_add_u8(b, c->installed);
	for (size_t i = 0; i < VT_COUNT(strings) && !e; i++)
		e = vt_msg_add_string(b, vt_span_clip(strings[i], 0, VT_FACT_VALUE_MAX));
	return e;
}

vt_err vt_component_read(vt_reader *body, struct vt_component *out)
{
	vt_span *const strings[] = {&out->locus, &out->manager, &out->name, &out->version,
		&out->arch, &out->vendor, &out->status, &out->source, &out->purl, &out->cpe,
		&out->license};

	*out = (struct vt_component){.installed = vt_read_u8(body) != 0};
	for (size_t i = 0; i < VT_COUNT(strings); i++)
		*strings[i] = get(body);
	return whole(body);
}

vt_err vt_observation_write(vt_buf *b, const struct vt_observation *o)
{
	const vt_span strings[] = {o->locus, o->rule, o->product, o->raw, o->sha256};
	vt_err e = vt_msg_begin(b, VT_MSG_OBSERVATION);

	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)o->kind);
	if (!e)
		e = vt_buf_add_u8(b,
			(uint8_t)((o->decisive ? 1 : 0) | (o->embedded ? 2 : 0) |
				(o->memory ? 4 : 0) | (o->hidden ? 8 : 0)));
	return e ? e : put_all(b, strings, VT_COUNT(strings));
}

vt_err vt_observation_read(vt_reader *body, struct vt_observation *out)
{
	vt_span *const strings[] = {
		&out->locus, &out->rule, &out->product, &out->raw, &out->sha256};
	uint8_t flags;

	*out = (struct vt_observation){.kind = (enum vt_fact_kind)get_enum(body, VT_FACT_KINDS)};
	flags = vt_read_u8(body);
	out->decisive = flags & 1;
	out->embedded = flags & 2;
	out->memory = flags & 4;
	out->hidden = flags & 8;
	for (size_t i = 0; i < VT_COUNT(strings); i++)
		*strings[i] = get(body);
	return whole(body);
}

vt_err vt_missed_write(vt_buf *b, const struct vt_missed *m)
{
	vt_err e = vt_msg_begin(b, VT_MSG_MISSED);

	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)m->area);
	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)m->why);
	return e ? e : put(b, m->locus);
}

vt_err vt_missed_read(vt_reader *body, struct vt_missed *out)
{
	*out = (struct vt_missed){.area = (enum vt_area)get_enum(body, VT_AREAS)};
	out->why = (enum vt_miss)get_enum(body, VT_MISSES);
	out->locus = get(body);
	return whole(body);
}

vt_err vt_coverage_write(vt_buf *b, const struct vt_coverage v[VT_AREAS], uint32_t asked)
{
	vt_err e = vt_msg_begin(b, VT_MSG_COVERAGE);

	if (!e)
		e = vt_buf_add_u32(b, asked);
	for (unsigned a = 0; a < VT_AREAS; a++) {
		const uint64_t numbers[] = {v[a].seen, v[a].read, v[a].sources, v[a].broken};

		for (size_t i = 0; i < VT_COUNT(numbers) && !e; i++)
			e = vt_buf_add_u64(b, numbers[i]);
		for (unsigned m = 0; m < VT_MISSES && !e; m++)
			e = vt_buf_add_u64(b, v[a].misses[m]);
	}
	return e;
}

vt_err vt_coverage_read(vt_reader *body, struct vt_coverage out[VT_AREAS], uint32_t *out_asked)
{
	*out_asked = vt_read_u32le(body);
	for (unsigned a = 0; a < VT_AREAS; a++) {
		out[a].seen = vt_read_u64le(body);
		out[a].read = vt_read_u64le(body);
		out[a].sources = vt_read_u64le(body);
		out[a].broken = vt_read_u64le(body);
		for (unsigned m = 0; m < VT_MISSES; m++)
			out[a].misses[m] = vt_read_u64le(body);
	}
	return whole(body);
}

vt_err vt_file_write(vt_buf *b, const struct vt_wire_file *f)
{
	vt_err e = vt_msg_begin(b, VT_MSG_FILE);

	if (!e)
		e = vt_buf_add_u64(b, f->size);
	if (!e)
		e = vt_buf_add_u8(b, f->hidden);
	return e ? e : put(b, f->path);
}

vt_err vt_file_read(vt_reader *body, struct vt_wire_file *out)
{
	*out = (struct vt_wire_file){.size = vt_read_u64le(body)};
	out->hidden = vt_read_u8(body) != 0;
	out->path = get(body);
	return whole(body);
}

vt_err vt_collect_failed_write(vt_buf *b, vt_err error, vt_span why)
{
	vt_err e = vt_msg_begin(b, VT_MSG_COLLECT_FAILED);

	if (!e)
		e = vt_buf_add_u8(b, (uint8_t)error);
	return e ? e : vt_msg_add_string(b, vt_span_clip(why, 0, VT_COLLECT_WHY_MAX));
}

vt_err vt_collect_failed_read(vt_reader *body, vt_err *out_error, vt_span *out_why)
{
	uint8_t error = get_enum(body, VT_EVERSION + 1);

	*out_why = vt_msg_read_string(body, VT_COLLECT_WHY_MAX);
	if (whole(body) || !error)
		return VT_EPEER;
	*out_error = (vt_err)error;
	return VT_OK;
}
