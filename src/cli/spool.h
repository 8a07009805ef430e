/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input as something that a worker can pread: itself if it is a file, else a memfd. */
#ifndef VT_CLI_SPOOL_H
#define VT_CLI_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Reads standard input to its end or to `cap` bytes, whichever is first; *out_cut tells if there
 * was more. VT_EIO (errno); VT_EAGAIN if a signal asked to stop.
 */
VT_MUST_USE vt_err vt_spool_stdin(uint64_t cap, int *out_fd, uint64_t *out_size, bool *out_cut);

#endif
