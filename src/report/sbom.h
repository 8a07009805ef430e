/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of what a product is made of, as its maker gives them: CycloneDX JSON (1.2 to 1.6),
 * SPDX 2.2 and 2.3 as JSON and as tag-value text. Read for names: who made it, what it is called.
 */
#ifndef VT_REPORT_SBOM_H
#define VT_REPORT_SBOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "inventory/catalogue.h"

#define VT_SBOM_MAX ((size_t)128 << 20)
#define VT_SBOM_ITEMS_MAX 1000000
#define VT_SBOM_NAMES_MAX 8

struct vt_sbom_item {
	vt_span ref, name, version, purl;
	size_t nmakers, ncpe;
	vt_span makers[VT_SBOM_NAMES_MAX]; /* supplier, manufacturer, publisher, author, group */
	vt_span cpe[VT_SBOM_NAMES_MAX];
	bool whole;     /* the product that the list is of, not a part of it */
	bool truncated; /* it had more names than there is room for */
};

enum vt_sbom_claim {
	VT_SBOM_SAYS_NOTHING, /* of how complete it is */
	VT_SBOM_SAYS_COMPLETE,
	VT_SBOM_SAYS_INCOMPLETE, /* or unknown, of something */
};

struct vt_sbom {
	const char *format; /* "CycloneDX 1.6", static or in the arena */
	size_t n;
	struct vt_sbom_item *items;
	enum vt_sbom_claim claim;
	vt_span claim_text; /* "incomplete_third_party_only of a, b" */
	size_t cap;         /* private */
};

/* Everything lives in `a`. VT_EFORMAT with *why; VT_EUNSUPPORTED: no such list; VT_ELIMIT. */
VT_MUST_USE vt_err vt_sbom_read(
	vt_span text, vt_arena *a, struct vt_sbom *out, struct vt_doc_error *why);

#endif
