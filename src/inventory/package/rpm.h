/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of an rpm package as its databases keep it: the number of index entries and of data
 * bytes, the entries, the data (rpm's documentation, "RPM V4 package format", without the magic).
 */
#ifndef VT_INVENTORY_PACKAGE_RPM_H
#define VT_INVENTORY_PACKAGE_RPM_H

#include "base/arena.h"
#include "base/err.h"
#include "inventory/package/package.h"

struct vt_rpm_files {
	vt_span names, folders, indexes; /* strings one after the other; 32-bit numbers */
	size_t name_at, n, at;
};

/* VT_EFORMAT, VT_ETRUNCATED: no header, or one without a name; VT_ENOMEM. */
VT_MUST_USE vt_err vt_rpm_header(
	vt_span blob, vt_arena *a, struct vt_package *out, struct vt_rpm_files *out_files);
/* The next file: its folder (with slashes at both ends) and name. False at the end. */
bool vt_rpm_file_next(struct vt_rpm_files *f, vt_span *out_folder, vt_span *out_name);

#endif
