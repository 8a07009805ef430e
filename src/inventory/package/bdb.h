/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash databases of Berkeley DB (versions 4 to 5 on disk: hash 7 to 9), as far as rpm used them for
 * Packages: all pairs, in the order of the pages. Both byte orders.
 */
#ifndef VT_INVENTORY_PACKAGE_BDB_H
#define VT_INVENTORY_PACKAGE_BDB_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct vt_bdb {
	vt_span s;
	bool swap; /* written by a big-endian machine */
	uint32_t page_size, last, page;
	uint32_t pair; /* of the present page */
	uint64_t left; /* bytes that may still be read out of chains: they may overlap */
};

/* VT_EFORMAT, VT_ETRUNCATED, VT_EUNSUPPORTED (not a hash, encrypted, checksummed), VT_EVERSION. */
VT_MUST_USE vt_err vt_bdb_open(vt_span s, struct vt_bdb *out);
/*
 * The next pair. The value is in the file or in `scratch`, until the next call. VT_END; VT_EFORMAT,
 * VT_ETRUNCATED: this pair is broken, go on; VT_ELIMIT: more than fits into the file, or
 * scratch->max; VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_bdb_next(
	struct vt_bdb *d, vt_buf *scratch, vt_span *out_key, vt_span *out_value);
/* A 32-bit number of the machine that wrote the file. */
bool vt_bdb_u32(const struct vt_bdb *d, vt_span s, uint64_t off, uint32_t *out);

#endif
