/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages between the collector and its supervisor. COLLECT starts it; then, for each subject:
 * SUBJECT, any number of COMPONENT, OBSERVATION, MISSED and FILE, and at last COVERAGE. DONE or
 * FAILED ends it all. Whoever receives treats the content as hostile.
 */
#ifndef VT_IPC_COLLECT_H
#define VT_IPC_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "inventory/survey.h"
#include "ipc/channel.h"

#define VT_COLLECT_CATALOGUES_MAX 32
#define VT_COLLECT_EXCLUDES_MAX 256
#define VT_COLLECT_WHY_MAX 512
#define VT_COLLECT_STRING_MAX 16384

/* What the first descriptor of COLLECT is. */
enum vt_collect_what {
	VT_COLLECT_SYSTEM,    /* "/" of this system: all but what needs /proc */
	VT_COLLECT_PROCESSES, /* the same: only what needs /proc */
	VT_COLLECT_ROOT,      /* a folder that is another system's root */
	VT_COLLECT_ARCHIVE,   /* a container image in a tar file */
	VT_COLLECT_LAYOUT,    /* a folder with an OCI layout */
	VT_COLLECT_DISK,      /* a disk image */
	VT_COLLECT_WHATS
};

/* COLLECT. Descriptors: the subject, then as many catalogues, then the spool folder if there is
 * one. */
struct vt_wire_collect {
	enum vt_collect_what what;
	uint32_t areas; /* bits of enum vt_area */
	bool cross;     /* other file systems below the root are entered */
	bool files;     /* FILE messages are wanted */
	bool spool;
	uint64_t max_file;  /* larger ones are TOO_LARGE */
	uint64_t spool_max; /* bytes */
	uint32_t ncatalogues;
	vt_span name;       /* of the subject */
	uint32_t nexcludes; /* globs over paths */
	vt_span excludes[VT_COLLECT_EXCLUDES_MAX];
};
VT_MUST_USE vt_err vt_collect_write(vt_buf *b, const struct vt_wire_collect *c);
VT_MUST_USE vt_err vt_collect_read(vt_reader *body, struct vt_wire_collect *out);

/*
 * SUBJECT: coverage and answers are not in it. `parent`: of a layer, how many subjects ago its
 * image came (in this collector's run), as given by index.
 */
VT_MUST_USE vt_err vt_subject_write(vt_buf *b, const struct vt_subject *s);
VT_MUST_USE vt_err vt_subject_read(vt_reader *body, struct vt_subject *out);
/* `subject` of these three is not in the message: it is the one that was begun last. */
VT_MUST_USE vt_err vt_component_write(vt_buf *b, const struct vt_component *c);
VT_MUST_USE vt_err vt_component_read(vt_reader *body, struct vt_component *out);
/* id, subject and repeat are not in it. */
VT_MUST_USE vt_err vt_observation_write(vt_buf *b, const struct vt_observation *o);
VT_MUST_USE vt_err vt_observation_read(vt_reader *body, struct vt_observation *out);
VT_MUST_USE vt_err vt_missed_write(vt_buf *b, const struct vt_missed *m);
VT_MUST_USE vt_err vt_missed_read(vt_reader *body, struct vt_missed *out);
/* COVERAGE: all areas. */
VT_MUST_USE vt_err vt_coverage_write(
	vt_buf *b, const struct vt_coverage v[VT_AREAS], uint32_t asked);
VT_MUST_USE vt_err vt_coverage_read(
	vt_reader *body, struct vt_coverage out[VT_AREAS], uint32_t *out_asked);
/* FILE: one descriptor, to be scanned. */
struct vt_wire_file {
	vt_span path;
	uint64_t size;
	bool hidden;
};
VT_MUST_USE vt_err vt_file_write(vt_buf *b, const struct vt_wire_file *f);
VT_MUST_USE vt_err vt_file_read(vt_reader *body, struct vt_wire_file *out);
/* FAILED */
VT_MUST_USE vt_err vt_collect_failed_write(vt_buf *b, vt_err error, vt_span why);
VT_MUST_USE vt_err vt_collect_failed_read(vt_reader *body, vt_err *out_error, vt_span *out_why);

#endif
