/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of add-entries (c2sp.org/tlog-mirror, "Request Body"): a head, then packages of at most
 * 256 entries, each with a proof that they are a part of the tree. Read piece by piece.
 */
#ifndef VT_PROC_SERVICE_ENTRIES_H
#define VT_PROC_SERVICE_ENTRIES_H

#include "base/err.h"
#include "base/span.h"
#include "tlog/merkle.h"
#include "tlog/tile.h"

struct vt_entries_head {
	vt_span origin, ticket; /* point into the body */
	uint64_t start, end;
};
/* VT_ETRUNCATED: more is needed, and the reader stands where it stood. VT_EFORMAT. */
VT_MUST_USE vt_err vt_entries_head_read(vt_reader *r, struct vt_entries_head *out);

struct vt_entries_package {
	uint64_t rounded; /* where the subtree of the proof begins */
	uint64_t start, end;
	size_t n;
	vt_span entry[VT_TILE_WIDTH]; /* point into the body */
	struct vt_proof proof;
};
/* Of which indices package `i` is; false when there is no such package. */
bool vt_entries_range(uint64_t start, uint64_t end, uint64_t i, struct vt_entries_package *out);
/* Reads the package of that range. VT_ETRUNCATED as above; VT_EFORMAT. */
VT_MUST_USE vt_err vt_entries_package_read(vt_reader *r, struct vt_entries_package *io);
/* Bytes of the largest package, and of the largest head. */
#define VT_ENTRIES_PACKAGE_MAX (VT_BUNDLE_MAX + 1 + VT_PROOF_MAX * VT_HASH_SIZE)

#endif
