/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the files to scan below a path and opens them. A directory is read as it is walked: memory
 * grows with the depth only, and paths may be longer than PATH_MAX. Directories that change under
 * the walk may be met in part, but never lead it outside of the tree (each step is openat with
 * O_NOFOLLOW, and a directory that is opened again must have the same device and inode).
 */
#ifndef VT_CLI_WALK_H
#define VT_CLI_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "cli/filter.h"
#include "engine/core/verdict.h"

struct vt_walk_options {
	bool recursive;
	bool follow; /* symbolic links that are met; one that is named as the root always is */
	bool one_file_system;
	const struct vt_path_filter *filter;
};

/* What was passed over without a line in the report. */
struct vt_walk_skipped {
	uint64_t links;       /* symbolic links, not followed or leading nowhere or in a loop */
	uint64_t special;     /* FIFOs, sockets and devices */
	uint64_t excluded;    /* by the filter */
	uint64_t filesystems; /* on another file system, or the kernel's own (/proc, /sys) */
};

struct vt_walk_item {
	vt_span path; /* NUL-terminated; valid until the next call */
	int fd;       /* the caller's to close; -1: could not be opened, see reason and error */
	uint64_t size;
	vt_reason reason;
	int error; /* errno, or 0 */
};

struct vt_walk;

VT_MUST_USE vt_err vt_walk_new(const struct vt_walk_options *options, struct vt_walk **out);
void vt_walk_free(struct vt_walk *w);
/* Begins at `root`, a path that the user named. The walk before it must have ended. */
VT_MUST_USE vt_err vt_walk_start(struct vt_walk *w, const char *root);
/* The next file, or what should have been one; VT_END when the tree is done. */
VT_MUST_USE vt_err vt_walk_next(struct vt_walk *w, struct vt_walk_item *out);
const struct vt_walk_skipped *vt_walk_skipped(const struct vt_walk *w);

#endif
