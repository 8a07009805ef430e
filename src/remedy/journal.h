/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a removal did: one JSON object a line, only added to, each on the disk before what it
 * announces begins. A line holds the SHA-256 of the line before it, so that what was taken out or
 * changed shows. A torn last line (the power went) counts as not written.
 */
#ifndef VT_REMEDY_JOURNAL_H
#define VT_REMEDY_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_DIARY_FILE "journal"
#define VT_DIARY_MAX ((size_t)256 << 20)
#define VT_DIARY_LINE_MAX ((size_t)1 << 20)

enum vt_mark {
	VT_MARK_RUN,     /* a run begins: who, with which approval */
	VT_MARK_BEGIN,   /* a step begins */
	VT_MARK_DONE,    /* it came to its end, and that was looked at */
	VT_MARK_FAILED,  /* it did not */
	VT_MARK_BLOCKED, /* the product defends itself: people have to follow its maker's way */
	VT_MARK_ALERT,   /* something happened that the plan does not name */
	VT_MARK_UNDO,    /* undoing a step begins */
	VT_MARK_UNDONE,
	VT_MARK_KEPT, /* it can't be undone */
	VT_MARK_NOTE,
	VT_MARK_END, /* the run is over */
	VT_MARKS
};
const char *vt_mark_word(enum vt_mark m);

struct vt_record_line {
	uint64_t number; /* from 1 */
	int64_t time;
	enum vt_mark mark;
	uint64_t step; /* from 1; 0: none */
	vt_span text, output;
};
/* Each record, in order; spans are valid during the call. */
typedef void vt_diary_fn(void *ctx, const struct vt_record_line *l);

struct vt_diary {
	int fd;
	uint64_t number; /* of the last record */
	uint64_t size;   /* where the next one goes */
	uint8_t last[32];
	bool torn; /* the last line was not whole */
};

/*
 * Opens the journal of a removal, making it if `make`, and reads what is in it. VT_END: there is
 * none. VT_ECHECKSUM: it was altered. VT_EIO, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_diary_open(
	int folder, bool make, vt_diary_fn *fn, void *ctx, struct vt_diary *out);
void vt_diary_close(struct vt_diary *j);
/* Adds a record and waits for the disk. Output is cut at 256 KiB. */
VT_MUST_USE vt_err vt_diary_add(
	struct vt_diary *j, enum vt_mark mark, uint64_t step, vt_span text, vt_span output);
/* Reads a journal's bytes (for tests and readers of copies). *out_whole: bytes of whole lines. */
VT_MUST_USE vt_err vt_diary_read(vt_span bytes, vt_diary_fn *fn, void *ctx, uint64_t *out_number,
	uint8_t out_last[32], size_t *out_whole);

#endif
