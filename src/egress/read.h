/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a ledger, its folder or an export of it, through any vt_file_get. Nothing in it is
 * believed: each entry's digest and number, each tile, the checkpoint.
 */
#ifndef VT_EGRESS_READ_H
#define VT_EGRESS_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "egress/ledger.h"
#include "tlog/merkle.h"
#include "tlog/tile.h"

/* The entry, and its bytes as they are in the log. VT_END from it ends the walk without error. */
typedef vt_err vt_egress_fn(void *ctx, const struct vt_egress *e, vt_span raw);

struct vt_ledger_files {
	vt_file_get *get;
	void *ctx;
};

/* How far a walk came, and what stopped it. */
struct vt_ledger_walk {
	uint64_t next; /* number of the entry that would come next */
	size_t torn;   /* bytes behind the last whole entry: being written, or never finished */
	char why[256]; /* with VT_EFORMAT */
};
/*
 * Entries from `first` on. VT_EFORMAT: what is there is no ledger, or damaged. Errors of `fn` and
 * of reading pass through.
 */
VT_MUST_USE vt_err vt_ledger_each(const struct vt_ledger_files *files, uint64_t first,
	vt_egress_fn *fn, void *ctx, struct vt_ledger_walk *out);

struct vt_ledger_report {
	struct vt_ledger_walk walk;
	vt_hash root;        /* of all entries */
	uint64_t tiles;      /* that were compared */
	bool has_head;       /* there is a checkpoint */
	uint64_t head_size;  /* of how many entries; the others came after it */
	uint64_t other_size; /* the same of `other` */
};
/*
 * Every entry, tile and the checkpoint. `other`, if not empty, is a checkpoint of this ledger that
 * somebody kept elsewhere, which it must begin with. VT_EFORMAT, and out->walk.why says where.
 */
VT_MUST_USE vt_err vt_ledger_verify(
	const struct vt_ledger_files *files, vt_span other, struct vt_ledger_report *out);

/*
 * The files of the tlog-tiles log that the checkpoint is of, through `put`: full and partial tiles
 * and bundles, the checkpoint and its key. VT_END: there is no checkpoint yet.
 */
typedef vt_err vt_export_put(void *ctx, const char *path, vt_span bytes);
VT_MUST_USE vt_err vt_ledger_export(const struct vt_ledger_files *files, vt_export_put *put,
	void *ctx, struct vt_ledger_walk *out);

#endif
