/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry of pacman's local database, local/NAME-VERSION/desc: "%FIELD%" lines, values below, an
 * empty line after each field (alpm's documentation of the local database).
 */
#ifndef VT_INVENTORY_PACKAGE_PACMAN_H
#define VT_INVENTORY_PACKAGE_PACMAN_H

#include "base/err.h"
#include "inventory/package/package.h"

/* VT_EFORMAT: it names no package. */
VT_MUST_USE vt_err vt_pacman_desc(vt_span text, struct vt_package *out);
/* The next path of local/NAME-VERSION/files, without a slash in front; folders end in one. */
bool vt_pacman_file_next(vt_span text, size_t *io_at, vt_span *out);

#endif
