/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoders of one compressed stream that lies in memory, and what they keep from one use to the
 * next. A zeroed struct is ready; vt_codec_free() when done.
 *
 * Each appends to `o` and answers VT_OK when the stream came to its proper end (*out_used: packed
 * bytes that it took), VT_ETRUNCATED when the input ended first, VT_EFORMAT when it is corrupt,
 * VT_EUNSUPPORTED when it asks for more memory than VT_CODEC_MEMORY, VT_ELIMIT or VT_ENOMEM.
 * Whatever was decoded before stays in `o`.
 */
#ifndef VT_ENGINE_UNPACK_CODEC_H
#define VT_ENGINE_UNPACK_CODEC_H

#include "base/err.h"
#include "base/span.h"
#include "engine/unpack/output.h"

/* A dictionary or window is never larger, whatever a header asks for. */
#define VT_CODEC_MEMORY ((uint64_t)512 << 20)

struct vt_codec {
	struct libdeflate_decompressor *deflate;
	struct z_stream_s *zlib;
	struct vt_inflate64 *inflate64;
	struct vt_explode *explode;
	struct vt_shrink *shrink;
	struct vt_lzma *lzma;
	struct ZSTD_DCtx_s *zstd;
	struct LZ4F_dctx_s *lz4;
};

typedef vt_err vt_decode_fn(struct vt_codec *c, vt_span in, struct vt_output *o, size_t *out_used);

/* Raw deflate (RFC 1951). `size` is what the container says that comes out; a lie costs time. */
VT_MUST_USE vt_err vt_inflate(
	struct vt_codec *c, vt_span in, uint64_t size, struct vt_output *o, size_t *out_used);
vt_decode_fn vt_inflate64, vt_bunzip2, vt_unxz, vt_unlzma_alone, vt_unlzip, vt_unzstd, vt_unlz4;
/* LZMA as in zip method 14 (APPNOTE 5.8.8): version, size of the properties, these, the stream. */
vt_decode_fn vt_unlzma_zip;
/* Implode (zip method 6) of `size` bytes; `flags` are the member's general purpose flags. */
VT_MUST_USE vt_err vt_explode(struct vt_codec *c, vt_span in, uint16_t flags, uint64_t size,
	struct vt_output *o, size_t *out_used);
/* Shrink (zip method 1) of `size` bytes. */
VT_MUST_USE vt_err vt_unshrink(
	struct vt_codec *c, vt_span in, uint64_t size, struct vt_output *o, size_t *out_used);
/* CRC-32 as in zip and gzip. */
uint32_t vt_crc32(vt_span s);
void vt_codec_free(struct vt_codec *c);

#endif
