/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fd.h"
#include "sandbox/filter.h"

#define NAMESPACES                                                                                 \
	(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWCGROUP)

static const unsigned long flags[VT_ISOLATION_COUNT] = {
	[VT_ISOLATION_USER] = CLONE_NEWUSER | NAMESPACES,
	[VT_ISOLATION_ROOT] = NAMESPACES,
	[VT_ISOLATION_NONE] = 0,
};

struct child {
	int exe, null, channel;
};

/*
 * Between clone(2) and exec(2) only system calls: the parent may have threads. All descriptors of
 * the plan are moved above the numbers that they are to get, so that none is overwritten.
 */
_Noreturn static void become(const struct child *c)
{
	static char name[] = "vitrine", locale[] = "LC_ALL=C", zone[] = "TZ=UTC0", empty[] = "";
	char *const argv[] = {name, NULL}, *const envp[] = {locale, zone, NULL};
	int exe = fcntl(c->exe, F_DUPFD_CLOEXEC, 10), null = fcntl(c->null, F_DUPFD_CLOEXEC, 10);
	int channel = fcntl(c->channel, F_DUPFD_CLOEXEC, 10);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (exe < 0 || null < 0 || channel < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ||
		dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
		dup2(channel, VT_SANDBOX_CHANNEL) < 0)
		_exit(VT_EXIT_NO_EXEC);
	/* Everything else closes on exec; the executable is needed until then. */
	if (close_range(VT_SANDBOX_CHANNEL + 1, ~0u, CLOSE_RANGE_CLOEXEC))
		_exit(VT_EXIT_NO_EXEC);
	/* By descriptor: in its new user namespace root may not walk other users' folders. */
	(void)syscall(SYS_execveat, exe, empty, argv, envp, AT_EMPTY_PATH);
	_exit(VT_EXIT_NO_EXEC);
}

static vt_err spawn(const char *path, int channel, unsigned long shared,
	enum vt_isolation *io_isolation, pid_t *out_pid)
{
	struct child c = {.channel = channel};
	unsigned i = (unsigned)*io_isolation;
	vt_err e = VT_EIO;
	long pid = -1;

	c.exe = open(path, O_PATH | O_CLOEXEC);
	c.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (c.exe < 0 || c.null < 0)
		goto out;
	for (; i < VT_ISOLATION_COUNT; i++) {
		pid = syscall(SYS_clone, (flags[i] & ~shared) | SIGCHLD, NULL, NULL, NULL, NULL);
		if (pid == 0)
			become(&c);
		if (pid > 0)
			break;
	}
	if (pid < 0)
		goto out;
	*io_isolation = (enum vt_isolation)i;
	*out_pid = (pid_t)pid;
	e = VT_OK;
out:
	vt_fd_close(c.exe);
	vt_fd_close(c.null);
	return e;
}

vt_err vt_spawn(const char *path, int channel, enum vt_isolation *io_isolation, pid_t *out_pid)
{
	return spawn(path, channel, 0, io_isolation, out_pid);
}

vt_err vt_spawn_networked(
	const char *path, int channel, enum vt_isolation *io_isolation, pid_t *out_pid)
{
	return spawn(path, channel, CLONE_NEWNET, io_isolation, out_pid);
}

/*
 * No user namespace: other users' files would be closed. No process and mount namespaces: the path
 * of a descriptor (/proc/self/fd) is needed.
 */
vt_err vt_spawn_reader(const char *path, int channel, bool processes,
	enum vt_isolation *io_isolation, pid_t *out_pid)
{
	unsigned long shared = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS;

	if (processes)
		shared |= NAMESPACES;
	return spawn(path, channel, shared, io_isolation, out_pid);
}

vt_err vt_spawn_fork(pid_t *out_pid)
{
	long pid = -1;

	for (unsigned i = 0; pid < 0 && i < VT_ISOLATION_COUNT; i++)
		pid = syscall(SYS_clone, flags[i] | SIGCHLD, NULL, NULL, NULL, NULL);
	*out_pid = (pid_t)pid;
	return pid < 0 ? VT_EIO : VT_OK;
}
