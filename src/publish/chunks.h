/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pieces of content beside the log (docs/formats/log.md): a text cut every 4 MiB, each piece a
 * zstd frame in a file that is named by its SHA-256. Both ways piece by piece, so that a set of any
 * size needs a few MiB of memory.
 */
#ifndef VT_PUBLISH_CHUNKS_H
#define VT_PUBLISH_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "entry/entry.h"
#include "tlog/tile.h"

#define VT_CHUNK_PIECE ((uint32_t)4 << 20)

/* What is worth its time: a whole set is packed once in a while, a delta goes to everybody. */
enum vt_chunk_effort {
	VT_CHUNK_FULL = 9,
	VT_CHUNK_DELTA = 19,
};

/*
 * Cuts, packs and stores. The same bytes give the same chunks (with the same libzstd). A chunk that
 * is there already with these bytes is not written again.
 */
struct vt_chunk_writer;
/* Files go below `dir` ("chunk/..."); -1: nowhere, only their names and sizes are wanted. */
VT_MUST_USE vt_err vt_chunk_writer_new(
	int dir, enum vt_chunk_effort effort, struct vt_chunk_writer **out);
void vt_chunk_writer_free(struct vt_chunk_writer *w);
/* VT_ELIMIT past VT_ENTRY_CHUNKS_MAX chunks; VT_EIO, VT_ENOMEM. */
VT_MUST_USE vt_err vt_chunk_writer_add(struct vt_chunk_writer *w, vt_span bytes);
/*
 * Packs what is left. The chunks belong to the writer. The files are not on the disk yet: call
 * vt_store_sync() before anything names them.
 */
VT_MUST_USE vt_err vt_chunk_writer_finish(
	struct vt_chunk_writer *w, const struct vt_chunk **out, size_t *out_n);

/*
 * Checks a file against its size and name, and only then appends what is packed in it.
 * VT_ECHECKSUM: these are other bytes; VT_EFORMAT: not one frame of `raw` bytes; VT_ELIMIT,
 * VT_ENOMEM of `out`.
 */
VT_MUST_USE vt_err vt_chunk_unpack(const struct vt_chunk *c, vt_span packed, vt_buf *out);

/* The text of a list of chunks, piece by piece. A plain value; free with vt_chunk_reader_free(). */
struct vt_chunk_reader {
	vt_file_get *get;
	void *ctx;
	const struct vt_chunk *v;
	size_t n, at;
	vt_buf packed, raw;
};
void vt_chunk_reader_open(
	struct vt_chunk_reader *r, const struct vt_chunk *v, size_t n, vt_file_get *get, void *ctx);
/* The next piece, valid until the next call. VT_END behind the last; a chunk that is not there is
 * VT_EFORMAT, errors of vt_chunk_unpack() and `get` pass through: chunk v[at] then. */
VT_MUST_USE vt_err vt_chunk_reader_next(struct vt_chunk_reader *r, vt_span *out);
void vt_chunk_reader_free(struct vt_chunk_reader *r);

#endif
