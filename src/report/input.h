/* SPDX-License-Identifier: Apache-2.0 */
/* What every report is made of: what a run saw, and what a directive makes of it. */
#ifndef VT_REPORT_INPUT_H
#define VT_REPORT_INPUT_H

#include "inventory/catalogue.h"
#include "inventory/directive.h"
#include "inventory/judge.h"
#include "inventory/survey.h"

#define VT_REPORT_MAX ((size_t)192 << 20) /* bytes of a report */

/* A run and what it shows; survey is NULL where there is none. */
struct vt_report_run {
	const struct vt_survey *survey;
	struct vt_status status;
	/* of its components: vt_report_run_seal() */
	uint64_t ncomponents;
	char components[65]; /* SHA-256 over all of them, hex */
};

struct vt_report_input {
	const struct vt_directive *directive; /* NULL: an inventory as such (CycloneDX only) */
	const struct vt_catalogue *catalogue;
	vt_day on;                   /* the day that exceptions and dates are judged at */
	int64_t time;                /* when the report is made, seconds since 1970 */
	struct vt_report_run run;    /* what is reported */
	struct vt_report_run before; /* before a removal */
	struct vt_report_run second; /* by a second method */
	vt_span challenge;           /* what who asks for the proof wants to see in it */
	vt_span organisation;        /* who reports; may be empty */
	vt_span contact;
	vt_span directive_position; /* "shipped", "update log: state 41" */
	struct vt_strings_of reviewers;
};

#endif
