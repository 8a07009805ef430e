/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that workers died on with the content in use. If the content before reads such a file
 * without harm, the new content is at fault; a few of those, and the one before is put back. A file
 * that kills workers whatever the content says nothing of it: else such files could be planted.
 */
#ifndef VT_CLI_UPDATE_CRASHES_H
#define VT_CLI_UPDATE_CRASHES_H

#include <stddef.h>

#include "base/span.h"
#include "cli/update/live.h"
#include "engine/core/verdict.h"

struct vt_crashes {
	const char *command; /* starts each message */
	const char *state;   /* the state folder; NULL: the usual one */
	size_t n;
	char *paths[VT_CRASHES_MAX];
};

/* Takes the file down if its report says that a worker died on it. */
void vt_crashes_note(struct vt_crashes *c, vt_span path, const struct vt_report *report);
/* Judges `generation` (may be empty) by them, and frees what was taken down. */
void vt_crashes_judge(struct vt_crashes *c, const char *generation, const char *worker);

#endif
