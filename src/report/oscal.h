/* SPDX-License-Identifier: Apache-2.0 */
/* What OSCAL's two documents share. */
#ifndef VT_REPORT_OSCAL_H
#define VT_REPORT_OSCAL_H

#include "report/common.h"
#include "report/json.h"

#define VT_OSCAL_VERSION "1.1.2"

/* A member with the UUID of a thing of this report. */
void vt_oscal_uuid(struct vt_json *j, const char *key, const struct vt_report_input *in,
	const char *what, uint64_t number);
void vt_oscal_metadata(struct vt_json *j, const struct vt_report_input *in, const char *title);
void vt_oscal_prop(struct vt_json *j, const char *name, vt_span value);
/* One a finding and one an area of each subject. */
void vt_oscal_observations(struct vt_json *j, const struct vt_report_input *in);
/* The subjects as inventory items, below "local-definitions". */
void vt_oscal_items(struct vt_json *j, const struct vt_report_input *in);
/* A name that OSCAL takes for a token: letters, digits, '.', '_', '-'. */
void vt_oscal_token(struct vt_json *j, const char *key, const char *prefix, vt_span s);

#endif
