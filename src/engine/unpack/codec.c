/* SPDX-License-Identifier: Apache-2.0 */
/* The stream decoders that are thin covers over a library each: bzip2, liblzma, zstd, lz4. */
#include "engine/unpack/codec.h"

#include <bzlib.h>
#include <libdeflate.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/num.h"

#define BZIP2_INPUT_MAX ((size_t)1 << 30)
#define ZSTD_WINDOW_LOG 29 /* VT_CODEC_MEMORY */
#define LZ4_LEGACY_MAGIC 0x184c2102
#define LZ4_LEGACY_BLOCK ((size_t)8 << 20)

struct vt_lzma {
	lzma_stream s;
};

void vt_codec_free(struct vt_codec *c)
{
	if (c->deflate)
		libdeflate_free_decompressor(c->deflate);
	if (c->zlib)
		(void)inflateEnd(c->zlib);
	free(c->zlib);
	free(c->inflate64);
	free(c->explode);
	free(c->shrink);
	if (c->lzma)
		lzma_end(&c->lzma->s);
	free(c->lzma);
	(void)ZSTD_freeDCtx(c->zstd);
	if (c->lz4)
		(void)LZ4F_freeDecompressionContext(c->lz4);
	*c = (struct vt_codec){0};
}

vt_err vt_bunzip2(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	bz_stream z = {0};
	size_t at = 0, room;
	uint8_t *p;
	vt_err e;
	int r;

	(void)c;
	if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK)
		return VT_ENOMEM;
	do {
		unsigned feed = (unsigned)vt_min_size(in.n - at, BZIP2_INPUT_MAX);

		e = vt_output_room(o, &p, &room);
		if (e)
			goto out;
		z.next_in = in.p ? (char *)(uintptr_t)(in.p + at) : NULL;
		z.avail_in = feed;
		z.next_out = (char *)p;
		z.avail_out = (unsigned)room;
		r = BZ2_bzDecompress(&z);
		at += feed - z.avail_in;
		e = vt_output_commit(o, room - z.avail_out);
		if (e)
			goto out;
	} while (r == BZ_OK && (z.avail_out == 0 || at < in.n));
	e = VT_EFORMAT;
	if (r == BZ_STREAM_END) {
		*out_used = at;
		e = VT_OK;
	} else if (r == BZ_OK) {
		e = VT_ETRUNCATED;
	} else if (r == BZ_MEM_ERROR) {
		e = VT_ENOMEM;
	}
out:
	(void)BZ2_bzDecompressEnd(&z);
	return e;
}

static vt_err lzma_error(lzma_ret r)
{
	static const struct {
		lzma_ret r;
		vt_err e;
	} map[] = {
		{LZMA_OK, VT_OK},
		{LZMA_STREAM_END, VT_OK},
		{LZMA_BUF_ERROR, VT_ETRUNCATED},
		{LZMA_MEM_ERROR, VT_ENOMEM},
		{LZMA_MEMLIMIT_ERROR, VT_EUNSUPPORTED},
		{LZMA_OPTIONS_ERROR, VT_EUNSUPPORTED},
	};

	for (size_t i = 0; i < VT_COUNT(map); i++) {
		if (map[i].r == r)
			return map[i].e;
	}
	return VT_EFORMAT;
}

/* The codec's liblzma stream, whose memory one member hands on to the next; NULL: no memory. */
static lzma_stream *lzma_get(struct vt_codec *c)
{
	if (!c->lzma)
		c->lzma = calloc(1, sizeof *c->lzma); /* all zero is LZMA_STREAM_INIT */
	return c->lzma ? &c->lzma->s : NULL;
}

static vt_err lzma_run(lzma_stream *s, vt_span in, struct vt_output *o, size_t *out_used)
{
	lzma_ret r;
	size_t room;
	uint8_t *p;
	vt_err e;

	s->next_in = in.p;
	s->avail_in = in.n;
	do {
		e = vt_output_room(o, &p, &room);
		if (e)
			return e;
		s->next_out = p;
		s->avail_out = room;
		r = lzma_code(s, LZMA_FINISH);
		e = vt_output_commit(o, room - s->avail_out);
		if (e)
			return e;
	} while (r == LZMA_OK);
	e = lzma_error(r);
	if (!e)
		*out_used = in.n - s->avail_in;
	return e;
}

