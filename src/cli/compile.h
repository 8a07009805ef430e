/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the compiler over signature files and says what came of it. */
#ifndef VT_CLI_COMPILE_H
#define VT_CLI_COMPILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/sources.h"
#include "proc/supervisor/compile.h"

struct vt_compile_job {
	const char *command; /* starts each message */
	const char *compiler;
	const struct vt_sources *sources;
	int output; /* the image is written here */
	bool strict;
	bool quiet; /* only errors are printed */
};

/*
 * Writes the image and says on standard error what is compiled and how long it took. Each failure
 * has been printed. Free *out with vt_compile_result_free() in any case.
 */
VT_MUST_USE vt_err vt_compile_job_run(
	const struct vt_compile_job *job, struct vt_compile_result *out);

/* "bad", "unsupported", "refused", "other-level"; "?" if out of range. Static storage. */
const char *vt_aside_word(unsigned what);
/* "12 unsupported, 1 bad", or nothing; returns false if nothing was set aside. */
bool vt_put_asides(FILE *f, const uint64_t counts[VT_WIRE_ASIDE_KINDS]);

#endif
