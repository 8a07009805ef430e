/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one entry of a package database says. Spans point into the database's bytes or into the
 * arena that the parser was given; n == 0: not said.
 */
#ifndef VT_INVENTORY_PACKAGE_PACKAGE_H
#define VT_INVENTORY_PACKAGE_PACKAGE_H

#include <stdbool.h>

#include "base/span.h"

struct vt_package {
	vt_span name, version, arch, status, vendor, source, license;
	/* The entry breaks a rule of its format; what could be read is there, `name` at least. */
	bool malformed;
};

#endif
