/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sandboxed process does to itself before it looks at the first hostile byte. One-way:
 * nothing here can be taken back.
 */
#ifndef VT_SANDBOX_ENTER_H
#define VT_SANDBOX_ENTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sandbox/filter.h"

/* Layers that vt_sandbox_enter() applied, as bits; namespaces are vt_spawn()'s. */
#define VT_LAYER_NO_NEW_PRIVS 1u
#define VT_LAYER_LANDLOCK 2u
#define VT_LAYER_RLIMITS 4u
#define VT_LAYER_SECCOMP 8u

struct vt_sandbox {
	enum vt_role role;
	uint64_t memory; /* RLIMIT_DATA, bytes */
	/* the open folder that an updater or verifier may write to, a collector's spool; -1: none
	 */
	int folder;
	/* a collector's and a verifier's: open files and folders, below which they may read */
	const int *readable;
	size_t nreadable;
};

/*
 * Call once libraries are warm (nothing can be opened or loaded afterwards) and with nothing open
 * but 0 to 2 and the channel. VT_EUNSUPPORTED if the kernel has no seccomp filters: the process
 * must not go on then. Landlock is taken where it exists.
 */
VT_MUST_USE vt_err vt_sandbox_enter(const struct vt_sandbox *s, unsigned *out_layers);

/* Only the last step, for a process that has done the others (and for the tests). */
VT_MUST_USE vt_err vt_sandbox_filter(enum vt_role role);

#endif
