/* SPDX-License-Identifier: Apache-2.0 */
/* One scan: walks the paths, feeds the pool of workers, writes what comes back. */
#ifndef VT_CLI_SCAN_H
#define VT_CLI_SCAN_H

#include "cli/output.h"
#include "cli/update/crashes.h"
#include "cli/walk.h"
#include "proc/supervisor/pool.h"

struct vt_scan_plan {
	struct vt_walk_options walk;
	struct vt_pool_config pool;
	const struct vt_strings *paths;
	const char *files_from; /* a list of paths, "-" for standard input; may be NULL */
	bool nul_separated;     /* the list's names end in NUL, not in newline */
	bool progress;
	uint64_t total_bytes; /* of what will be scanned, for the time left; 0: unknown */
	bool strict;          /* INCOMPLETE is an error */
	bool on_terminal;     /* standard output is one: what is printed must not meet the bar */
	bool shows_clean;     /* it shows CLEAN files */
	bool print_errors;    /* on standard error too: the report does not show them to a person */
	const struct vt_strings *databases; /* for the summary */
	struct vt_crashes *crashes;         /* takes down files that workers died on */
};

/* Runs it to the end, whatever happens on the way; returns the exit status. */
int vt_scan_run(const struct vt_scan_plan *plan, struct vt_outputs *outputs);

#endif
