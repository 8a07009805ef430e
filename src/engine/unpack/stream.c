/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats that hold one file: gzip (RFC 1952), bzip2, xz, lzma, lzip, zstd (RFC 8878), lz4. Each
 * may be several streams one after the other, whose contents are one file; whatever follows the
 * last is ignored, as their own tools do.
 */
#include <stdlib.h>

#include "base/num.h"
#include "engine/unpack/codec.h"
#include "engine/unpack/formats.h"

#define GZIP_FEXTRA 4u
#define GZIP_FNAME 8u
#define GZIP_FCOMMENT 16u
#define GZIP_FHCRC 2u
#define GZIP_HEADER 10
#define GZIP_TRAILER 8

struct stream {
	vt_span s;
	vt_decode_fn *decode;
	vt_span name;
	bool done;
	struct vt_codec codec;
	struct vt_output out;
};

/* The bytes up to a NUL, which is skipped. */
static vt_span read_string(vt_reader *r)
{
	const char nul = 0;
	size_t end = r->s.n;
	vt_span s;

	if (!vt_span_find(r->s, r->at, &nul, 1, &end))
		r->bad = true;
	s = vt_read_span(r, end - r->at);
	(void)vt_read_u8(r);
	return s;
}

/* RFC 1952 2.3; VT_EFORMAT if no member begins here. */
static vt_err gzip_header(vt_span in, vt_span *out_name, size_t *out_size)
{
	vt_reader r = vt_reader_of(in);
	vt_span name = {0};
	uint8_t flags;

	if (!vt_span_at(in, 0, "\x1f\x8b\x08", vt_min_size(in.n, 3)))
		return VT_EFORMAT;
	(void)vt_read_span(&r, 3);
	flags = vt_read_u8(&r);
	(void)vt_read_span(&r, GZIP_HEADER - 4);
	if (flags & GZIP_FEXTRA)
		(void)vt_read_span(&r, vt_read_u16le(&r));
	if (flags & GZIP_FNAME)
		name = read_string(&r);
	if (flags & GZIP_FCOMMENT)
		(void)read_string(&r);
	if (flags & GZIP_FHCRC)
		(void)vt_read_u16le(&r);
	if (r.bad)
		return VT_ETRUNCATED;
	*out_name = name;
	*out_size = r.at;
	return VT_OK;
}

static vt_err gunzip(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	size_t header, used, before = o->buf.n;
	vt_span name, made;
	uint32_t crc, size = 0;
	vt_err e = gzip_header(in, &name, &header);

	if (e)
		return e;
	/* The size stands at the very end: right if this is the last stream, else just a guess. */
	if (in.n >= header + GZIP_TRAILER)
		(void)vt_get_u32le(in, in.n - 4, &size);
	in = vt_span_clip(in, header, in.n);
	e = vt_inflate(c, in, size, o, &used);
	if (e)
		return e;
	if (!vt_get_u32le(in, used, &crc) || !vt_get_u32le(in, used + 4, &size))
		return VT_ETRUNCATED;
	made = vt_span_clip(vt_output_span(o), before, o->buf.n);
	*out_used = header + used + GZIP_TRAILER;
	return size == (uint32_t)made.n && crc == vt_crc32(made) ? VT_OK : VT_ECHECKSUM;
}

static const struct format {
	vt_type type;
	vt_decode_fn *decode;
} formats[] = {
	{VT_TYPE_GZIP, gunzip},
	{VT_TYPE_BZIP2, vt_bunzip2},
	{VT_TYPE_XZ, vt_unxz},
	{VT_TYPE_LZMA, vt_unlzma_alone},
	{VT_TYPE_LZIP, vt_unlzip},
	{VT_TYPE_ZSTD, vt_unzstd},
	{VT_TYPE_LZ4, vt_unlz4},
};

static vt_err stream_open(vt_span bytes, vt_type type, struct vt_budget *budget, void **out_state)
{
	struct stream *st;
	size_t header;

	for (size_t i = 0; i < VT_COUNT(formats); i++) {
		if (formats[i].type != type)
			continue;
		st = calloc(1, sizeof *st);
		if (!st)
			return VT_ENOMEM;
		st->s = bytes;
		st->decode = formats[i].decode;
		vt_output_init(&st->out, budget);
		if (type == VT_TYPE_GZIP)
			(void)!gzip_header(bytes, &st->name, &header);
		st->name.n = vt_min_size(st->name.n, VT_MEMBER_NAME_MAX);
		*out_state = st;
		return VT_OK;
	}
	return VT_EARG;
}

static vt_err stream_next(void *state, struct vt_member *out)
{
	struct stream *st = state;
	size_t at = 0, used;
	vt_err e = VT_ETRUNCATED, checksum = VT_OK;

	if (st->done)
		return VT_END;
	st->done = true;
	vt_output_start(&st->out, st->s.n);
	while (at < st->s.n) {
		size_t before = st->out.buf.n;

		used = 0;
		e = st->decode(&st->codec, vt_span_clip(st->s, at, st->s.n), &st->out, &used);
		if (e == VT_ECHECKSUM) {
			checksum = e; /* the next stream may be whole */
			e = VT_OK;
		}
		if (!e)
			e = vt_budget_work(st->out.budget, used);
		/* Bytes behind a whole stream that are not another one. */
		if (at && st->out.buf.n == before && (e == VT_EFORMAT || e == VT_ETRUNCATED))
			e = VT_OK;
		if (e || used == 0)
			break;
		for (at += used; at < st->s.n && st->s.p[at] == 0; at++)
			; /* padding, as xz and tapes have it */
	}
	if (!e)
		e = checksum;
	*out = (struct vt_member){
		.name = st->name,
		.bytes = vt_output_span(&st->out),
		.packed_size = st->s.n,
		.real_size = e ? VT_SIZE_UNKNOWN : st->out.buf.n,
		.position = 1,
		.status = e,
		.limit = st->out.budget->reason,
	};
	return VT_OK;
}

static void stream_close(void *state)
{
	struct stream *st = state;

	if (!st)
		return;
	vt_codec_free(&st->codec);
	vt_output_free(&st->out);
	free(st);
}

const struct vt_unpacker vt_stream_unpacker = {
	.name = "stream",
	.open = stream_open,
	.next = stream_next,
	.close = stream_close,
};
