/* SPDX-License-Identifier: Apache-2.0 */
/* What protection this kernel gives: tried out in children, not looked up. For people. */
#ifndef VT_SANDBOX_PROBE_H
#define VT_SANDBOX_PROBE_H

#include <stdbool.h>
#include <stddef.h>

struct vt_probe_row {
	const char *name; /* static: "system call filter" */
	bool available;
	bool required;       /* without it workers don't start */
	char detail[96];     /* "version 7: files, TCP, abstract sockets, signals" */
	const char *meaning; /* static: what it keeps a worker from; what is missing without it */
};

#define VT_PROBE_MAX 16

/* Fills the rows, strongest first, and returns how many. Starts short-lived child processes. */
size_t vt_sandbox_probe(struct vt_probe_row out[VT_PROBE_MAX]);

#endif
