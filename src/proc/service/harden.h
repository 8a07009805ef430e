/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service gives up once its sockets listen and its files are open: new privileges, all
 * capabilities, every folder but its own, new programs, new connections. What the unit files of
 * systemd/ take away as well is taken here from those who start it in another way.
 */
#ifndef VT_PROC_SERVICE_HARDEN_H
#define VT_PROC_SERVICE_HARDEN_H

#include <stddef.h>

#include "base/err.h"

#define VT_HARDENED_LANDLOCK 1u
#define VT_HARDENED_SECCOMP 2u

/*
 * `state`: the open folder that it may write to; `readable`: open folders that it may read.
 * Before the first thread starts. *out_layers: what the kernel has of VT_HARDENED_*. VT_EIO.
 */
VT_MUST_USE vt_err vt_service_harden(
	int state, const int *readable, size_t n, unsigned *out_layers);

#endif
