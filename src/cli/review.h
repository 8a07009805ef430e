/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry of an update log as people read it before they sign it, follow it or apply it: what it
 * is, who must sign, which rules come (+), go (-) and change (~). What is unusual is said in words.
 * Everything that others wrote is made safe for a terminal.
 */
#ifndef VT_CLI_REVIEW_H
#define VT_CLI_REVIEW_H

#include <stdio.h>

#include "entry/entry.h"

/* Rules. A line that went and came in the same file and is the same is moved. */
struct vt_review_counts {
	uint64_t added, removed, changed, moved;
	uint64_t files; /* put or dropped whole */
};

struct vt_review {
	FILE *to;
	vt_span origin; /* of the log; empty: signatures are not checked */
	/* The root in force when the entry is signed; NULL: not known. */
	const struct vt_entry *root;
	/* The entry of this kind before it (of a root, a state); NULL: none, or not known. */
	const struct vt_entry *before;
	vt_span delta;   /* content, directive: its delta's text, or one that the caller made */
	vt_span payload; /* the files' bytes, all chunks; used if there is no delta */
	size_t most;     /* rules to print, as well as lines of other files; 0: all of them */
	size_t width;    /* bytes of a line to print; 0: all of them */
};
/*
 * Prints the entry. Content with neither delta nor payload at hand is told by its files only.
 * VT_EFORMAT: the delta is not one, or the payload has not the files' sizes; VT_ENOMEM; VT_EIO.
 */
VT_MUST_USE vt_err vt_review(
	const struct vt_review *r, const struct vt_entry *e, struct vt_review_counts *out_counts);

/* The part of it about rules: a delta, or the lines of a payload. */
VT_MUST_USE vt_err vt_review_delta(const struct vt_review *r, struct vt_review_counts *io_counts);
VT_MUST_USE vt_err vt_review_payload(
	const struct vt_review *r, const struct vt_content *c, struct vt_review_counts *io_counts);

/* The rule's name in a line of a signature file of this name; false if it makes no rule. */
bool vt_review_rule_name(vt_span file, vt_span line, vt_span *out);

#endif
