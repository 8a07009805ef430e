/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock (landlock(7)): a second lock, of other make than the system call filter. */
#ifndef VT_SANDBOX_LANDLOCK_H
#define VT_SANDBOX_LANDLOCK_H

#include <stddef.h>

#include "base/err.h"

/* The kernel's Landlock version, 0 if it has none or it is switched off. */
int vt_landlock_abi(void);
/*
 * Denies this process everything that the kernel's version can deny: files, TCP, abstract
 * sockets, signals to others. Needs no_new_privs. VT_EUNSUPPORTED without Landlock, VT_EIO.
 */
VT_MUST_USE vt_err vt_landlock_deny_all(void);
/*
 * The same, but files and folders below the open folder `dir` may be read, written, made, renamed
 * and removed, and TCP may connect (never listen).
 */
VT_MUST_USE vt_err vt_landlock_folder_and_connect(int dir);
/*
 * The same without TCP, and what is below the `n` open folders may be read: for a service that
 * listens already.
 */
VT_MUST_USE vt_err vt_landlock_service(int dir, const int *readable, size_t n);

#endif
