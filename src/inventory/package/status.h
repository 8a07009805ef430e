/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether files of a package may be on disk, from what its manager says of its state. All three
 * words of dpkg's Status matter (dpkg(1), "Package states"): what is wanted, whether it is in
 * order, and the state it is in. Only the last one says what is on disk: "deinstall ok installed"
 * is still there, "install ok config-files" is not. What can't be understood may be there.
 */
#ifndef VT_INVENTORY_PACKAGE_STATUS_H
#define VT_INVENTORY_PACKAGE_STATUS_H

#include <stdbool.h>

#include "base/span.h"

/* False only if the manager says clearly that no program of the package is left. */
bool vt_package_installed(vt_span manager, vt_span status);
/* True for exactly three words that dpkg knows, each in its place. */
bool vt_dpkg_status_known(vt_span status);
/* True for a package that was half installed: dpkg may not have come to its list of files. */
bool vt_dpkg_unlisted(vt_span status);

#endif
