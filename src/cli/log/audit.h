/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log read from its first entry to its last, as a monitor reads it: each entry by the owners of
 * its time, roots, versions and states each following the one before, and what is live
 * (docs/formats/log.md). What is wrong is told and the reading goes on: unlike a client, who
 * refuses, a monitor has to show all of it.
 */
#ifndef VT_CLI_LOG_AUDIT_H
#define VT_CLI_LOG_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "entry/entry.h"
#include "tlog/tile.h"

enum vt_log_alert {
#define VT_LOG_ALERT(ID, word, what) VT_LOG_##ID,
#include "cli/log/alerts.def"
#undef VT_LOG_ALERT
	VT_LOG_ALERTS
};
/* "new-key", and its sentence; static. */
const char *vt_log_alert_word(enum vt_log_alert a);
const char *vt_log_alert_sentence(enum vt_log_alert a);

/* An entry of the log that owns its memory. */
struct vt_seen {
	uint64_t index;
	vt_hash leaf;
	vt_buf bytes;
	vt_arena a;
	struct vt_entry e;
};
void vt_seen_free(struct vt_seen *s); /* NULL is fine */
/* VT_EFORMAT with *why (static, never NULL then) for bytes that are no entry; VT_ENOMEM. */
VT_MUST_USE vt_err vt_seen_new(
	uint64_t index, vt_span bytes, struct vt_seen **out, const char **why);

/* The newest version of a set that was seen. */
struct vt_seen_set {
	enum vt_entry_kind kind;
	char name[VT_ENTRY_NAME_MAX + 1];
	uint64_t version, index;
	vt_hash leaf;
};

struct vt_audit {
	vt_span origin;
	struct vt_tiles *tiles; /* of the head that is read */
	/* What is wrong or worth knowing, about entry `index`. The text is safe to print. */
	void (*tell)(void *ctx, enum vt_log_alert what, uint64_t index, const char *text);
	void *ctx;
	/* What stands before the next entry. */
	struct vt_seen *root, *state;
	size_t nsets;
	struct vt_seen_set *sets;
	size_t nlive;
	struct vt_seen *live[VT_ENTRY_LIVE_MAX];
};
void vt_audit_free(struct vt_audit *a);
void vt_audit_tell(struct vt_audit *a, enum vt_log_alert what, uint64_t index, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Reads entry `index` of the tree. Errors of vt_tiles_entry(); VT_EUNSUPPORTED: it is no entry. */
VT_MUST_USE vt_err vt_audit_load(struct vt_audit *a, uint64_t index, struct vt_seen **out);
/*
 * Goes on behind a root and a state that were seen before. VT_EARG: these are other entries now;
 * errors of vt_tiles_entry().
 */
VT_MUST_USE vt_err vt_audit_resume(struct vt_audit *a, bool has_root, uint64_t root_index,
	const vt_hash *root, bool has_state, uint64_t state_index, const vt_hash *state);
VT_MUST_USE vt_err vt_audit_add_set(struct vt_audit *a, const struct vt_seen_set *s);
/* The newest version of a set that was seen; NULL. */
const struct vt_seen_set *vt_audit_set(
	const struct vt_audit *a, enum vt_entry_kind kind, vt_span name);

/*
 * The next entry: told of, and remembered. Takes *io_seen (NULL then) if it is a root or a state.
 * *out_before: the one of a root or state before it, which lives until vt_seen_free(). Errors are
 * those of reading other entries of the tree, and VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_audit_entry(
	struct vt_audit *a, struct vt_seen **io_seen, struct vt_seen **out_before);

/* audit_state.c: what a state says is live. */
VT_MUST_USE vt_err vt_audit_live(struct vt_audit *a, const struct vt_seen *state);
/* Reads what a->state says is live into a->live, which is empty. */
VT_MUST_USE vt_err vt_audit_load_live(struct vt_audit *a);

/* "content main 27": for messages. Returns `out`. */
#define VT_AUDIT_TITLE_MAX 512
const char *vt_audit_title(const struct vt_seen *s, char out[VT_AUDIT_TITLE_MAX]);
bool vt_audit_is_set(const struct vt_entry *e);

#endif
