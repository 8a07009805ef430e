/* SPDX-License-Identifier: Apache-2.0 */
/* A software identification tag (ISO/IEC 19770-2:2015; NISTIR 8060): the root element's words. */
#ifndef VT_INVENTORY_PACKAGE_SWID_H
#define VT_INVENTORY_PACKAGE_SWID_H

#include "base/arena.h"
#include "base/err.h"
#include "inventory/package/package.h"

#define VT_SWID_MAX ((size_t)4 << 20) /* bytes of one tag */

/*
 * `source` is the tagId, `vendor` the entity that made the software (or the first one), `status`
 * "patch", "supplemental", "corpus" or empty. VT_EFORMAT: not well-formed or no tag; VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_swid_tag(vt_span xml, vt_arena *a, struct vt_package *out);

#endif
