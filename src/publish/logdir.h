/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a published log, from the side that writes it (a publisher, a mirror): entries to
 * bundles and tiles. What readers see changes last, by one rename of "checkpoint".
 */
#ifndef VT_PUBLISH_LOGDIR_H
#define VT_PUBLISH_LOGDIR_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/merkle.h"
#include "tlog/tile.h"

struct vt_logdir;
/*
 * Opens the folder with `size` entries in it already (from its checkpoint, which the caller has
 * checked); reads the right edge's tiles. VT_EFORMAT, VT_EIO.
 */
VT_MUST_USE vt_err vt_logdir_open(int dir, uint64_t size, struct vt_logdir **out);
void vt_logdir_close(struct vt_logdir *l);
/* Adds an entry behind the last; nothing is written yet. VT_EARG past VT_ENTRY_MAX. */
VT_MUST_USE vt_err vt_logdir_add(struct vt_logdir *l, vt_span entry);
/* Writes and syncs the bundles and tiles of all entries added; then size and root are these. */
VT_MUST_USE vt_err vt_logdir_flush(struct vt_logdir *l);
void vt_logdir_head(const struct vt_logdir *l, uint64_t *out_size, vt_hash *out_root);
/* Any complete node, also of entries not yet flushed; a vt_merkle_get. */
vt_err vt_logdir_get(void *logdir, unsigned level, uint64_t index, vt_hash *out);

#endif
