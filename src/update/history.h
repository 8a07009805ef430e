/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs of an update came to: files "last" and "history" of the update folder
 * (docs/formats/update.md). A line a run, the newest last.
 */
#ifndef VT_UPDATE_HISTORY_H
#define VT_UPDATE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "update/config.h"
#include "update/refusal.h"

#define VT_HISTORY_FILE "history"
#define VT_LAST_FILE "last"
#define VT_HISTORY_MAX ((size_t)1 << 20)
/* Lines that are kept. */
#define VT_HISTORY_RUNS 2000u

enum vt_outcome {
	VT_OUTCOME_UPDATED, /* other content is in use now */
	VT_OUTCOME_SAME,    /* verified; nothing to change */
	VT_OUTCOME_REFUSED,
	VT_OUTCOME_FAILED,  /* this machine could not */
	VT_OUTCOME_DECIDED, /* a person decided something */
	VT_OUTCOMES
};
/* "updated"; static storage. */
const char *vt_outcome_word(enum vt_outcome o);

/* Spans point into the text that was read. Words have no spaces; empty ones are written "-". */
struct vt_run {
	int64_t time;
	vt_span action; /* "update", "approve", ... */
	enum vt_outcome outcome;
	enum vt_refusal refusal;
	uint64_t tree;                       /* size of the tree that was verified; 0: none */
	uint64_t state_index, state_version; /* 0 0: none */
	vt_span generation;                  /* in use afterwards */
	uint64_t bytes;                      /* of content that were fetched */
	vt_span text;                        /* why, or who: the rest of the line */
};
/* Appends a line. Control characters in the text become '?'; it is cut at 1,000 bytes. */
VT_MUST_USE vt_err vt_run_write(vt_buf *b, const struct vt_run *r);
/* A line without its end; VT_EFORMAT. */
VT_MUST_USE vt_err vt_run_read(vt_span line, struct vt_run *out);

/* The next run of a history, the oldest first. VT_END, VT_EFORMAT. */
VT_MUST_USE vt_err vt_history_next(vt_span *text, struct vt_run *out);
/* Adds a run to the history in the update folder `dir`; the oldest make room. */
VT_MUST_USE vt_err vt_history_add(int dir, const struct vt_run *r);

/* The last run, and each source that did not do. */
struct vt_last_failure {
	enum vt_refusal refusal;
	vt_span place, why;
};
struct vt_last {
	struct vt_run run;
	int64_t newer_waits; /* a newer state waits until about then; 0: none */
	size_t nfailures;
	struct vt_last_failure failures[VT_CONFIG_SOURCES_MAX];
};
VT_MUST_USE vt_err vt_last_write(vt_buf *b, const struct vt_last *l);
VT_MUST_USE vt_err vt_last_parse(vt_span text, struct vt_last *out);

#endif
