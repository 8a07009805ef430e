/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/chunks.h"

#include <stdlib.h>
#include <zstd.h>

#include "base/num.h"
#include "crypto/hash.h"

/* log2 of the window that a reader has to keep: no frame may ask for more. */
#define WINDOW_LOG 23

struct vt_chunker {
	ZSTD_CCtx *z;
	vt_chunk_put *put;
	void *ctx;
	uint32_t cut;
	vt_buf raw, packed;
};

vt_err vt_chunker_new(int level, vt_chunk_put *put, void *ctx, struct vt_chunker **out)
{
	struct vt_chunker *c = calloc(1, sizeof *c);

	if (!c)
		return VT_ENOMEM;
	*c = (struct vt_chunker){.z = ZSTD_createCCtx(),
		.put = put,
		.ctx = ctx,
		.cut = VT_CHUNK_CUT,
		.raw = VT_BUF_INIT(VT_CHUNK_RAW_MAX),
		.packed = VT_BUF_INIT(VT_CHUNK_PACKED_MAX)};
	if (!c->z || ZSTD_isError(ZSTD_CCtx_setParameter(c->z, ZSTD_c_compressionLevel, level)) ||
		ZSTD_isError(ZSTD_CCtx_setParameter(c->z, ZSTD_c_windowLog, WINDOW_LOG))) {
		vt_chunker_free(c);
		return VT_ENOMEM;
	}
	*out = c;
	return VT_OK;
}

void vt_chunker_free(struct vt_chunker *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->z);
	vt_buf_free(&c->raw);
	vt_buf_free(&c->packed);
	free(c);
}

uint32_t vt_chunk_cut(uint64_t size)
{
	return size / VT_CHUNK_CUT < VT_ENTRY_CHUNKS_MAX / 2 ? VT_CHUNK_CUT : VT_CHUNK_RAW_MAX;
}

void vt_chunker_cut(struct vt_chunker *c, uint32_t bytes)
{
	c->cut = bytes;
}

static vt_err put_piece(struct vt_chunker *c)
{
	size_t bound = ZSTD_compressBound(c->raw.n), n;
	struct vt_chunk chunk = {.raw = (uint32_t)c->raw.n};
	vt_err e;

	vt_buf_clear(&c->packed);
	e = vt_buf_reserve(&c->packed, bound);
	if (e)
		return e;
	n = ZSTD_compress2(c->z, c->packed.p, bound, c->raw.p, c->raw.n);
	if (ZSTD_isError(n))
		return VT_ENOMEM;
	c->packed.n = n;
	chunk.packed = (uint32_t)n;
	vt_sha256(vt_buf_span(&c->packed), chunk.sha256.b);
	vt_buf_clear(&c->raw);
	return c->put(c->ctx, &chunk, vt_buf_span(&c->packed));
}

vt_err vt_chunker_add(struct vt_chunker *c, vt_span bytes)
{
	vt_err e = VT_OK;

	while (!e && bytes.n) {
		size_t n = vt_min_size(bytes.n, c->cut - c->raw.n);

		e = vt_buf_add(&c->raw, bytes.p, n);
		bytes = vt_span_clip(bytes, n, bytes.n);
		if (!e && c->raw.n == c->cut)
			e = put_piece(c);
	}
	return e;
}

vt_err vt_chunker_finish(struct vt_chunker *c)
{
	return c->raw.n ? put_piece(c) : VT_OK;
}

vt_err vt_chunk_unpack(const struct vt_chunk *c, vt_span packed, vt_buf *out)
{
	ZSTD_DCtx *z;
	vt_hash sum;
	size_t n;
	vt_err e;

	if (packed.n != c->packed || c->raw > VT_CHUNK_RAW_MAX)
		return VT_ECHECKSUM;
	vt_sha256(packed, sum.b);
	if (!vt_hash_eq(&sum, &c->sha256))
		return VT_ECHECKSUM;
	e = vt_buf_reserve(out, c->raw);
	if (e)
		return e;
	z = ZSTD_createDCtx();
	if (!z)
		return VT_ENOMEM;
	/* one frame and nothing behind it, whatever its own header says of its size */
	n = ZSTD_findFrameCompressedSize(packed.p, packed.n);
	if (n == packed.n)
		n = ZSTD_decompressDCtx(z, out->p + out->n, c->raw, packed.p, packed.n);
	else
		n = (size_t)-1;
	ZSTD_freeDCtx(z);
	if (ZSTD_isError(n) || n != c->raw)
		return VT_EFORMAT;
	out->n += n;
	return VT_OK;
}
