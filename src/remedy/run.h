/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts programs of the system (dpkg, rpm, systemctl, ...) the same way on every machine: found in
 * fixed folders, with a fixed environment, no terminal, nothing on standard input, a session of
 * their own, and a time after which they and all that they started are killed.
 */
#ifndef VT_REMEDY_RUN_H
#define VT_REMEDY_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct vt_run {
	const char *const *argv; /* ends with NULL; argv[0] without a folder */
	const char *folder;      /* to start in; NULL: "/" */
	uint32_t timeout_ms;     /* 0: ten minutes */
	size_t keep;             /* bytes of output to keep, from its beginning; 0: 64 KiB */
	bool quiet_errors;       /* standard error goes nowhere */
};
struct vt_run_result {
	bool missing;   /* there is no such program */
	bool timed_out; /* it was killed */
	int code;       /* exit status, or -1 */
	int signal;     /* that ended it, or 0 */
	vt_buf output;  /* standard output and error, in the order written; NUL follows */
	bool cut;       /* there was more */
};

/* VT_OK even if it failed: the result says so. VT_EIO, VT_ENOMEM. Free with vt_run_drop(). */
VT_MUST_USE vt_err vt_run(const struct vt_run *r, struct vt_run_result *out);
void vt_run_drop(struct vt_run_result *r);
/* True if it ran to its end and said that it went well. */
bool vt_run_ok(const struct vt_run_result *r);
/* "exit status 3", "killed by signal 15", "still running after 600 s: killed", "not installed". */
const char *vt_run_text(const struct vt_run_result *r, char buf[80]);
/* Where the program is, malloc'ed; NULL if nowhere. */
char *vt_run_find(const char *name);

#endif
