/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of two versions is newer, as each ecosystem has it: Debian Policy 5.6.12 (deb-version(7)),
 * rpm (epoch:version-release, '~' and '^'), Semantic Versioning 2.0.0, PEP 440 for Python, and for
 * everything else runs of digits and letters as rpm reads them.
 */
#ifndef VT_INVENTORY_NAME_VERSION_H
#define VT_INVENTORY_NAME_VERSION_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

enum vt_scheme {
	VT_SCHEME_DEB,
	VT_SCHEME_RPM,
	VT_SCHEME_SEMVER,
	VT_SCHEME_PYPI,
	VT_SCHEME_GENERIC,
};

#define VT_VERSION_MAX 1024

/* By a type of vers or purl ("deb", "npm", "cargo", "generic"); false: it is not compared here. */
bool vt_scheme_find(vt_span type, enum vt_scheme *out);
/*
 * *out is negative, 0 or positive as `a` is older than, equal to or newer than `b`. VT_EFORMAT: one
 * of them is no version of that scheme. VT_ELIMIT: longer than VT_VERSION_MAX.
 */
VT_MUST_USE vt_err vt_version_compare(enum vt_scheme s, vt_span a, vt_span b, int *out);

#endif
