/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the sandboxed compiler over signature files that the caller has opened. The caller writes
 * to a temporary file and renames it once this returned VT_OK.
 */
#ifndef VT_PROC_SUPERVISOR_COMPILE_H
#define VT_PROC_SUPERVISOR_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "ipc/compile.h"

struct vt_compile_source {
	int fd;       /* open for reading, a regular file; stays the caller's */
	vt_span name; /* the base name, with its extension: what reports show */
};

struct vt_compile_request {
	const char *compiler_path; /* the vitrine-compiler executable */
	const struct vt_compile_source *sources;
	size_t nsources;
	int output;          /* open for writing, empty; stays the caller's */
	bool strict;         /* a bad line is an error */
	uint32_t timeout_ms; /* for all of it; 0: ten minutes */
};

/* All spans live until vt_compile_result_free(). */
struct vt_compile_result {
	struct vt_wire_totals totals;
	/* Lines set aside, at most VT_WIRE_ASIDES_MAX of them; totals.asides counts all. */
	size_t nasides;
	struct vt_wire_aside *asides; /* what: enum vt_aside */
	size_t ncontainers;
	struct vt_wire_container *containers;
	/* With an error: what it is about, both possibly empty. */
	vt_span failed_source, failed_cause;
	/* private */
	vt_arena arena;
	size_t cap_asides, cap_containers;
};

/*
 * VT_OK: the image is written. VT_EPEER: the compiler crashed, took too long or answered badly
 * (failed_cause says which). Otherwise the compiler's own error. *out is filled as far as it came
 * in any case; free it always.
 */
VT_MUST_USE vt_err vt_compile_run(
	const struct vt_compile_request *request, struct vt_compile_result *out);
void vt_compile_result_free(struct vt_compile_result *r);

#endif
