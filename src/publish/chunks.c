/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/chunks.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <stdlib.h>
#include <zstd.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "store/folder.h"

_Static_assert(VT_CHUNK_PIECE <= VT_CHUNK_RAW_MAX, "what a log allows");

struct vt_chunk_writer {
	int dir;
	ZSTD_CCtx *zstd;
	vt_buf raw, packed, there;
	size_t n;
	struct vt_chunk v[VT_ENTRY_CHUNKS_MAX];
};

vt_err vt_chunk_writer_new(int dir, enum vt_chunk_effort effort, struct vt_chunk_writer **out)
{
	struct vt_chunk_writer *w = calloc(1, sizeof *w);

	if (!w)
		return VT_ENOMEM;
	w->dir = dir;
	w->raw.max = VT_CHUNK_PIECE;
	w->packed.max = w->there.max = VT_CHUNK_PACKED_MAX;
	w->zstd = ZSTD_createCCtx();
	if (!w->zstd ||
		ZSTD_isError(
			ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, (int)effort)) ||
		ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_contentSizeFlag, 1)) ||
		ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 0))) {
		vt_chunk_writer_free(w);
		return VT_ENOMEM;
	}
	*out = w;
	return VT_OK;
}

void vt_chunk_writer_free(struct vt_chunk_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->zstd);
	vt_buf_free(&w->raw);
	vt_buf_free(&w->packed);
	vt_buf_free(&w->there);
	free(w);
}

/* A file that a power loss cut off has the name, but not the bytes. */
static bool is_there(struct vt_chunk_writer *w, const char *path)
{
	vt_buf_clear(&w->there);
	return vt_store_read(w->dir, path, w->packed.n, &w->there) == VT_OK &&
		vt_span_eq(vt_buf_span(&w->there), vt_buf_span(&w->packed));
}

static vt_err pack(struct vt_chunk_writer *w)
{
	char path[VT_CHUNK_PATH_SIZE];
	struct vt_chunk *c = &w->v[w->n];
	vt_err e;
	size_t r;

	if (w->n == VT_ENTRY_CHUNKS_MAX)
		return VT_ELIMIT;
	vt_buf_clear(&w->packed);
	e = vt_buf_reserve(&w->packed, VT_CHUNK_PACKED_MAX);
	if (e)
		return e;
	r = ZSTD_compress2(w->zstd, w->packed.p, VT_CHUNK_PACKED_MAX, w->raw.p, w->raw.n);
	if (ZSTD_isError(r))
		return VT_ENOMEM;
	w->packed.n = r;
	c->raw = (uint32_t)w->raw.n;
	c->packed = (uint32_t)r;
	vt_sha256(vt_buf_span(&w->packed), c->sha256.b);
	(void)vt_chunk_path(&c->sha256, path);
	if (w->dir >= 0 && !is_there(w, path))
		e = vt_store_put(w->dir, path, vt_buf_span(&w->packed));
	if (e)
		return e;
	w->n++;
	vt_buf_clear(&w->raw);
	return VT_OK;
}

vt_err vt_chunk_writer_add(struct vt_chunk_writer *w, vt_span bytes)
{
	vt_err e = VT_OK;

	while (bytes.n > 0 && !e) {
		size_t n = vt_min_size(bytes.n, VT_CHUNK_PIECE - w->raw.n);

		e = vt_buf_add(&w->raw, bytes.p, n);
		if (!e && w->raw.n == VT_CHUNK_PIECE)
			e = pack(w);
		bytes = vt_span_of(bytes.p + n, bytes.n - n);
	}
	return e;
}

vt_err vt_chunk_writer_finish(struct vt_chunk_writer *w, const struct vt_chunk **out, size_t *out_n)
{
	vt_err e = w->raw.n > 0 ? pack(w) : VT_OK;

	if (e)
		return e;
	*out = w->v;
	*out_n = w->n;
	return VT_OK;
}

vt_err vt_chunk_unpack(const struct vt_chunk *c, vt_span packed, vt_buf *out)
{
	ZSTD_frameHeader h;
	uint8_t hash[VT_HASH_SIZE];
	ZSTD_DCtx *d;
	vt_err e;
	size_t r;

	if (c->raw == 0 || c->raw > VT_CHUNK_RAW_MAX || c->packed > VT_CHUNK_PACKED_MAX)
		return VT_EARG;
	/* The decompressor sees nothing but what the log's entry vouches for. */
	vt_sha256(packed, hash);
	if (packed.n != c->packed || memcmp(hash, c->sha256.b, sizeof hash) != 0)
		return VT_ECHECKSUM;
	if (ZSTD_getFrameHeader(&h, packed.p, packed.n) != 0 || h.frameType != ZSTD_frame ||
		h.frameContentSize != c->raw || h.dictID != 0 ||
		h.windowSize > 2 * (unsigned long long)VT_CHUNK_RAW_MAX ||
		ZSTD_findFrameCompressedSize(packed.p, packed.n) != packed.n)
		return VT_EFORMAT;
	e = vt_buf_reserve(out, c->raw);
	if (e)
		return e;
	/* In one go, so that the output is the window and nothing more is allocated for it. */
	d = ZSTD_createDCtx();
	if (!d)
		return VT_ENOMEM;
	r = ZSTD_decompressDCtx(d, out->p + out->n, c->raw, packed.p, packed.n);
	ZSTD_freeDCtx(d);
	if (ZSTD_isError(r) || r != c->raw) {
		memset(out->p + out->n, 0, VT_BUF_SLACK);
		return VT_EFORMAT;
	}
	out->n += r;
	memset(out->p + out->n, 0, VT_BUF_SLACK);
	return VT_OK;
}

void vt_chunk_reader_open(
	struct vt_chunk_reader *r, const struct vt_chunk *v, size_t n, vt_file_get *get, void *ctx)
{
	*r = (struct vt_chunk_reader){.get = get, .ctx = ctx, .v = v, .n = n};
	r->packed.max = VT_CHUNK_PACKED_MAX;
	r->raw.max = VT_CHUNK_RAW_MAX;
}

vt_err vt_chunk_reader_next(struct vt_chunk_reader *r, vt_span *out)
{
	char path[VT_CHUNK_PATH_SIZE];
	const struct vt_chunk *c = &r->v[r->at];
	vt_err e;

	if (r->at == r->n)
		return VT_END;
	vt_buf_clear(&r->packed);
	vt_buf_clear(&r->raw);
	e = r->get(r->ctx, vt_chunk_path(&c->sha256, path), c->packed, &r->packed);
	if (e == VT_END)
		return VT_EFORMAT;
	if (!e)
		e = vt_chunk_unpack(c, vt_buf_span(&r->packed), &r->raw);
	if (e)
		return e == VT_EARG ? VT_EFORMAT : e;
	r->at++;
	*out = vt_buf_span(&r->raw);
	return VT_OK;
}

void vt_chunk_reader_free(struct vt_chunk_reader *r)
{
	vt_buf_free(&r->packed);
	vt_buf_free(&r->raw);
}
