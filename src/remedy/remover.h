/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries a plan out, step by step, with a journal; goes on where it was interrupted; undoes. A
 * step's program may say that all went well: what counts is what is there afterwards.
 *
 * STATE/removals/<plan id>/: plan.json, journal, rollback/ (what was taken away), packages.before,
 * verified.json (verify.h).
 */
#ifndef VT_REMEDY_REMOVER_H
#define VT_REMEDY_REMOVER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "remedy/journal.h"
#include "remedy/plan/plan.h"

#define VT_REMOVALS "removals" /* below the state folder */

/* What is told while it goes on: a line without its end. */
typedef void vt_remover_say_fn(void *ctx, size_t step, enum vt_mark mark, const char *text);

struct vt_remover {
	const struct vt_removal *plan;
	const char *root_path;
	int root;   /* descriptor of it */
	bool live;  /* root is "/" */
	int folder; /* of this removal; -1 in a dry run */
	int lock;
	char *folder_path;
	struct vt_diary journal;
	enum vt_mark *last;  /* of each step; VT_MARK_RUN: nothing yet */
	uint32_t timeout_ms; /* of package managers and their scripts */
	vt_remover_say_fn *say;
	void *ctx;
};

/*
 * `state`: the state folder, or NULL: nothing is written (a dry run). VT_EAGAIN: another run is
 * under way. VT_ECHECKSUM: the journal was altered. VT_EIO. Close in any case.
 */
VT_MUST_USE vt_err vt_remover_open(
	struct vt_remover *r, const struct vt_removal *plan, const char *root, const char *state);
void vt_remover_close(struct vt_remover *r);

enum vt_ending {
	VT_ENDING_DONE,    /* all steps that are not a person's */
	VT_ENDING_PERSON,  /* and there are steps that a person has to do */
	VT_ENDING_PAUSED,  /* one step was asked for */
	VT_ENDING_FAILED,  /* a step failed: what came after it was not done */
	VT_ENDING_BLOCKED, /* the product defends itself */
	VT_ENDING_ALERT,   /* something came along that the plan does not name */
};
const char *vt_ending_word(enum vt_ending e);

/* Tells what each step would do now, and what stands in its way. */
VT_MUST_USE vt_err vt_remover_try(struct vt_remover *r, enum vt_ending *out);
/* Does what is not done yet. `who`: approved by, run by; `once`: one step only. */
VT_MUST_USE vt_err vt_remover_apply(
	struct vt_remover *r, const char *who, bool once, enum vt_ending *out);
/* Undoes what was done, the last first. */
VT_MUST_USE vt_err vt_remover_undo(struct vt_remover *r, const char *who, enum vt_ending *out);
/* True if the journal says that a run was begun. */
bool vt_remover_begun(const struct vt_remover *r);

/*
 * Leaves the session, and the control group, of whoever started this process, if one of its
 * ancestors runs from a place of the plan: stopping it must not stop the remover. Returns in the
 * child with VT_OK; the parent waits and exits with the child's status. *out_ancestor: what was
 * found, malloc'ed, or NULL.
 */
VT_MUST_USE vt_err vt_remover_detach(
	const struct vt_removal *plan, const char *root_path, char **out_ancestor);

#endif
