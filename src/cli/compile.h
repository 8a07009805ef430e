/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the compiler over signature files and says what came of it. */
#ifndef VT_CLI_COMPILE_H
#define VT_CLI_COMPILE_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/sources.h"

/*
 * Writes the image of `sources` to `fd`, and on standard error (unless `quiet`) what is compiled,
 * how long it took and what was set aside. Each failure has been printed.
 */
VT_MUST_USE vt_err vt_compile_sources(
	const char *command, const struct vt_sources *sources, int fd, bool quiet);

#endif
