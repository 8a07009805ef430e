/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a CycloneDX document. */
#ifndef VT_REPORT_CYCLONEDX_H
#define VT_REPORT_CYCLONEDX_H

#include "report/input.h"
#include "report/json.h"

/* declarations and definitions */
void vt_cyclonedx_declare(struct vt_json *j, const struct vt_report_input *in);
const char *vt_cyclonedx_technique(enum vt_fact_kind k);
/* A member "cpe", if the text is a name and no pattern. */
void vt_cyclonedx_cpe(struct vt_json *j, vt_span text);

#endif
