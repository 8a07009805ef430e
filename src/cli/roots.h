/* SPDX-License-Identifier: Apache-2.0 */
/* The paths that the user named, on the command line and then in a list, one after the other. */
#ifndef VT_CLI_ROOTS_H
#define VT_CLI_ROOTS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/options.h"

struct vt_roots {
	const struct vt_strings *paths;
	size_t at;
	FILE *list; /* NULL: none */
	int separator;
	char *line;
	size_t cap;
};

/* VT_EIO: the list can't be opened (errno). */
VT_MUST_USE vt_err vt_roots_open(
	struct vt_roots *r, const struct vt_strings *paths, const char *list, bool nul_separated);
/* The next path, valid until the next call; VT_END after the last; VT_EIO. */
VT_MUST_USE vt_err vt_roots_next(struct vt_roots *r, const char **out);
void vt_roots_close(struct vt_roots *r);

#endif
