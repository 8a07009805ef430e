/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext2, ext3 and ext4 in a part of a disk, by libext2fs over our own reader: it opens no file and
 * writes nothing. A journal is not replayed: what the system wrote last may be missing.
 */
#ifndef VT_TREE_EXT_H
#define VT_TREE_EXT_H

#include "tree/graph.h"
#include "tree/source.h"

/*
 * *out_name: "ext2", "ext3" or "ext4". *out_dirty: its journal should be replayed first. The source
 * must outlive the tree. VT_EFORMAT, VT_EUNSUPPORTED, VT_EIO, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_ext_tree(struct vt_source *s, uint64_t at, uint64_t size,
	const struct vt_spool *spool, const char **out_name, bool *out_dirty, struct vt_tree **out);

#endif
