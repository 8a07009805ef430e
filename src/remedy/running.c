/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: who runs from a place; and getting out of their way. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/act.h"

#define DELETED " (deleted)"

static bool exe_of(int pid, char *out, size_t size)
{
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof path, "/proc/%d/exe", pid);
	n = readlink(path, out, size - 1);
	if (n <= 0)
		return false;
	out[n] = '\0';
	if ((size_t)n > strlen(DELETED) && strcmp(out + n - strlen(DELETED), DELETED) == 0)
		out[(size_t)n - strlen(DELETED)] = '\0';
	return true;
}

static bool runs_from(const char *root, vt_span place, const char *exe)
{
	size_t top = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(exe, root, top) != 0)
		return false;
	exe += top;
	if (strncmp(exe, (const char *)place.p, place.n) != 0)
		return false;
	return exe[place.n] == '\0' || exe[place.n] == '/';
}

void vt_running_each(const char *root_path, vt_span place, vt_running_fn *fn, void *ctx)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		struct vt_running p = {.pid = (int)strtol(e->d_name, NULL, 10)};

		if (p.pid > 0 && exe_of(p.pid, p.exe, sizeof p.exe) &&
			runs_from(root_path, place, p.exe))
			fn(ctx, &p);
	}
	if (d)
		(void)closedir(d);
}

static int parent_of(int pid)
{
	char path[64], text[512];
	const char *end;
	size_t n = 0;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || vt_fd_pread(fd, text, sizeof text - 1, 0, &n))
		n = 0;
	vt_fd_close(fd);
	text[n] = '\0';
	end = strrchr(text, ')');
	return end && strlen(end) > 4 ? (int)strtol(end + 4, NULL, 10) : 0;
}

static char *product_ancestor(const struct vt_removal *plan, const char *root)
{
	char exe[512], *found = NULL;
	int pid = getppid();

	for (unsigned depth = 0; pid > 1 && depth < 256 && !found; depth++) {
		for (size_t i = 0; i < plan->nplaces && exe_of(pid, exe, sizeof exe); i++) {
			if (!runs_from(root, plan->places[i].path, exe))
				continue;
			if (asprintf(&found, "process %d (%s)", pid, exe) < 0)
				found = NULL;
			break;
		}
		pid = parent_of(pid);
	}
	return found;
}

/* systemd stops a unit by killing its control group: leave it, where there is one to go to. */
static void leave_group(void)
{
	static const char *const tops[] = {
		"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/systemd/cgroup.procs"};
	char pid[32];

	(void)snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	for (size_t i = 0; i < VT_COUNT(tops); i++) {
		int fd = open(tops[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0)
			(void)!vt_fd_write(fd, pid, strlen(pid));
		vt_fd_close(fd);
	}
}

vt_err vt_remover_detach(const struct vt_removal *plan, const char *root_path, char **out_ancestor)
{
	int status = 0;
	pid_t pid;

	*out_ancestor = product_ancestor(plan, root_path);
	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		return VT_EIO;
	if (pid == 0) {
		/* Signals to the terminal's session, and its end, are no reason to stop half-way.
		 */
		(void)setsid();
		(void)signal(SIGHUP, SIG_IGN);
		(void)signal(SIGPIPE, SIG_IGN);
		(void)signal(SIGINT, SIG_IGN);
		(void)signal(SIGTERM, SIG_IGN);
		if (*out_ancestor)
			leave_group();
		return VT_OK;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	free(*out_ancestor);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
