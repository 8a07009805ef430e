/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles and entry bundles (c2sp.org/tlog-tiles): 256 hashes of a level, or 256 entries, a file;
 * the last of a level may be partial. Whatever is read here was served by somebody untrusted:
 * vt_tiles checks every hash against the root that it was opened with.
 */
#ifndef VT_TLOG_TILE_H
#define VT_TLOG_TILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/merkle.h"

#define VT_TILE_WIDTH 256u
#define VT_TILE_ENTRIES (~0u) /* the level of entry bundles */
#define VT_TILE_PATH_MAX 96
#define VT_ENTRY_MAX 65535u
#define VT_BUNDLE_MAX ((size_t)VT_TILE_WIDTH * (VT_ENTRY_MAX + 2))

struct vt_tile {
	unsigned level; /* 0 to 7, or VT_TILE_ENTRIES */
	uint64_t index;
	unsigned width; /* 1 to 256 */
};

/* "tile/0/x001/067.p/3", "tile/entries/000". Returns `out`. */
const char *vt_tile_path(const struct vt_tile *t, char out[VT_TILE_PATH_MAX]);
VT_MUST_USE vt_err vt_tile_path_parse(vt_span path, struct vt_tile *out);
/* The tile that holds node `index` of tree level 8 * level, in a tree of `size`; VT_EARG. */
VT_MUST_USE vt_err vt_tile_of(unsigned level, uint64_t index, uint64_t size, struct vt_tile *out);
/* Each tile, bundles too, that a tree of `size` has and one of `old_size` had not, through `fn`. */
typedef vt_err vt_tile_fn(void *ctx, const struct vt_tile *t);
VT_MUST_USE vt_err vt_tile_each_new(uint64_t old_size, uint64_t size, vt_tile_fn *fn, void *ctx);

/* The next entry of a bundle; VT_END behind the last. VT_ETRUNCATED. */
VT_MUST_USE vt_err vt_bundle_next(vt_reader *r, vt_span *out);
VT_MUST_USE vt_err vt_bundle_add(vt_buf *b, vt_span entry);

/* Appends the bytes of a file of the log; VT_END if there is none. Errors pass through. */
typedef vt_err vt_file_get(void *ctx, const char *path, size_t max, vt_buf *out);

/*
 * Checked access to one tree. Asks for the tile of the needed width, else for the full one. Reads
 * and checks the tiles at the tree's right edge when it is opened. Keeps at most 40 tiles of 8 KB
 * and a bundle of at most 256 KB. VT_ECHECKSUM: what was served is not of this tree; VT_END: a file
 * that the tree must have is not there; other errors of `get` pass through.
 */
struct vt_tiles;
VT_MUST_USE vt_err vt_tiles_open(
	uint64_t size, const vt_hash *root, vt_file_get *get, void *ctx, struct vt_tiles **out);
void vt_tiles_close(struct vt_tiles *t);
/* Any complete node; a vt_merkle_get. VT_EARG for one that the tree does not have. */
vt_err vt_tiles_get(void *tiles, unsigned level, uint64_t index, vt_hash *out);
/* Appends entry `index`, checked against its leaf hash. VT_EARG, VT_ECHECKSUM, VT_EFORMAT. */
VT_MUST_USE vt_err vt_tiles_entry(struct vt_tiles *t, uint64_t index, vt_buf *out);
/* Entries [first, end) in order through `fn`, bundle by bundle, each checked. */
typedef vt_err vt_entry_fn(void *ctx, uint64_t index, vt_span entry);
VT_MUST_USE vt_err vt_tiles_each_entry(
	struct vt_tiles *t, uint64_t first, uint64_t end, vt_entry_fn *fn, void *ctx);

#endif
