/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed from one version of a set to the next, line by line: the text that people review and
 * that machines apply (docs/formats/log.md, "Deltas"). Lines that went are in it with their text.
 *
 *	vitrine/delta/v1
 *	set main 26 27
 *	file daily.hsb          an existing file that changed; its lines, in order:
 *	=1200                   1200 lines stay
 *	-44d88612...:68:Old     this line goes
 *	+a9f0e66b...:70:New     this line comes
 *	add extra.ldb           a new file: only "+" lines
 *	drop old.ndb            a file that is gone (its lines are not repeated)
 *	put rules.yar 120       a file that is not line by line, whole: 120 bytes follow, then LF
 */
#ifndef VT_ENTRY_DELTA_H
#define VT_ENTRY_DELTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Bytes of a line, its LF included. */
#define VT_DELTA_LINE_MAX ((size_t)1 << 20)

enum vt_delta_op {
	VT_DELTA_FILE,
	VT_DELTA_ADD,
	VT_DELTA_DROP,
	VT_DELTA_PUT,
	VT_DELTA_KEEP, /* count */
	VT_DELTA_LESS, /* text */
	VT_DELTA_MORE, /* text */
};
struct vt_delta_step {
	enum vt_delta_op op;
	vt_span file;   /* the file that this step is about */
	uint64_t count; /* KEEP: lines */
	vt_span text;   /* LESS, MORE: a line without its line end; PUT: the bytes */
};
struct vt_delta_reader {
	vt_reader r;
	vt_span set, file;
	uint64_t from, to;
	int mode;
};
/* Reads the head. VT_EFORMAT. */
VT_MUST_USE vt_err vt_delta_open(vt_span text, struct vt_delta_reader *out);
/* VT_END after the last step; VT_EFORMAT. */
VT_MUST_USE vt_err vt_delta_next(struct vt_delta_reader *d, struct vt_delta_step *out);

/* True for a file whose lines each end with LF and are not too long; an empty file has none. */
bool vt_delta_by_line(vt_span bytes, uint64_t *out_lines);

/* A file of a version: its bytes whole. `by_line`: as vt_delta_by_line() says. */
struct vt_delta_file {
	vt_span name, bytes;
	bool by_line;
};
/*
 * The delta from the old to the new files (each ascending by name); 1 <= from < to. VT_EARG for
 * names, versions and orders that could not be read back; VT_ELIMIT, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_delta_make(vt_buf *b, vt_span set, uint64_t from, uint64_t to,
	const struct vt_delta_file *old, size_t nold, const struct vt_delta_file *now, size_t nnow);

/*
 * Applies the steps of one file: `old` is its bytes before (empty for add and put). The reader
 * stands behind the FILE, ADD or PUT step; the step behind the file's last is in *io_step, or
 * *out_end is set. VT_EFORMAT: the delta does not fit these bytes.
 */
VT_MUST_USE vt_err vt_delta_apply_file(struct vt_delta_reader *d, struct vt_delta_step *io_step,
	vt_span old, vt_buf *out, bool *out_end);

#endif
