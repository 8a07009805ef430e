/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unified kernel images (UAPI group specification 5): an EFI program whose sections are a kernel,
 * its command line and its initial RAM disk. Of PE (Microsoft PE and COFF Specification, sections 3
 * and 4) only the section table is read.
 */
#ifndef VT_INVENTORY_ARTEFACT_UKI_H
#define VT_INVENTORY_ARTEFACT_UKI_H

#include "base/err.h"
#include "base/span.h"

/* The content of the first section of that name (".initrd"), up to 8 bytes. VT_END: there is none.
 * VT_EFORMAT: no PE file. VT_ETRUNCATED. */
VT_MUST_USE vt_err vt_uki_section(vt_span bytes, const char *name, vt_span *out);

#endif
