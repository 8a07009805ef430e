/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker is handed can be read and no more: a descriptor that could write would be a way
 * out of its sandbox, into a database that others use.
 */
#ifndef VT_CLI_READONLY_H
#define VT_CLI_READONLY_H

#include "base/err.h"

/* A second, read-only opening of the same file; *fd is closed. VT_EIO: *fd is as it was. */
VT_MUST_USE vt_err vt_make_readonly(int *fd);

#endif
