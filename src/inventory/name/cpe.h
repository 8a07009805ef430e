/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of products by the Common Platform Enumeration 2.3: well-formed names, their bindings as
 * formatted strings ("cpe:2.3:a:...") and URIs ("cpe:/a:...") by NISTIR 7695, and their comparison
 * by NISTIR 7696.
 */
#ifndef VT_INVENTORY_NAME_CPE_H
#define VT_INVENTORY_NAME_CPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_CPE_MAX 2048

enum vt_cpe_attr {
	VT_CPE_PART,
	VT_CPE_VENDOR,
	VT_CPE_PRODUCT,
	VT_CPE_VERSION,
	VT_CPE_UPDATE,
	VT_CPE_EDITION,
	VT_CPE_LANGUAGE,
	VT_CPE_SW_EDITION,
	VT_CPE_TARGET_SW,
	VT_CPE_TARGET_HW,
	VT_CPE_OTHER,
	VT_CPE_ATTRS
};

enum vt_cpe_kind { VT_CPE_ANY, VT_CPE_NA, VT_CPE_VALUE };

/*
 * A value is its characters without quoting, in lower case, and the wildcards that may stand before
 * and after them: a number of '?', each for one character or none, or VT_CPE_STAR.
 */
#define VT_CPE_STAR 0xff
struct vt_cpe_value {
	enum vt_cpe_kind kind;
	vt_span text;
	uint8_t before, after;
};

/* Points into `text`: stays where it is. */
struct vt_cpe {
	struct vt_cpe_value v[VT_CPE_ATTRS];
	size_t used;
	uint8_t text[VT_CPE_MAX];
};

/* Either binding. VT_EFORMAT; VT_ELIMIT: longer than VT_CPE_MAX. */
VT_MUST_USE vt_err vt_cpe_parse(vt_span s, struct vt_cpe *out);
/* Appends the formatted string. */
VT_MUST_USE vt_err vt_cpe_write(const struct vt_cpe *c, vt_buf *out);
/* Appends the URI; VT_EUNSUPPORTED if a part of it has a form that URIs do not know. */
VT_MUST_USE vt_err vt_cpe_write_uri(const struct vt_cpe *c, vt_buf *out);
/* Makes `c` the name of a product: everything else is ANY. VT_ELIMIT. */
VT_MUST_USE vt_err vt_cpe_make(
	char part, vt_span vendor, vt_span product, vt_span version, struct vt_cpe *c);

enum vt_cpe_relation {
	VT_CPE_UNDEFINED,
	VT_CPE_DISJOINT,
	VT_CPE_EQUAL,
	VT_CPE_SUBSET,
	VT_CPE_SUPERSET,
};
const char *vt_cpe_relation_word(enum vt_cpe_relation r);

/* Table 6-2: how the source's set of values lies to the target's. */
enum vt_cpe_relation vt_cpe_compare_value(
	const struct vt_cpe_value *source, const struct vt_cpe_value *target);
/* Table 6-4, over all attributes. */
enum vt_cpe_relation vt_cpe_compare(const struct vt_cpe *source, const struct vt_cpe *target);

#endif
