/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence in a folder: one file a fork, named by its sizes and hash. */
#ifndef VT_CLI_LOG_KEEP_H
#define VT_CLI_LOG_KEEP_H

#include "base/err.h"
#include "cli/log/fork.h"

#define VT_KEEP_NAME_MAX 96

/* Checks it once more, and writes it. VT_ECHECKSUM: it proves nothing; VT_EIO, VT_ENOMEM. */
VT_MUST_USE vt_err vt_log_keep_fork(int dir, const struct vt_fork *f, char name[VT_KEEP_NAME_MAX]);

#endif
