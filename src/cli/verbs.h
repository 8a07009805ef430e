/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that have verbs: "vitrine log show". A command has a table of them, mostly a verbs.def.
 */
#ifndef VT_CLI_VERBS_H
#define VT_CLI_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/cmd.h"

struct vt_verb_row {
	const char *name, *help;
	vt_cmd_fn *run; /* NULL where the command calls its verbs itself */
};
struct vt_verbs {
	const char *command; /* "vitrine log" */
	const char *about;   /* what it is for, in one or two lines */
	bool signs;          /* needs vt_sign_init() */
	const struct vt_verb_row *v;
	size_t n;
};

/*
 * Which verb argv[1] is, in *out_index. False: *out_status is what to exit with; help was printed,
 * or what is wrong.
 */
bool vt_verbs_pick(
	const struct vt_verbs *t, int argc, char **argv, size_t *out_index, int *out_status);
/* Picks the verb and runs it with the arguments from its name on. */
int vt_verbs_run(const struct vt_verbs *t, int argc, char **argv);
/* Says that there is no such verb; VT_EXIT_ERROR. */
int vt_verbs_unknown(const struct vt_verbs *t, const char *word);

#endif
