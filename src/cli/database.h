/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database images of a scan, whatever the user named: images are checked and used as they are,
 * signature files and folders are compiled together into one image, which is kept in the cache.
 */
#ifndef VT_CLI_DATABASE_H
#define VT_CLI_DATABASE_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"
#include "ipc/setup.h"

struct vt_databases {
	int fds[VT_MAX_IMAGES];
	size_t n;
	struct vt_strings names; /* what they were made from, for the report; malloc'ed */
	char generation[32];     /* of the update in use among them; empty: none */
};

/*
 * `paths` empty: the content that updates brought into the state folder (NULL: the usual one), the
 * base content and, where it has signatures, /var/lib/clamav. Each failure has been printed,
 * starting with `command`.
 */
VT_MUST_USE vt_err vt_databases_open(struct vt_databases *d, const char *command,
	const struct vt_strings *paths, const char *state, bool quiet);
void vt_databases_close(struct vt_databases *d);

#endif
