/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Installed Python distributions: NAME.dist-info/METADATA, NAME.egg-info/PKG-INFO, NAME.egg-info as
 * a file, NAME.egg/EGG-INFO/PKG-INFO (packaging.python.org, "Core metadata specifications").
 */
#ifndef VT_INVENTORY_PACKAGE_PYTHON_H
#define VT_INVENTORY_PACKAGE_PYTHON_H

#include "base/arena.h"
#include "base/err.h"
#include "inventory/package/package.h"

/* VT_EFORMAT: it names nothing; VT_ENOMEM. */
VT_MUST_USE vt_err vt_python_metadata(vt_span text, vt_arena *a, struct vt_package *out);
bool vt_python_place(vt_span path);

#endif
