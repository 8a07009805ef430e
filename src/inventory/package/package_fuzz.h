/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of this folder share: everything that a parser answers is read. */
#ifndef VT_INVENTORY_PACKAGE_PACKAGE_FUZZ_H
#define VT_INVENTORY_PACKAGE_PACKAGE_FUZZ_H

#include <stdlib.h>

#include "base/arena.h"
#include "inventory/package/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#pragma GCC diagnostic ignored "-Wunused-function"

static unsigned fuzz_sum;

static void fuzz_read(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		fuzz_sum += s.p[i];
}

static void fuzz_package(const struct vt_package *p)
{
	if (!p->name.n)
		abort(); /* an entry has a name */
	fuzz_read(p->name);
	fuzz_read(p->version);
	fuzz_read(p->arch);
	fuzz_read(p->status);
	fuzz_read(p->vendor);
	fuzz_read(p->source);
	fuzz_read(p->license);
}

#endif
