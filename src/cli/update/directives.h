/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directive sets of an update: documents, laid out in <state>/update/directives/<set>/ for the
 * commands that read them (cli/directive/store.h).
 */
#ifndef VT_CLI_UPDATE_DIRECTIVES_H
#define VT_CLI_UPDATE_DIRECTIVES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "update/plan.h"

/*
 * Do files *.json that say they are directives or catalogues hold to their formats? If not,
 * *out_refused and why not. `store`: where the chunks are; `folder`: where unnamed files take room.
 */
VT_MUST_USE vt_err vt_directives_check(
	int store, int folder, const struct vt_plan *p, char *why, size_t size, bool *out_refused);
VT_MUST_USE vt_err vt_directives_write(int state, int store, int folder, const struct vt_plan *p);
/* Takes away sets and files that the plan does not have (any more). */
void vt_directives_prune(int state, const struct vt_plan *p);

#endif
