/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the chunks of a plan to database images: a small one over the image that is there, where the
 * changes since allow it, or one of everything.
 */
#ifndef VT_CLI_UPDATE_BUILD_H
#define VT_CLI_UPDATE_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/update/live.h"
#include "update/plan.h"

struct vt_build {
	/* given */
	const char *compiler; /* the vitrine-compiler executable */
	int store;            /* the folder that holds chunk/ */
	int sets;             /* of vt_live_open() */
	int into;             /* of vt_live_new() */
	const struct vt_plan *plan;
	vt_span log;                     /* that the plan is from */
	const struct vt_generation *now; /* in use; NULL: nothing */
	bool merge;                      /* one image of everything */
	vt_arena *arena;
	/* made */
	struct vt_generation next; /* not its name */
	vt_buf samples;            /* lines of *.samples that are new; vt_build_free() */
	uint64_t lines, bad_lines; /* compiled; those that break their format's rules */
	uint64_t more, less;       /* of the small image */
	const char *refusal;       /* id of update/refusal.def; NULL: built */
	char why[512];
};

/* VT_OK with b->refusal set or not. Otherwise b->why says what failed on this machine. */
VT_MUST_USE vt_err vt_build_run(struct vt_build *b);
void vt_build_free(struct vt_build *b);

#endif
