/* SPDX-License-Identifier: Apache-2.0 */
/* Does a product that is to be bought hold what a directive bans, by what its maker says of it? */
#ifndef VT_REPORT_SUPPLY_H
#define VT_REPORT_SUPPLY_H

#include "inventory/catalogue.h"
#include "inventory/directive.h"
#include "report/sbom.h"

enum vt_supply_weight {
	VT_SUPPLY_NOTHING,
	VT_SUPPLY_OUTSIDE,   /* embedded code, which the directive does not address */
	VT_SUPPLY_CANDIDATE, /* a name that may mean something else */
	VT_SUPPLY_FOUND,
};
const char *vt_supply_weight_word(enum vt_supply_weight w);

struct vt_supply_match {
	enum vt_supply_weight weight;
	const char *by;  /* "cpe", "purl", "maker", "name": static */
	vt_span what;    /* the pattern, name or alias that it agrees with */
	vt_span product; /* id of the catalogue, or of the entity */
};

/* The best match of one item. */
struct vt_supply_match vt_supply_match_item(
	const struct vt_sbom_item *i, const struct vt_directive *d, const struct vt_catalogue *c);

#endif
