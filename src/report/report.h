/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a run and a directive's status are given to others. Same input, same bytes. */
#ifndef VT_REPORT_REPORT_H
#define VT_REPORT_REPORT_H

#include "report/input.h"

/* Appends the report; on an error nothing is appended. VT_ELIMIT, VT_ENOMEM. */
typedef vt_err vt_report_fn(const struct vt_report_input *in, vt_buf *out);

vt_report_fn vt_report_html;       /* for people: self-contained, printable */
vt_report_fn vt_report_csv;        /* the directive's fields, then a line a finding */
vt_report_fn vt_report_cyclonedx;  /* CycloneDX 1.6 JSON, with compositions and declarations */
vt_report_fn vt_report_oscal;      /* OSCAL 1.1.2 assessment results, JSON */
vt_report_fn vt_report_oscal_poam; /* OSCAL 1.1.2 plan of action and milestones, JSON */
vt_report_fn vt_report_text;       /* plain text: the sentence and the fields */

#endif
