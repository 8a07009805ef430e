/* SPDX-License-Identifier: Apache-2.0 */
/* Which machine a root is. */
#ifndef VT_CLI_MACHINE_H
#define VT_CLI_MACHINE_H

#include "base/err.h"

/*
 * 32 hex digits: a hash of the root's /etc/machine-id with a fixed word, since the id itself is not
 * to be shown (machine-id(5)); empty if there is none. VT_ENOMEM, VT_EIO, VT_ELIMIT.
 */
VT_MUST_USE vt_err vt_machine_of(const char *root, char out[33]);

#endif
