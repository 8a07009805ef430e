/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine log follow, in parts: what it keeps (follow_keep.c), one round over all places
 * (follow_round.c), and what it prints (follow_print.c).
 *
 *	<state>/follow/<hex SHA-256 of the origin>/
 *		head    the longest head that was seen, as it was signed
 *		tile/   the hashes of its tree, so that a fork can be proven even if the log is gone
 *		seen    how far the entries were read (cli/log/progress.h)
 *		chunk/  content that later versions build on
 */
#ifndef VT_CLI_LOG_FOLLOW_H
#define VT_CLI_LOG_FOLLOW_H

#include "cli/log/content.h"
#include "cli/log/log.h"
#include "cli/log/progress.h"
#include "cli/options.h"
#include "cli/review.h"

struct vt_follow_settings {
	const char *policy, *log, *state, *evidence, *root;
	uint64_t most;
	uint32_t interval_ms, max_age_ms;
	bool once;
	int format;
};

struct vt_follow_place {
	struct vt_log_place place;
	bool open, good; /* good: its head was read and checked in this round */
};

struct vt_follow {
	const struct vt_follow_settings *s;
	struct vt_log_trust trust;
	struct vt_fetcher *fetcher;
	size_t nplaces;
	struct vt_follow_place *places;
	/* what is kept; dir < 0 until the first head names the log */
	int dir, lock;
	char *evidence;
	struct vt_log_head kept;
	struct vt_tiles *kept_tiles;
	struct vt_log_progress progress;
	struct vt_audit audit;
	struct vt_log_content content;
	bool has_first; /* the first root's leaf is known, and is `first` */
	vt_hash first;
	/* while a place is read */
	struct vt_follow_place *from;
	const char *about;        /* the place that an alert is about; NULL: the log itself */
	uint64_t entries, alerts; /* of this round */
	uint64_t all_alerts;
};

/* follow_keep.c. Messages are printed; errors are this machine's. */
VT_MUST_USE vt_err vt_follow_open(struct vt_follow *f, const struct vt_log_head *first);
void vt_follow_close(struct vt_follow *f);
/* Takes the place's head, whose tree begins with the kept one. VT_OK; errors of the tiles. */
VT_MUST_USE vt_err vt_follow_take(struct vt_follow *f, struct vt_follow_place *p);
VT_MUST_USE vt_err vt_follow_save(struct vt_follow *f);
/* Writes evidence of a fork and tells of it. */
VT_MUST_USE vt_err vt_follow_fork(struct vt_follow *f, const struct vt_log_head *a,
	const struct vt_log_head *b, struct vt_tiles *longer);

/* follow_round.c: *out_answered: some place showed a head, a good or a bad one. */
VT_MUST_USE vt_err vt_follow_round(struct vt_follow *f, bool *out_answered);

/* follow_print.c; an index of UINT64_MAX: about no entry. */
void vt_follow_alert(struct vt_follow *f, enum vt_log_alert what, uint64_t index, const char *text);
void vt_follow_alert_evidence(
	struct vt_follow *f, enum vt_log_alert what, const char *text, const char *evidence);
void vt_follow_tell(void *ctx, enum vt_log_alert what, uint64_t index, const char *text);
void vt_follow_put_head(struct vt_follow *f, const struct vt_follow_place *p, uint64_t fresh);
void vt_follow_put_title(struct vt_follow *f, const struct vt_seen *s, bool again);
/* The change for people; `before`: the root or state before. */
VT_MUST_USE vt_err vt_follow_put_entry(struct vt_follow *f, const struct vt_seen *s,
	const struct vt_seen *root, const struct vt_seen *before,
	const struct vt_log_change *change, bool again);
void vt_follow_put_end(struct vt_follow *f);

#endif
