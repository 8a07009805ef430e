/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of versions: vers:deb/>=1.2|<2.0 (github.com/package-url/vers-spec). A range that breaks
 * the rules (order, duplicates, bounds that do not alternate) is refused, not repaired.
 */
#ifndef VT_INVENTORY_NAME_VERS_H
#define VT_INVENTORY_NAME_VERS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

#define VT_VERS_MAX 2048
#define VT_VERS_CONSTRAINTS_MAX 64

/*
 * Is the version in the range? VT_EFORMAT: the range or the version; VT_EUNSUPPORTED: versions of
 * that type are not compared here (version.h); VT_ELIMIT.
 */
VT_MUST_USE vt_err vt_vers_contains(vt_span range, vt_span version, bool *out);
/* Checks the range alone: as above. */
VT_MUST_USE vt_err vt_vers_check(vt_span range);

#endif
