/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files under a folder that is ours: whole reads with a bound, and writes that are there after a
 * power loss either whole or not at all. Paths are relative, without "..", made of the characters
 * of log paths (letters, digits, '.', '_', '-', '/').
 */
#ifndef VT_STORE_FOLDER_H
#define VT_STORE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* True if the path is of that shape: nothing in it can leave a folder. */
bool vt_store_path_ok(const char *path);
/* Opens the folder, making it and its parents (mode 0755) if `make`. VT_EIO with errno. */
VT_MUST_USE vt_err vt_store_open(const char *path, bool make, int *out_dir);
/* Appends the file's bytes. VT_END: there is none. VT_ELIMIT: past `max`. VT_EARG: the path. */
VT_MUST_USE vt_err vt_store_read(int dir, const char *path, size_t max, vt_buf *out);
VT_MUST_USE bool vt_store_has(int dir, const char *path);
/* Writes a temporary file beside it, syncs, renames, syncs the folder; makes parent folders. */
VT_MUST_USE vt_err vt_store_write(int dir, const char *path, vt_span bytes);
/* The same without waiting for the disk; vt_store_sync() then does that for all at once. */
VT_MUST_USE vt_err vt_store_put(int dir, const char *path, vt_span bytes);
VT_MUST_USE vt_err vt_store_sync(int dir);
/* Removes a file; that it was not there is fine. */
VT_MUST_USE vt_err vt_store_remove(int dir, const char *path);
/* One process at a time: an open file "lock" in the folder, closed to let go. VT_EAGAIN: taken. */
VT_MUST_USE vt_err vt_store_lock(int dir, bool wait, int *out_fd);

#endif
