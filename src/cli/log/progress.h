/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a follower has come, so that it goes on where it was: file "seen" in its folder.
 *
 *	vitrine/follow/v1
 *	at <n>                                  entries before this one were gone through
 *	root <index> <leaf>                     the owners in force; none if there is no root yet
 *	state <index> <leaf>                    the newest state
 *	set <kind> <name> <version> <index> <leaf>   the newest version of each set
 *	unreadable <index>                      entries whose content could not be had
 */
#ifndef VT_CLI_LOG_PROGRESS_H
#define VT_CLI_LOG_PROGRESS_H

#include "cli/log/audit.h"

#define VT_PROGRESS_MAX ((size_t)16 << 20)
#define VT_PROGRESS_SETS_MAX 4096u
#define VT_PROGRESS_UNREADABLE_MAX 4096u

struct vt_progress_entry {
	bool set;
	uint64_t index;
	vt_hash leaf;
};
struct vt_log_progress {
	uint64_t at;
	struct vt_progress_entry root, state;
	size_t nsets, nunreadable;
	struct vt_seen_set *sets;
	uint64_t *unreadable;
};
void vt_log_progress_free(struct vt_log_progress *p);
/* VT_EFORMAT: damaged; VT_ENOMEM. Free *out if it is VT_OK. */
VT_MUST_USE vt_err vt_log_progress_parse(vt_span text, struct vt_log_progress *out);
VT_MUST_USE vt_err vt_log_progress_write(vt_buf *b, const struct vt_log_progress *p);
/* Notes an entry down, or takes it off. VT_ENOMEM, VT_ELIMIT. */
VT_MUST_USE vt_err vt_log_progress_unreadable(
	struct vt_log_progress *p, uint64_t index, bool unreadable);

#endif
