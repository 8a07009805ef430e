/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of Python packages (PEP 440), in all the spellings that it normalises. */
#ifndef VT_INVENTORY_NAME_PEP440_H
#define VT_INVENTORY_NAME_PEP440_H

#include "base/err.h"
#include "base/span.h"

/* As vt_version_compare(). VT_EFORMAT, also for numbers of more than 17 digits. */
VT_MUST_USE vt_err vt_pep440_compare(vt_span a, vt_span b, int *out);

#endif
