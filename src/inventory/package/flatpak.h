/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deployed flatpak: `metadata` (a key file, flatpak-metadata(5)) and `deploy` (a serialised
 * GVariant "(ssasta{sv})": remote, commit, ...) of app/ID/ARCH/BRANCH/COMMIT.
 */
#ifndef VT_INVENTORY_PACKAGE_FLATPAK_H
#define VT_INVENTORY_PACKAGE_FLATPAK_H

#include "base/err.h"
#include "inventory/package/package.h"

/* Name, runtime as source. VT_EFORMAT: it names nothing. */
VT_MUST_USE vt_err vt_flatpak_metadata(vt_span text, struct vt_package *out);
/* The remote it came from, and the version and licence that its appdata had; empty if not said.
 * VT_EFORMAT. */
VT_MUST_USE vt_err vt_flatpak_deploy(
	vt_span data, vt_span *out_origin, vt_span *out_version, vt_span *out_license);
/*
 * Takes ".../app/ID/ARCH/BRANCH/COMMIT/metadata" apart (or runtime/); false if it is not such a
 * path. A commit is 64 hex digits.
 */
struct vt_flatpak_place {
	vt_span folder; /* with the commit, without a slash at the end */
	vt_span branch_folder;
	vt_span id, arch, branch, commit;
};
bool vt_flatpak_place(vt_span path, struct vt_flatpak_place *out);

#endif
