/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deflate (RFC 1951). libdeflate is twice as fast as zlib but wants to know how much comes out and
 * gives nothing of a damaged stream; so it goes first where the size is believable, and zlib does
 * the rest: it yields every byte before the damage, whatever the headers say.
 */
#include "engine/unpack/codec.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/num.h"

#define DEFLATE_MAX_RATIO 1032      /* zlib technical details, "Maximum Compression Factor" */
#define INPUT_MAX ((size_t)1 << 20) /* between two looks at the budget */

uint32_t vt_crc32(vt_span s)
{
	return libdeflate_crc32(0, s.p, s.n);
}

static vt_err whole(
	struct vt_codec *c, vt_span in, size_t size, struct vt_output *o, size_t *out_used)
{
	size_t used, made;
	uint8_t *p;
	vt_err e;

	if (!c->deflate)
		c->deflate = libdeflate_alloc_decompressor();
	if (!c->deflate)
		return VT_ENOMEM;
	e = vt_output_exact(o, size, &p);
	if (e)
		return e;
	if (libdeflate_deflate_decompress_ex(c->deflate, in.p, in.n, p, size, &used, &made) !=
		LIBDEFLATE_SUCCESS)
		return VT_EFORMAT;
	e = vt_output_commit(o, made);
	if (!e)
		*out_used = used;
	return e;
}

static vt_err zlib_start(struct vt_codec *c)
{
	if (c->zlib)
		return inflateReset(c->zlib) == Z_OK ? VT_OK : VT_ENOMEM;
	c->zlib = calloc(1, sizeof *c->zlib);
	if (!c->zlib)
		return VT_ENOMEM;
	if (inflateInit2(c->zlib, -MAX_WBITS) == Z_OK)
		return VT_OK;
	free(c->zlib);
	c->zlib = NULL;
	return VT_ENOMEM;
}

static vt_err piecewise(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	vt_err e = zlib_start(c);
	z_stream *z = c->zlib;
	size_t at = 0, room;
	uint8_t *p;
	int r;

	if (e)
		return e;
	do {
		uInt feed = (uInt)vt_min_size(in.n - at, INPUT_MAX);

		e = vt_output_room(o, &p, &room);
		if (e)
			return e;
		z->next_in = in.p ? (z_const Bytef *)(uintptr_t)(in.p + at) : NULL;
		z->avail_in = feed;
		z->next_out = p;
		z->avail_out = (uInt)room;
		r = inflate(z, Z_NO_FLUSH);
		at += feed - z->avail_in;
		e = vt_output_commit(o, room - z->avail_out);
		if (!e)
			e = vt_budget_work(o->budget, feed - z->avail_in);
		if (e)
			return e;
	} while (r == Z_OK);
	if (r == Z_STREAM_END) {
		*out_used = at;
		return VT_OK;
	}
	if (r == Z_MEM_ERROR)
		return VT_ENOMEM;
	return r == Z_BUF_ERROR ? VT_ETRUNCATED : VT_EFORMAT;
}

vt_err vt_inflate(
	struct vt_codec *c, vt_span in, uint64_t size, struct vt_output *o, size_t *out_used)
{
	size_t before = o->buf.n;

	if (size <= SIZE_MAX / 4 && size / DEFLATE_MAX_RATIO <= in.n) {
		vt_err e = whole(c, in, (size_t)size, o, out_used);

		/* A limit that was met while bytes came out is final; one before is not. */
		if (!e || o->buf.n != before)
			return e;
	}
	return piecewise(c, in, o, out_used);
}
