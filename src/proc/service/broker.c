/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/broker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "site/site.h"
#include "store/folder.h"

#define PATH_MAX_BYTES 512u
#define STOP_MS 2000

struct question {
	uint32_t log, path_n;
	uint64_t max;
};
struct reply {
	int32_t error;
	uint32_t why_n;
	uint64_t n;
};

struct vt_broker {
	pid_t pid;
	int fd;
	atomic_bool gone;
	char why[VT_BROKER_WHY_MAX];
};

static bool read_all(int fd, void *p, size_t n)
{
	uint8_t *at = p;

	while (n) {
		ssize_t r = read(fd, at, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		at += r;
		n -= (size_t)r;
	}
	return true;
}

static vt_err fetch(const struct vt_service_config *c, struct vt_fetcher *f, struct vt_site **sites,
	const struct question *q, const char *path, vt_buf *out, char why[VT_BROKER_WHY_MAX])
{
	struct vt_site **site = &sites[q->log];
	vt_err e = VT_OK;

	/* a round begins: the folder or the bundle may be another by now */
	if (*site && strcmp(path, "checkpoint") == 0) {
		vt_site_close(*site);
		*site = NULL;
	}
	if (!*site)
		e = vt_site_open(c->logs[q->log].url, f, site);
	if (e) {
		(void)snprintf(why, VT_BROKER_WHY_MAX, "%s: %s", c->logs[q->log].url,
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
		return e;
	}
	out->max = vt_min_size((size_t)q->max, (size_t)1 << 30);
	e = vt_site_get(*site, path, out->max, out);
	(void)snprintf(why, VT_BROKER_WHY_MAX, "%s", e ? vt_site_why(*site) : "");
	return e;
}

/* Until the mirror ends. */
static void answer(
	const struct vt_service_config *c, struct vt_fetcher *f, struct vt_site **sites, int fd)
{
	vt_buf out = VT_BUF_INIT(0);
	struct question q;

	while (read_all(fd, &q, sizeof q)) {
		char path[PATH_MAX_BYTES + 1], why[VT_BROKER_WHY_MAX] = "";
		struct reply r = {.error = VT_EARG};

		if (q.path_n > PATH_MAX_BYTES || !read_all(fd, path, q.path_n))
			break;
		path[q.path_n] = 0;
		vt_buf_clear(&out);
		if (q.log < c->nlogs && c->logs[q.log].url)
			r.error = (int32_t)fetch(c, f, sites, &q, path, &out, why);
		r.why_n = (uint32_t)strlen(why);
		r.n = r.error ? 0 : out.n;
		if (vt_fd_write(fd, &r, sizeof r) || vt_fd_write(fd, why, r.why_n) ||
			(r.n && vt_fd_write(fd, out.p, out.n)))
			break;
	}
	vt_buf_free(&out);
}

static _Noreturn void run(
	const struct vt_service_config *c, const struct vt_fetcher_config *config, int fd)
{
	struct vt_site **sites = calloc(c->nlogs + 1, sizeof(struct vt_site *));
	struct vt_fetcher *f = NULL;
	sigset_t none;

	/* the mirror's end is this one's end, and no terminal's Ctrl-C */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	if (sites && (!config || !vt_fetcher_start(config, &f)))
		answer(c, f, sites, fd);
	if (f)
		vt_fetcher_stop(f);
	_exit(0);
}

vt_err vt_broker_start(const struct vt_service_config *c, const struct vt_fetcher_config *fetcher,
	struct vt_broker **out)
{
	struct vt_broker *b = calloc(1, sizeof *b);
	int pair[2];

	if (!b)
		return VT_ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		free(b);
		return VT_EIO;
	}
	b->pid = fork();
	if (b->pid == 0) {
		/* not the sockets, not the lock of the folder, nothing but the messages */
		if (dup2(pair[1], 3) < 0)
			_exit(1);
		vt_fd_close_from(4);
		run(c, fetcher, 3);
	}
	vt_fd_close(pair[1]);
	b->fd = pair[0];
	if (b->pid < 0) {
		vt_fd_close(b->fd);
		free(b);
		return VT_EIO;
	}
	*out = b;
	return VT_OK;
}

void vt_broker_stop(struct vt_broker *b)
{
	uint64_t deadline = vt_clock_ms() + STOP_MS;

	if (!b)
		return;
	/*
	 * It sees the end of the messages, lets the updater close its ledger, and goes. One that is
	 * waiting for a server is killed by the kernel when this process ends.
	 */
	vt_fd_close(b->fd);
	while (waitpid(b->pid, NULL, WNOHANG) == 0 && vt_clock_ms() < deadline)
		(void)poll(NULL, 0, 5);
	free(b);
}

void vt_broker_interrupt(struct vt_broker *b)
{
	(void)shutdown(b->fd, SHUT_RDWR);
}

static vt_err lost(struct vt_broker *b)
{
	atomic_store(&b->gone, true);
	(void)snprintf(b->why, sizeof b->why, "the fetching process is gone");
	return VT_EPEER;
}

vt_err vt_broker_get(struct vt_broker *b, size_t log, const char *path, size_t max, vt_buf *out)
{
	struct question q = {.log = (uint32_t)log, .path_n = (uint32_t)strlen(path), .max = max};
	struct reply r;
	vt_err e;

	if (q.path_n > PATH_MAX_BYTES)
		return VT_EARG;
	if (vt_fd_write(b->fd, &q, sizeof q) || vt_fd_write(b->fd, path, q.path_n) ||
		!read_all(b->fd, &r, sizeof r) || r.why_n >= sizeof b->why ||
		!read_all(b->fd, b->why, r.why_n))
		return lost(b);
	b->why[r.why_n] = 0;
	if (r.error)
		return r.error < 0 || r.error > VT_EVERSION ? lost(b) : (vt_err)r.error;
	if (r.n > max)
		return lost(b);
	e = vt_buf_reserve(out, (size_t)r.n);
	/* bytes that nobody reads would be taken for the next answer */
	if (e || !read_all(b->fd, out->p + out->n, (size_t)r.n))
		return lost(b);
	out->n += (size_t)r.n;
	return VT_OK;
}

const char *vt_broker_why(const struct vt_broker *b)
{
	return b->why;
}

bool vt_broker_gone(const struct vt_broker *b)
{
	return atomic_load(&b->gone);
}
