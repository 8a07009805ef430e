/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps a document from widening the scope of an inventory or a removal to files that are
 * nobody's product: what is too general is refused when the document is read, with the reason
 * (docs/formats/catalogue.md, "What is refused").
 */
#ifndef VT_INVENTORY_NARROW_H
#define VT_INVENTORY_NARROW_H

#include "inventory/catalogue.h"

/* Each returns NULL, or why it is too general; static storage. */
const char *vt_narrow_term(enum vt_fact_kind kind, enum vt_attr attr, vt_span glob);
/* Does a term of this attribute say what something is, rather than how or where? */
bool vt_narrow_identifies(enum vt_attr attr);
const char *vt_narrow_folder_name(vt_span glob);
const char *vt_narrow_signature(vt_span format, vt_span line);
const char *vt_narrow_prefix(vt_span path);
const char *vt_narrow_unit(vt_span name);
const char *vt_narrow_account(vt_span name);
/* Globs for ids of products, aliases, and names for CPE, purl and SWID. */
const char *vt_narrow_products(vt_span glob);
const char *vt_narrow_alias(vt_span alias);
const char *vt_narrow_cpe(vt_span cpe);
const char *vt_narrow_purl(vt_span purl);

#endif
