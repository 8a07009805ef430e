/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to collect*.c: a run of a collector at work. What it says is taken in by collect_said.c,
 * its files go to the scanner by collect_files.c.
 */
#ifndef VT_PROC_SUPERVISOR_COLLECTING_H
#define VT_PROC_SUPERVISOR_COLLECTING_H

#include <sys/types.h>

#include "proc/supervisor/collect.h"

#define VT_COLLECTING_FILES 256

/* What one run may say. A collector says less on any system that there is. */
#define VT_COLLECTING_SUBJECTS_MAX 16384
#define VT_COLLECTING_COMPONENTS_MAX ((size_t)1 << 20)
#define VT_COLLECTING_OBSERVATIONS_MAX ((size_t)1 << 20)
#define VT_COLLECTING_MEMORY_MAX ((size_t)256 << 20)
/* Nothing that is counted is so many; what is kept of it fits any file format. */
#define VT_COLLECTING_COUNT_MAX ((uint64_t)1 << 53)

/* A file in the scanner's hands. */
struct vt_collecting_file {
	bool used, hidden;
	int fd; /* a second descriptor: to hash what fired */
	uint64_t size;
	uint32_t subject;
	char *path;
	size_t path_n;
};

struct vt_collecting {
	const struct vt_collect_request *request;
	struct vt_survey *s;
	char *why;
	pid_t pid;
	int channel;
	struct vt_pool *pool;
	bool begun, done; /* a subject is; DONE came */
	vt_err failed;    /* in a call back of the pool */
	uint32_t subject, first;
	size_t memory;                                    /* of the survey, before the run */
	size_t subjects, components, observations, ended; /* of this run */
	uint64_t heard, told;                             /* ms: that it lives; more than that */
	uint64_t entries, scanned;                        /* counts */
	struct vt_collecting_file files[VT_COLLECTING_FILES];
	uint64_t *not_scanned; /* of each subject of the run */
	size_t cap_not_scanned;
	vt_buf text;
	struct vt_message in; /* large */
};

/* `e`, with its reason for who asked. */
vt_err vt_collecting_fail(struct vt_collecting *r, vt_err e, const char *why);

/* Messages, in `r->in`. VT_EPEER: it is not one that an honest collector sends. */
VT_MUST_USE vt_err vt_collecting_subject(struct vt_collecting *r);
VT_MUST_USE vt_err vt_collecting_component(struct vt_collecting *r);
VT_MUST_USE vt_err vt_collecting_observation(struct vt_collecting *r);
VT_MUST_USE vt_err vt_collecting_missed(struct vt_collecting *r);
VT_MUST_USE vt_err vt_collecting_coverage(struct vt_collecting *r);
/* FILE: takes the message's descriptor. */
VT_MUST_USE vt_err vt_collecting_file(struct vt_collecting *r);

/* An observation that names a rule: what follows from the rule is ours to say. VT_EPEER: there is
 * no such rule. */
VT_MUST_USE vt_err vt_collecting_observe(
	struct vt_collecting *r, struct vt_observation *o, uint32_t subject);
/* The scanner could not look at a file; what that means for `read` is settled at the end. */
VT_MUST_USE vt_err vt_collecting_unscanned(struct vt_collecting *r, uint32_t subject, vt_span path);
void vt_collecting_settle(struct vt_collecting *r);
/* A run that ended badly shows nothing of any of its subjects. */
void vt_collecting_spoil(struct vt_collecting *r);

/* The pool's call back; `ctx` is the run. */
void vt_collecting_scanned(void *ctx, uint64_t id, const struct vt_report *report);
/* Gives the files up that are still in hand; the pool is gone by now. */
void vt_collecting_close_files(struct vt_collecting *r);

#endif
