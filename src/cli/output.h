/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scan says, in the formats of outputs.def. A format is a file output_<name>.c with an
 * ops table; results come one by one and are written as they come.
 */
#ifndef VT_CLI_OUTPUT_H
#define VT_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/span.h"
#include "cli/options.h"
#include "cli/walk.h"
#include "engine/core/verdict.h"

#define VT_SCAN_SCHEMA "vitrine.scan/1"

struct vt_result {
	vt_span path; /* as the user would write it; raw bytes; "-" is standard input */
	vt_verdict verdict;
	const struct vt_report *report;
	int error; /* errno of a file that could not be opened, or 0 */
};

struct vt_summary {
	uint64_t files, bytes, objects, object_bytes, detections;
	uint64_t by_verdict[VT_DETECTED + 1];
	uint64_t gaps[VT_REASON_COUNT]; /* all of them, several a file */
	uint64_t errors;                /* files that could not be read */
	const struct vt_walk_skipped *skipped;
	const struct vt_strings *databases;
	double seconds;
	int64_t started; /* seconds since 1970 */
	bool interrupted;
	int exit_status;
};

enum vt_show {
	VT_SHOW_ALL,      /* every file, where the format lists clean files at all */
	VT_SHOW_PROBLEMS, /* not CLEAN */
	VT_SHOW_FOUND,    /* detections only */
};

struct vt_output_style {
	bool color;
	bool verbose;
	bool summary;
	bool quiet; /* human form: nothing at all */
	enum vt_show show;
};

struct vt_output;

struct vt_output_ops {
	const char *name, *extension;
	bool lists_clean; /* CLEAN files too by default */
	vt_err (*begin)(struct vt_output *o);
	vt_err (*file)(struct vt_output *o, const struct vt_result *r);
	vt_err (*end)(struct vt_output *o, const struct vt_summary *s);
	void (*free)(struct vt_output *o); /* drops `state`; may be NULL */
};

struct vt_output {
	const struct vt_output_ops *ops;
	struct vt_output_style style;
	FILE *file; /* writes through `fd`, whole even when signals come */
	int fd;
	int error;        /* errno of the first write that failed, or 0 */
	bool told;        /* that was printed */
	const char *name; /* of the file; NULL for standard output */
	uint64_t rows;    /* written so far: for separators */
	void *state;      /* the format's own */
};

#define VT_OUTPUT(name) extern const struct vt_output_ops vt_output_##name;
#include "cli/outputs.def"
#undef VT_OUTPUT

/* By the name of the format; NULL if there is none. */
const struct vt_output_ops *vt_output_find(vt_span name);

/* All outputs of a scan: standard output and files. */
struct vt_outputs {
	struct vt_output *v;
	size_t n;
	bool broken_pipe; /* standard output has no reader any more */
};

/*
 * Opens `format` on standard output and each of `specs` ("FORMAT:FILE", or "FILE" with the format's
 * extension). VT_EARG or VT_EIO: a message was printed, starting with `command`.
 */
VT_MUST_USE vt_err vt_outputs_open(struct vt_outputs *o, const char *command, const char *format,
	const struct vt_strings *specs, const struct vt_output_style *style);
/*
 * VT_EPEER: the reader of standard output is gone. VT_EIO: a file could not be written; a message
 * was printed.
 */
VT_MUST_USE vt_err vt_outputs_file(struct vt_outputs *o, const struct vt_result *r);
VT_MUST_USE vt_err vt_outputs_flush(struct vt_outputs *o);
VT_MUST_USE vt_err vt_outputs_end(struct vt_outputs *o, const struct vt_summary *s);
void vt_outputs_close(struct vt_outputs *o);

#endif
