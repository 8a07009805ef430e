/* SPDX-License-Identifier: Apache-2.0 */
/* The paths that the user named, on the command line and then in a list, one after the other. */
#ifndef VT_CLI_ROOTS_H
#define VT_CLI_ROOTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"

struct vt_roots {
	const struct vt_strings *paths;
	size_t at;
	int list; /* descriptor; -1: none */
	char separator;
	vt_buf read; /* what was read of the list */
	size_t taken;
	bool ended;
};

/* VT_EIO: the list can't be opened (errno). */
VT_MUST_USE vt_err vt_roots_open(
	struct vt_roots *r, const struct vt_strings *paths, const char *list, bool nul_separated);
/*
 * The next path, valid until the next call; *out_listed: from the list, so "-" is a file's name.
 * VT_END after the last. VT_EAGAIN: the list's writer gave nothing for timeout_ms, or a signal
 * came. VT_EIO (errno), VT_ELIMIT for a name of 64 MiB.
 */
VT_MUST_USE vt_err vt_roots_next(
	struct vt_roots *r, int timeout_ms, const char **out, bool *out_listed);
void vt_roots_close(struct vt_roots *r);

#endif
