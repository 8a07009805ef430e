/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package managers, by their own programs: dpkg and rpm. Packages are only ever removed by name
 * with the programs that refuse to take others along (dpkg, rpm); those that would (apt, dnf) are
 * only asked what they would do.
 */
#ifndef VT_REMEDY_PACKAGES_H
#define VT_REMEDY_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "remedy/plan/plan.h"
#include "remedy/run.h"

#define VT_PACKAGES_TEXT_MAX ((size_t)64 << 20)

/*
 * Appends every entry of every manager that has a database below the root: lines
 * "manager TAB name TAB version TAB arch TAB status". VT_END: no manager has one. VT_EIO: a
 * database is there but can't be asked.
 */
VT_MUST_USE vt_err vt_packages_list(const char *root, vt_buf *out);
/* A line of such a list; the rest is left in *io_list. False at the end. */
bool vt_packages_next(vt_span *io_list, struct vt_removal_package *out);
/* The entry of a package in a list; false if there is none. */
bool vt_packages_find(
	vt_span list, vt_span manager, vt_span name, vt_span arch, struct vt_removal_package *out);

/*
 * "--dbpath=..." of rpm's database below the root: where programs of other systems have it is not
 * where this system's rpm looks by itself. Static storage.
 */
const char *vt_packages_rpm_path(const char *root);

enum vt_presence {
	VT_PRESENCE_NONE,   /* no entry, or one that says not installed */
	VT_PRESENCE_CONFIG, /* only its configuration is left ("rc") */
	VT_PRESENCE_BROKEN, /* half-installed, half-configured, unpacked, ... */
	VT_PRESENCE_HERE,
};
/* From all that its status says. */
enum vt_presence vt_package_presence(const struct vt_removal_package *p);

/*
 * What removing these would do, by their manager and by what sits on top of it. *out_ok: it would
 * take these and nothing else. `why` gets the manager's words if not. Of several managers: VT_EARG.
 */
VT_MUST_USE vt_err vt_packages_try(
	const char *root, const struct vt_removal_package *v, size_t n, bool *out_ok, vt_buf *why);
/* Removes them with their configuration. The exit status is no proof: look again. */
VT_MUST_USE vt_err vt_packages_remove(const char *root, const struct vt_removal_package *v,
	size_t n, uint32_t timeout_ms, struct vt_run_result *out);
/* Makes an installable package of what is installed, in `folder`. */
VT_MUST_USE vt_err vt_packages_repack(const char *root, const struct vt_removal_package *p,
	const char *folder, struct vt_run_result *out);
/* Installs the package files that vt_packages_repack() left in `folder`. */
VT_MUST_USE vt_err vt_packages_restore(
	const char *root, const char *folder, struct vt_run_result *out);

/*
 * Calls fn for each of the `n` paths (sorted by bytes) that some package owns which `except` does
 * not say true for. Paths of old places (/bin for /usr/bin) are understood.
 */
typedef bool vt_packages_except_fn(void *ctx, vt_span manager, vt_span name);
typedef void vt_packages_owned_fn(void *ctx, size_t index, vt_span manager, vt_span name);
VT_MUST_USE vt_err vt_packages_owners(const char *root, const vt_span *paths, size_t n,
	vt_packages_except_fn *except, vt_packages_owned_fn *fn, void *ctx);

#endif
