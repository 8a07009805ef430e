/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is run at times and on events: crontab(5) with and without the user's name, anacrontab(5),
 * inittab(5), spooled at(1) jobs, and the programs that udev(7) rules run. A line that breaks the
 * format is passed over, as the programs themselves do.
 */
#ifndef VT_INVENTORY_ARTEFACT_JOBS_H
#define VT_INVENTORY_ARTEFACT_JOBS_H

#include "inventory/artefact/line.h"

enum vt_jobs_form {
	VT_JOBS_SYSTEM,  /* times user command */
	VT_JOBS_USER,    /* times command */
	VT_JOBS_ANACRON, /* period delay name command */
	VT_JOBS_INITTAB, /* id:levels:action:command */
	VT_JOBS_SCRIPT, /* each line that is no assignment, comment or part of the shell's syntax */
	VT_JOBS_MODPROBE, /* "install module command", "remove module command" */
};

struct vt_job {
	vt_span when, owner, name, command; /* empty: the format has none */
	unsigned line;                      /* from 1 */
};

struct vt_jobs {
	vt_reader r;
	enum vt_jobs_form form;
	unsigned line;
};
/* False at the end. */
bool vt_jobs_next(struct vt_jobs *j, struct vt_job *out);

/* The programs of a udev rule file: RUN, RUN{program}, PROGRAM and IMPORT{program}. */
struct vt_udev {
	vt_reader r;
	vt_arena *a;
	vt_span line;
};
/* *out_key is "RUN{program}" and the like; false at the end. */
bool vt_udev_next(struct vt_udev *u, vt_span *out_key, vt_span *out_command);

#endif
