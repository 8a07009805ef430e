/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the ledger's folder, by system calls that can't reach a socket: pwrite(2), never
 * write(2), because the updater's filter has no other (sandbox/seccomp.def).
 */
#ifndef VT_EGRESS_FILE_H
#define VT_EGRESS_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* All of the bytes at `offset`; VT_EIO. */
VT_MUST_USE vt_err vt_file_pwrite(int fd, vt_span bytes, uint64_t offset);
/* Appends the file's bytes. VT_END: there is none. VT_ELIMIT past `max`, VT_EIO, VT_ENOMEM. */
VT_MUST_USE vt_err vt_file_read(int dir, const char *path, size_t max, vt_buf *out);
/* Makes the folders that a relative path goes through. */
VT_MUST_USE vt_err vt_file_parents(int dir, const char *path);
/* Whole or not at all: a new file, synced, renamed to `path`, the folder synced. */
VT_MUST_USE vt_err vt_file_replace(int dir, const char *path, unsigned mode, vt_span bytes);
/* Renames, and syncs both folders. */
VT_MUST_USE vt_err vt_file_move(int dir, const char *from, const char *to);
/* Opens a folder, made with its parents if it is not there. */
VT_MUST_USE vt_err vt_file_folder(const char *path, int *out_dir);

#endif
