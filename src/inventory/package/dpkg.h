/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpkg's status file (dpkg(1), deb822(5)), and the files of its status.d that images without dpkg
 * have. opkg's is the same. Damaged entries are given as far as they can be read: who wants to hide
 * a package must not be able to do so with a stray line.
 */
#ifndef VT_INVENTORY_PACKAGE_DPKG_H
#define VT_INVENTORY_PACKAGE_DPKG_H

#include "base/arena.h"
#include "base/err.h"
#include "inventory/package/package.h"

/*
 * The next entry. VT_END; VT_EFORMAT: a paragraph that names no package, go on; VT_ENOMEM. An entry
 * whose Status is missing or unknown is malformed if `status` is wanted (status.d has none).
 */
VT_MUST_USE vt_err vt_dpkg_next(
	vt_span text, size_t *io_at, bool status, vt_arena *a, struct vt_package *out);
/* True if the text ends where a line does; `by_dpkg`: with an empty line, as dpkg writes it. */
bool vt_dpkg_whole(vt_span text, bool by_dpkg);

/*
 * The next path of info/NAME.list that has no other one below it: a file, link or empty folder.
 * False at the end.
 */
bool vt_dpkg_list_next(vt_span list, size_t *io_at, vt_span *out);
/* Name and architecture of "NAME.list" or "NAME:ARCH.list"; false if it is another file. */
bool vt_dpkg_list_name(vt_span file, const char *ending, vt_span *out_name, vt_span *out_arch);

#endif
