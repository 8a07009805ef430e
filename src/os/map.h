/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files mapped read-only. A file that somebody truncates while it is mapped raises SIGBUS on the
 * lost pages (mmap(2)); vt_map_guard() turns these into zero pages and remembers it.
 */
#ifndef VT_OS_MAP_H
#define VT_OS_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Maps `size` bytes of the file, private and read-only. An empty span for 0. VT_ENOMEM, VT_EIO. */
VT_MUST_USE vt_err vt_map_file(int fd, uint64_t size, vt_span *out);
void vt_map_close(vt_span map);
/* The pages are not needed soon: they leave this process's memory, not the page cache. */
void vt_map_drop(vt_span map);

/* Installs the SIGBUS handler, once a process. VT_EIO. */
VT_MUST_USE vt_err vt_map_guard_install(void);
/* From now on faults in `map` (of `fd`) become zero pages. One mapping at a time. */
void vt_map_guard(vt_span map, int fd);
/* Ends the guard; true if a page was lost since it began. */
bool vt_map_unguard(void);

#endif
