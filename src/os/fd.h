/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors and the clock, by the few system calls that every role's filter allows: fstat(2) and
 * not newfstatat(2), which could look at paths; close_range(2) for many at once.
 */
#ifndef VT_OS_FD_H
#define VT_OS_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The most bytes that a regular file can have (2^63 - 1). */
#define VT_FILE_SIZE_MAX ((uint64_t)INT64_MAX)

/* Size of an open file; VT_EIO. */
VT_MUST_USE vt_err vt_fd_size(int fd, uint64_t *out);
/*
 * Up to `n` bytes at `offset` into p, until the end of the file. *out_n < n: the file ends there.
 * Files of the kernel (procfs) read short in their middle, so the end is where a read gives
 * nothing. VT_EIO.
 */
VT_MUST_USE vt_err vt_fd_pread(int fd, void *p, size_t n, uint64_t offset, size_t *out_n);
/* The same, but saves the last read where the file ends at the `expected` size. */
VT_MUST_USE vt_err vt_fd_pread_sized(
	int fd, void *p, size_t n, uint64_t offset, uint64_t expected, size_t *out_n);
/*
 * Appends the whole file to `b`, up to the end that reading finds. VT_ELIMIT past b->max,
 * VT_ENOMEM, VT_EIO.
 */
VT_MUST_USE vt_err vt_fd_read_all(int fd, uint64_t size_hint, vt_buf *b);
/* All `n` bytes at the descriptor's position; VT_EIO. */
VT_MUST_USE vt_err vt_fd_write(int fd, const void *p, size_t n);
/* Closes it unless negative. Keeps errno. */
void vt_fd_close(int fd);
/* Closes every descriptor from `first` on. */
void vt_fd_close_from(int first);

/* Milliseconds of a clock that only goes forward. */
uint64_t vt_clock_ms(void);

#endif
