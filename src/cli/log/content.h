/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content that an entry names: that every chunk is to be had, that they give the files that the
 * entry says, and what changed, as people read it. Chunks are kept in a folder as long as later
 * versions build on them.
 */
#ifndef VT_CLI_LOG_CONTENT_H
#define VT_CLI_LOG_CONTENT_H

#include "cli/log/audit.h"

struct vt_log_content {
	struct vt_audit *a;
	int store;  /* a folder with chunks */
	int folder; /* where unpacked files take up room */
	/*
	 * Appends a chunk's file. VT_OK: these are its bytes. VT_END: it can't be had, which has
	 * been told. NULL: only what is in the store is had.
	 */
	vt_err (*fetch)(void *ctx, uint64_t index, const struct vt_chunk *c, vt_buf *out);
	void *ctx;
};

/* What came of it. */
struct vt_log_change {
	bool readable; /* all chunks are to be had, of versions that it builds on too */
	bool right;    /* they give the files that it names */
	/* What people review: the delta's text (made here if the entry has none, and files from
	 * before are at hand), or the files. Empty if they are not at hand. */
	vt_buf delta, payload;
};
void vt_log_change_free(struct vt_log_change *c);
/*
 * Tells what is wrong, by vt_audit_tell(). `before`: index of the version before it; UINT64_MAX: it
 * is the first. Errors are those of reading the tree, of the store, and VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_log_content_check(const struct vt_log_content *lc, const struct vt_seen *s,
	uint64_t before, struct vt_log_change *out);
/* Are all of its chunks to be had? Those that are not are told. */
VT_MUST_USE vt_err vt_log_content_fetch(
	const struct vt_log_content *lc, const struct vt_seen *s, bool *out_all);
/* The version before it, looked for in the log. VT_END: there is none. */
VT_MUST_USE vt_err vt_log_content_before(
	struct vt_audit *a, const struct vt_seen *s, uint64_t *out_index);
/* Removes chunks that the versions of a set after `now` don't need: what `before` is made of. */
VT_MUST_USE vt_err vt_log_content_forget(
	const struct vt_log_content *lc, const struct vt_seen *now, uint64_t before);

#endif
