/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a disk, whatever file they are in: raw, or qcow2 version 2 and 3 (QEMU's
 * docs/interop/qcow2.txt) with zlib and zstd clusters. One descriptor; no other file is ever
 * opened, so images that need one (backing, external data) are refused.
 */
#ifndef VT_TREE_SOURCE_H
#define VT_TREE_SOURCE_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define VT_QCOW_L1_MAX ((size_t)4 << 20) /* entries */

struct vt_source {
	int fd; /* borrowed */
	uint64_t size;
	const char *format; /* "raw", "qcow2" */
	uint64_t file_size;
	/* qcow2 */
	unsigned cluster_bits;
	bool zstd, zero_bit; /* version 3 may say "reads as zeros" */
	uint64_t *l1;
	size_t nl1;
	struct vt_qcow_cache *cache;
};

/*
 * Free with vt_source_close(), which leaves `fd` open. VT_EFORMAT: a damaged qcow2 header;
 * VT_EUNSUPPORTED, VT_EENCRYPTED; VT_EIO, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_source_open(int fd, struct vt_source *out);
void vt_source_close(struct vt_source *s);
/* All n bytes at an offset. VT_ETRUNCATED past the end; VT_EFORMAT: damage; VT_EIO, VT_ENOMEM. */
VT_MUST_USE vt_err vt_source_read(struct vt_source *s, uint64_t at, void *p, size_t n);

#endif
