/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts an executable of ours as a child that has nothing: a fixed environment (LC_ALL=C,
 * TZ=UTC0), descriptors 0 to 2 on /dev/null, its channel as 3 and no other, SIGKILL when its parent
 * dies, and namespaces of its own where the kernel allows.
 */
#ifndef VT_SANDBOX_SPAWN_H
#define VT_SANDBOX_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* How much a child is cut off from the start; each is tried when the one before was refused. */
enum vt_isolation {
	VT_ISOLATION_USER, /* user namespace and all others: works for ordinary users too */
	VT_ISOLATION_ROOT, /* all but the user namespace: root, where those are switched off */
	VT_ISOLATION_NONE, /* the kernel gives none */
	VT_ISOLATION_COUNT
};

/* Exit code of a child that could not become the executable; as shells have it. */
#define VT_EXIT_NO_EXEC 126

/*
 * Starts `path` with the other end of `channel`, which stays the caller's. *io_isolation is what
 * to try first, and comes back as what worked. VT_EIO: can't open the executable, or no process.
 * Whether exec(2) worked shows on the channel only.
 */
VT_MUST_USE vt_err vt_spawn(
	const char *path, int channel, enum vt_isolation *io_isolation, pid_t *out_pid);
/* The same, but the child stays in this process's network namespace: for the updater alone. */
VT_MUST_USE vt_err vt_spawn_networked(
	const char *path, int channel, enum vt_isolation *io_isolation, pid_t *out_pid);
/*
 * fork(2) into such namespaces, for a process without threads: *out_pid is 0 in the child, which
 * keeps memory and descriptors and is still to enter its sandbox. VT_EIO.
 */
VT_MUST_USE vt_err vt_spawn_fork(pid_t *out_pid);

/*
 * A collector: with the rights of who started it, so that it can read what they can. It loses the
 * network, where the kernel allows that (`processes`: it looks at those of others).
 */
VT_MUST_USE vt_err vt_spawn_reader(const char *path, int channel, bool processes,
	enum vt_isolation *io_isolation, pid_t *out_pid);

#endif
