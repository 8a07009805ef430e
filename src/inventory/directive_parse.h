/* SPDX-License-Identifier: Apache-2.0 */
/* Private to directive*.c. */
#ifndef VT_INVENTORY_DIRECTIVE_PARSE_H
#define VT_INVENTORY_DIRECTIVE_PARSE_H

#include "inventory/directive.h"
#include "inventory/doc.h"

#define VT_EXCEPTIONS_MAX 1024

void vt_directive_actions(struct vt_doc *d, const json_t *top, struct vt_directive *out);
void vt_directive_exceptions(
	struct vt_doc *d, const json_t *top, struct vt_exception **out, size_t *out_n);
/* "sources" and "provenance". */
void vt_directive_claims(struct vt_doc *d, const json_t *top, struct vt_directive *out);

#endif