vt_err vt_unxz(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	lzma_stream *s = lzma_get(c);
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	e = lzma_error(lzma_stream_decoder(s, VT_CODEC_MEMORY, 0));
	return e ? e : lzma_run(s, in, o, out_used);
}

vt_err vt_unlzip(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	lzma_stream *s = lzma_get(c);
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	e = lzma_error(lzma_lzip_decoder(s, VT_CODEC_MEMORY, 0));
	return e ? e : lzma_run(s, in, o, out_used);
}

/*
 * LZMA without a container: `props` are its 5 bytes of properties, `size` what comes out or
 * UINT64_MAX if an end marker tells.
 */
static vt_err lzma_raw(
	struct vt_codec *c, vt_span props, uint64_t size, vt_span in, struct vt_output *o)
{
	lzma_stream *s = lzma_get(c);
	lzma_filter f[2] = {{.id = LZMA_FILTER_LZMA1EXT}, {.id = LZMA_VLI_UNKNOWN}};
	lzma_options_lzma *opt;
	size_t used;
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	e = lzma_error(lzma_properties_decode(&f[0], NULL, props.p, props.n));
	if (e)
		return e == VT_ENOMEM ? e : VT_EFORMAT;
	opt = f[0].options;
	/* No distance reaches behind the first byte: more than the largest output is no use. */
	opt->dict_size = (uint32_t)vt_min_u64(opt->dict_size,
		vt_min_u64(VT_CODEC_MEMORY, vt_max_u64(o->budget->limits.object_size, 4096)));
	opt->ext_flags = LZMA_LZMA1EXT_ALLOW_EOPM;
	lzma_set_ext_size(*opt, size);
	e = lzma_error(lzma_raw_decoder(s, f));
	free(opt);
	return e ? e : lzma_run(s, in, o, &used);
}

vt_err vt_unlzma_alone(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	vt_reader r = vt_reader_of(in);
	vt_span props = vt_read_span(&r, 5);
	uint64_t size = vt_read_u64le(&r);
	vt_span data = vt_read_span(&r, vt_reader_left(&r));
	vt_err e;

	if (r.bad)
		return VT_ETRUNCATED;
	e = lzma_raw(c, props, size, data, o);
	if (!e)
		*out_used = in.n;
	return e;
}

vt_err vt_unlzma_zip(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	vt_reader r = vt_reader_of(in);
	uint16_t version = vt_read_u16le(&r), n = vt_read_u16le(&r);
	vt_span props = vt_read_span(&r, n);
	vt_span data = vt_read_span(&r, vt_reader_left(&r));
	vt_err e;

	(void)version;
	if (r.bad)
		return VT_ETRUNCATED;
	if (n != 5)
		return VT_EFORMAT;
	e = lzma_raw(c, props, UINT64_MAX, data, o);
	if (!e)
		*out_used = in.n;
	return e;
}

/* A frame that says how much it holds is decoded in one go, without a window of its own. */
static vt_err zstd_whole(struct vt_codec *c, vt_span frame, struct vt_output *o)
{
	unsigned long long size = ZSTD_getFrameContentSize(frame.p, frame.n);
	uint8_t *p;
	size_t n;
	vt_err e;

	/* Also false for both error values. */
	if (size > SIZE_MAX / 4)
		return VT_EFORMAT;
	e = vt_output_exact(o, (size_t)size, &p);
	if (e)
		return e;
	n = ZSTD_decompressDCtx(c->zstd, p, (size_t)size, frame.p, frame.n);
	return ZSTD_isError(n) ? VT_EFORMAT : vt_output_commit(o, n);
}

static vt_err zstd_error(size_t r)
{
	ZSTD_ErrorCode code = ZSTD_getErrorCode(r);

	if (code == ZSTD_error_memory_allocation)
		return VT_ENOMEM;
	return code == ZSTD_error_frameParameter_windowTooLarge ||
			code == ZSTD_error_dictionary_wrong
		? VT_EUNSUPPORTED
		: VT_EFORMAT;
}

