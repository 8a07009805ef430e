/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/probe.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "sandbox/enter.h"
#include "sandbox/landlock.h"

static int wait_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Can a child be made with these namespaces? *why: 0 or errno. */
static bool namespaces(unsigned long flags, int *why)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	*why = pid < 0 ? errno : 0;
	return pid > 0 && wait_status((pid_t)pid) == 0;
}

static void probe_filter(struct vt_probe_row *row)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	row->available = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
	(void)snprintf(row->detail, sizeof row->detail, "%s",
		row->available ? "any call that is not in the table kills" : strerror(errno));
}

static void probe_no_new_privs(struct vt_probe_row *row)
{
	row->available = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
	(void)snprintf(row->detail, sizeof row->detail, "%s",
		row->available ? "kept for good, over every exec" : strerror(errno));
}

static void probe_landlock(struct vt_probe_row *row)
{
	int v = vt_landlock_abi();

	row->available = v > 0;
	(void)snprintf(row->detail, sizeof row->detail, "version %d: %s", v,
		v >= 6           ? "files, TCP, abstract sockets, signals"
			: v >= 4 ? "files, TCP"
			: v >= 1 ? "files"
				 : "not in this kernel, or switched off");
}

static void probe_namespaces(struct vt_probe_row *row)
{
	unsigned long all = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID |
		CLONE_NEWUTS | CLONE_NEWCGROUP;
	int why;

	if (namespaces(CLONE_NEWUSER | all, &why)) {
		row->available = true;
		(void)snprintf(row->detail, sizeof row->detail,
			"user, network, mount, ipc, pid, uts, cgroup");
	} else if (namespaces(all, &why)) {
		row->available = true;
		(void)snprintf(row->detail, sizeof row->detail,
			"network, mount, ipc, pid, uts, cgroup (no user namespaces)");
	} else {
		(void)snprintf(row->detail, sizeof row->detail, "%s", strerror(why));
	}
}

static void probe_limits(struct vt_probe_row *row)
{
	row->available = true;
	(void)snprintf(row->detail, sizeof row->detail,
		"memory, file size, processes, descriptors, core files");
}

/* A child goes in as a worker does, and makes a call that is not in the table. */
static void probe_rehearsal(struct vt_probe_row *row)
{
	const struct vt_sandbox s = {.role = VT_ROLE_WORKER, .memory = UINT64_C(1) << 30};
	pid_t pid = fork();
	unsigned layers;
	int status;

	if (pid == 0) {
		if (vt_sandbox_enter(&s, &layers))
			_exit(2);
		(void)syscall(SYS_getuid);
		_exit(3);
	}
	status = pid > 0 ? wait_status(pid) : 0;
	row->available = pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	(void)snprintf(row->detail, sizeof row->detail, "%s",
		row->available ? "a child that went in was killed by its first forbidden call"
			: pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 2
			? "a child could not go in"
			: "a child was not stopped");
}

static const struct {
	const char *name;
	void (*probe)(struct vt_probe_row *);
	bool required;
	const char *meaning;
} probes[] = {
	{"system call filter", probe_filter, true,
		"a worker can read, answer and end; it can't open, connect, send, start or signal"},
	{"no new privileges", probe_no_new_privs, true,
		"nothing that a worker could start would gain rights"},
	{"landlock", probe_landlock, false,
		"a second lock of other make on files and network, should the filter have a hole"},
	{"namespaces", probe_namespaces, false,
		"a worker has no network device, no other process and no rights, even if it could "
		"ask"},
	{"resource limits", probe_limits, true,
		"a worker that allocates without end runs out before the machine does"},
	{"rehearsal", probe_rehearsal, true, "all of the above, applied once, now"},
};

size_t vt_sandbox_probe(struct vt_probe_row out[VT_PROBE_MAX])
{
	for (size_t i = 0; i < VT_COUNT(probes); i++) {
		out[i] = (struct vt_probe_row){.name = probes[i].name,
			.required = probes[i].required,
			.meaning = probes[i].meaning};
		probes[i].probe(&out[i]);
	}
	return VT_COUNT(probes);
}
