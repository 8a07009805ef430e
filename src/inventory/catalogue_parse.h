/* SPDX-License-Identifier: Apache-2.0 */
/* Private to catalogue*.c: one rule of the document, and the indices that a catalogue needs. */
#ifndef VT_INVENTORY_CATALOGUE_PARSE_H
#define VT_INVENTORY_CATALOGUE_PARSE_H

#include "inventory/doc.h"

/* *out_product: the id that the rule names; the index is looked up when all are known. */
void vt_catalogue_rule_read(struct vt_doc *d, const json_t *j, const struct vt_sources *s,
	struct vt_catalogue_rule *out, vt_span *out_product);
/* Fills in by_kind. */
vt_err vt_catalogue_index(struct vt_catalogue *c, vt_arena *a);

#endif
