/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"

#define TIMEOUT_MS (10u * 60 * 1000)
#define KEEP ((size_t)64 << 10)
#define PATIENCE_MS 3000 /* between SIGTERM and SIGKILL */

static const char *const folders[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};
/* What a maintainer script may ask the user by: all answered before they ask. */
static const char *const environment[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C",
	"TZ=UTC0",
	"HOME=/root",
	"TERM=dumb",
	"DEBIAN_FRONTEND=noninteractive",
	"DEBCONF_NONINTERACTIVE_SEEN=true",
	"APT_LISTCHANGES_FRONTEND=none",
	"UCF_FORCE_CONFFOLD=1",
	"SYSTEMD_PAGER=cat",
	"SYSTEMD_COLORS=0",
	NULL,
};

char *vt_run_find(const char *name)
{
	char *path = NULL;

	for (size_t i = 0; i < VT_COUNT(folders); i++) {
		if (asprintf(&path, "%s/%s", folders[i], name) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

_Noreturn static void become(const struct vt_run *r, const char *path, int null, int pipe)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < 32; s++)
		(void)signal(s, SIG_DFL);
	/* A session of its own: no terminal to prompt on, and a group that can be killed whole. */
	if (setsid() < 0 || dup2(null, 0) < 0 || dup2(pipe, 1) < 0 ||
		dup2(r->quiet_errors ? null : pipe, 2) < 0 || chdir(r->folder ? r->folder : "/"))
		_exit(126);
	vt_fd_close_from(3);
	(void)execve(
		path, (char *const *)(uintptr_t)r->argv, (char *const *)(uintptr_t)environment);
	_exit(126);
}

/* The parent of a process, from /proc/PID/stat; 0 if it is gone. */
static pid_t parent_of(pid_t pid)
{
	char path[64], text[512], *end;
	size_t n = 0;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || vt_fd_pread(fd, text, sizeof text - 1, 0, &n))
		n = 0;
	vt_fd_close(fd);
	text[n] = '\0';
	end = strrchr(text, ')'); /* its name may hold anything */
	return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

/* All that a process started, and what these started. As subreaper, nobody is lost to init. */
static void kill_below(pid_t self, pid_t spare, int sig)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10), up = pid;

		for (unsigned depth = 0; up > 1 && up != self && depth < 64; depth++)
			up = parent_of(up);
		if (pid > 1 && pid != self && pid != spare && up == self)
			(void)kill(pid, sig);
	}
	if (d)
		(void)closedir(d);
}

static void drain(int fd, const struct vt_run *r, struct vt_run_result *out, bool *open_)
{
	char text[4096];
	ssize_t n;

	while ((n = read(fd, text, sizeof text)) > 0) {
		size_t take = vt_min_size((size_t)n, (r->keep ? r->keep : KEEP) - out->output.n);

		out->cut |= take < (size_t)n;
		if (vt_buf_add(&out->output, text, take))
			out->cut = true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		*open_ = false;
}

static bool reap(pid_t pid, struct vt_run_result *out)
{
	int status;
	pid_t got;

	while ((got = waitpid(-1, &status, WNOHANG)) > 0) {
		if (got != pid)
			continue; /* an orphan of it */
		out->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		return true;
	}
	return got < 0 && errno == ECHILD;
}

/* Until the program itself has ended: what it left running may hold the pipe open for ever. */
static void follow(const struct vt_run *r, pid_t pid, int fd, struct vt_run_result *out)
{
	uint64_t end = vt_clock_ms() + (r->timeout_ms ? r->timeout_ms : TIMEOUT_MS);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool open_ = true, done = false;

	while (!done) {
		uint64_t now = vt_clock_ms();

		if (now >= end) {
			(void)kill(-pid, out->timed_out ? SIGKILL : SIGTERM);
			kill_below(getpid(), 0, out->timed_out ? SIGKILL : SIGTERM);
			out->timed_out = true;
			end = now + PATIENCE_MS;
		}
		p.fd = open_ ? fd : -1;
		(void)poll(&p, 1, (int)vt_min_u64(end - now, 50));
		drain(fd, r, out, &open_);
		done = reap(pid, out);
	}
	if (out->timed_out)
		kill_below(getpid(), 0, SIGKILL);
	drain(fd, r, out, &open_);
}

vt_err vt_run(const struct vt_run *r, struct vt_run_result *out)
{
	int ends[2] = {-1, -1}, null = -1, flags;
	char *path = vt_run_find(r->argv[0]);
	vt_err e = VT_EIO;
	pid_t pid;

	*out = (struct vt_run_result){.code = -1, .output.max = (r->keep ? r->keep : KEEP) + 1};
	if (!path) {
		out->missing = true;
		return VT_OK;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) || pipe2(ends, O_CLOEXEC))
		goto out;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	flags = fcntl(ends[0], F_GETFL);
	if (null < 0 || flags < 0 || fcntl(ends[0], F_SETFL, flags | O_NONBLOCK))
		goto out;
	pid = fork();
	if (pid == 0)
		become(r, path, null, ends[1]);
	if (pid < 0)
		goto out;
	vt_fd_close(ends[1]);
	ends[1] = -1;
	follow(r, pid, ends[0], out);
	e = vt_buf_add(&out->output, "", 1);
	if (!e)
		out->output.n--;
out:
	vt_fd_close(ends[0]);
	vt_fd_close(ends[1]);
	vt_fd_close(null);
	free(path);
	return e;
}

void vt_run_drop(struct vt_run_result *r)
{
	vt_buf_free(&r->output);
}

bool vt_run_ok(const struct vt_run_result *r)
{
	return !r->missing && !r->timed_out && r->signal == 0 && r->code == 0;
}

const char *vt_run_text(const struct vt_run_result *r, char buf[80])
{
	if (r->missing)
		(void)snprintf(buf, 80, "there is no such program");
	else if (r->timed_out)
		(void)snprintf(buf, 80, "it did not end in time and was killed");
	else if (r->signal)
		(void)snprintf(buf, 80, "it was killed by signal %d", r->signal);
	else
		(void)snprintf(buf, 80, "exit status %d", r->code);
	return buf;
}
