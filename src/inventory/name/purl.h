/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package URLs (ECMA-427, github.com/package-url/purl-spec): pkg:deb/debian/curl@7.88.1?arch=amd64.
 * Parsing is lenient as the specification asks, writing is canonical.
 */
#ifndef VT_INVENTORY_NAME_PURL_H
#define VT_INVENTORY_NAME_PURL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "inventory/survey.h"

#define VT_PURL_MAX 2048
#define VT_PURL_QUALIFIERS_MAX 16

struct vt_purl_qualifier {
	vt_span key, value;
};

/*
 * Decoded and normalised by its type. What vt_purl_parse() fills points into `text`, so such a
 * value must stay where it is.
 */
struct vt_purl {
	vt_span type, ns, name, version, subpath; /* n == 0: not there */
	size_t nqualifiers;
	struct vt_purl_qualifier qualifiers[VT_PURL_QUALIFIERS_MAX]; /* sorted by key */
	size_t used;
	uint8_t text[VT_PURL_MAX];
};

/* VT_EFORMAT; VT_ELIMIT: longer than VT_PURL_MAX, or too many qualifiers. */
VT_MUST_USE vt_err vt_purl_parse(vt_span s, struct vt_purl *out);
/* Appends the canonical text. VT_EARG without type or name. */
VT_MUST_USE vt_err vt_purl_write(const struct vt_purl *p, vt_buf *out);
/* The value of a qualifier; empty if there is none. */
vt_span vt_purl_qualifier(const struct vt_purl *p, const char *key);

/*
 * Does `p` fall under `pattern`? Type and name must agree; namespace, version, subpath and
 * qualifiers only if the pattern has them. '*' stands for any run of characters. A qualifier "vers"
 * of the pattern is a range that the version must be in. Case counts for nothing. A range that
 * can't be compared with the version does not match, and sets *unsure (may be NULL).
 */
bool vt_purl_match(const struct vt_purl *pattern, const struct vt_purl *p, bool *unsure);

/*
 * Appends the purl of installed software; `os_id`: ID of os-release, may be empty.
 * VT_EUNSUPPORTED, with nothing appended: its manager has no type of purl, or it has no name.
 */
VT_MUST_USE vt_err vt_purl_of_component(const struct vt_component *c, vt_span os_id, vt_buf *out);

#endif
