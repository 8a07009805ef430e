/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alpine's database of installed packages: lines "X:value" with a letter for each field, an empty
 * line after each package (wiki.alpinelinux.org, "Apk spec").
 */
#ifndef VT_INVENTORY_PACKAGE_APK_H
#define VT_INVENTORY_PACKAGE_APK_H

#include "base/arena.h"
#include "base/err.h"
#include "inventory/package/package.h"

/* The next entry; *out_files is for vt_apk_file_next(). VT_END; VT_EFORMAT: go on. */
VT_MUST_USE vt_err vt_apk_next(
	vt_span text, size_t *io_at, struct vt_package *out, vt_span *out_files);
/* The next file: its folder and name, without a slash in front. False at the end. */
struct vt_apk_files {
	vt_span text;
	size_t at;
	vt_span folder;
};
bool vt_apk_file_next(struct vt_apk_files *f, vt_span *out_folder, vt_span *out_name);

#endif
