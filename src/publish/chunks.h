/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content in pieces (docs/formats/log.md, "content"): a stream of bytes becomes zstd frames that
 * are named by the SHA-256 of what is in the file. A frame is believed after its hash was checked
 * and not a byte sooner, and then it unpacks to just the size that the log says.
 */
#ifndef VT_PUBLISH_CHUNKS_H
#define VT_PUBLISH_CHUNKS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "entry/entry.h"

/* Bytes of a piece, all but the last: the same content gives the same chunks everywhere. */
#define VT_CHUNK_CUT ((uint32_t)4 << 20)

/* A finished chunk. The bytes are the chunker's. */
typedef vt_err vt_chunk_put(void *ctx, const struct vt_chunk *c, vt_span packed);

struct vt_chunker;
/* `level`: zstd's, 1 to 19. VT_ENOMEM. */
VT_MUST_USE vt_err vt_chunker_new(int level, vt_chunk_put *put, void *ctx, struct vt_chunker **out);
void vt_chunker_free(struct vt_chunker *c);
/* The next bytes of the stream; each piece that is full goes through `put`. Errors pass through. */
VT_MUST_USE vt_err vt_chunker_add(struct vt_chunker *c, vt_span bytes);
/* The last piece. */
VT_MUST_USE vt_err vt_chunker_finish(struct vt_chunker *c);

/* Bigger streams in larger pieces, so that an entry has room for all: the cut for `size` bytes. */
uint32_t vt_chunk_cut(uint64_t size);
void vt_chunker_cut(struct vt_chunker *c, uint32_t bytes);

/*
 * Appends c->raw bytes. VT_ECHECKSUM: not the file that the log names; VT_EFORMAT: the frame does
 * not unpack to that size; VT_ELIMIT: past out->max.
 */
VT_MUST_USE vt_err vt_chunk_unpack(const struct vt_chunk *c, vt_span packed, vt_buf *out);

#endif
