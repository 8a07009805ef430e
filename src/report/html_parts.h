/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the report for people that show what the sentence rests on. */
#ifndef VT_REPORT_HTML_PARTS_H
#define VT_REPORT_HTML_PARTS_H

#include "report/html.h"
#include "report/input.h"

void vt_html_findings(struct vt_html *h, const struct vt_report_input *in);
void vt_html_doubts(struct vt_html *h, const struct vt_report_input *in);
void vt_html_coverage(struct vt_html *h, const struct vt_report_input *in);
void vt_html_missed(struct vt_html *h, const struct vt_report_input *in);
void vt_html_observations(struct vt_html *h, const struct vt_report_input *in);

/* The directive's dates: those of repeated actions only if they are near. */
void vt_html_dates(struct vt_html *h, const struct vt_directive *d, vt_day on);

#endif
