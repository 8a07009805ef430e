/* SPDX-License-Identifier: Apache-2.0 */
/* A package.json of npm (docs.npmjs.com, "package.json"). */
#ifndef VT_INVENTORY_PACKAGE_NPM_H
#define VT_INVENTORY_PACKAGE_NPM_H

#include "base/arena.h"
#include "base/err.h"
#include "inventory/package/package.h"

/* VT_EFORMAT: not a JSON object. VT_END: one without a name, which is not a package; VT_ENOMEM. */
VT_MUST_USE vt_err vt_npm_package(vt_span json, vt_arena *a, struct vt_package *out);
/* True for ".../node_modules/NAME/package.json" and ".../node_modules/@SCOPE/NAME/package.json". */
bool vt_npm_place(vt_span path);

#endif