static vt_err zstd_pieces(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	ZSTD_inBuffer from = {.src = in.p, .size = in.n};
	ZSTD_outBuffer to;
	size_t room, r, before;
	uint8_t *p;
	vt_err e;

	do {
		e = vt_output_room(o, &p, &room);
		if (e)
			return e;
		to = (ZSTD_outBuffer){.dst = p, .size = room};
		before = from.pos;
		r = ZSTD_decompressStream(c->zstd, &to, &from);
		e = vt_output_commit(o, to.pos);
		if (e)
			return e;
		if (ZSTD_isError(r))
			return zstd_error(r);
	} while (r && (to.pos || from.pos != before));
	if (r)
		return VT_ETRUNCATED;
	*out_used = from.pos;
	return VT_OK;
}

vt_err vt_unzstd(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	size_t before = o->buf.n, n = ZSTD_findFrameCompressedSize(in.p, in.n);

	if (!c->zstd)
		c->zstd = ZSTD_createDCtx();
	if (!c->zstd)
		return VT_ENOMEM;
	if (!ZSTD_isError(n)) {
		vt_err e = zstd_whole(c, (vt_span){.p = in.p, .n = n}, o);

		if (!e)
			*out_used = n;
		if (!e || o->buf.n != before)
			return e;
	}
	(void)ZSTD_DCtx_reset(c->zstd, ZSTD_reset_session_only);
	(void)ZSTD_DCtx_setParameter(c->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	return zstd_pieces(c, in, o, out_used);
}

/* The format before frames (lz4 -l): the magic, then blocks of 8 MiB, each with its packed size. */
static vt_err unlz4_legacy(vt_span in, struct vt_output *o, size_t *out_used)
{
	vt_reader r = vt_reader_of(in);
	uint32_t n;
	vt_err e;

	(void)vt_read_u32le(&r);
	while (vt_reader_left(&r)) {
		size_t want = (size_t)vt_min_u64(LZ4_LEGACY_BLOCK,
			vt_min_u64(
				o->budget->total_left, o->budget->limits.object_size - o->buf.n));
		vt_span block;
		uint8_t *p;
		int made;

		if (!vt_get_u32le(in, r.at, &n))
			return VT_ETRUNCATED;
		if (n > (uint32_t)LZ4_COMPRESSBOUND(LZ4_LEGACY_BLOCK))
			break; /* the next frame's magic, or trailing bytes */
		(void)vt_read_u32le(&r);
		block = vt_read_span(&r, n);
		if (r.bad)
			return VT_ETRUNCATED;
		if (want == 0)
			return vt_output_commit(o, 1); /* sets the reason */
		e = vt_output_exact(o, want, &p);
		if (e)
			return e;
		made = LZ4_decompress_safe_partial(
			(const char *)block.p, (char *)p, (int)block.n, (int)want, (int)want);
		if (made < 0)
			return VT_EFORMAT;
		e = vt_output_commit(o, (size_t)made);
		if (e)
			return e;
	}
	*out_used = r.at;
	return VT_OK;
}

vt_err vt_unlz4(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used)
{
	size_t at = 0, room, take, r;
	uint32_t magic;
	uint8_t *p;
	vt_err e;

	if (!vt_get_u32le(in, 0, &magic))
		return VT_ETRUNCATED;
	if (magic == LZ4_LEGACY_MAGIC)
		return unlz4_legacy(in, o, out_used);
	if (!c->lz4 && LZ4F_isError(LZ4F_createDecompressionContext(&c->lz4, LZ4F_VERSION)))
		return VT_ENOMEM;
	LZ4F_resetDecompressionContext(c->lz4);
	do {
		e = vt_output_room(o, &p, &room);
		if (e)
			return e;
		take = in.n - at;
		r = LZ4F_decompress(c->lz4, p, &room, in.p + at, &take, NULL);
		if (LZ4F_isError(r))
			return VT_EFORMAT;
		at += take;
		e = vt_output_commit(o, room);
		if (e)
			return e;
	} while (r && (room || take));
	if (r)
		return VT_ETRUNCATED;
	*out_used = at;
	return VT_OK;
}
