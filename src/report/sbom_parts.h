/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of lists share. */
#ifndef VT_REPORT_SBOM_PARTS_H
#define VT_REPORT_SBOM_PARTS_H

#include <jansson.h>

#include "report/sbom.h"

struct vt_sbom_reader {
	vt_arena *a;
	struct vt_sbom *s;
	struct vt_doc_error *why;
	vt_err e; /* the first one sticks */
};

void vt_sbom_fail(struct vt_sbom_reader *r, vt_err e, const char *where, const char *cause);
vt_span vt_sbom_keep(struct vt_sbom_reader *r, vt_span s);
/* A string member; empty if it is none. */
vt_span vt_sbom_text(struct vt_sbom_reader *r, const json_t *o, const char *key);
/* A new item; NULL with r->e. */
struct vt_sbom_item *vt_sbom_add(struct vt_sbom_reader *r);
void vt_sbom_maker(struct vt_sbom_item *i, vt_span name);
void vt_sbom_cpe(struct vt_sbom_item *i, vt_span name);

void vt_sbom_cyclonedx(struct vt_sbom_reader *r, const json_t *root);
void vt_sbom_spdx(struct vt_sbom_reader *r, const json_t *root);
void vt_sbom_tags(struct vt_sbom_reader *r, vt_span text);

#endif
