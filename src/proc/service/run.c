/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/run.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "os/fd.h"
#include "proc/service/harden.h"
#include "proc/service/say.h"
#include "store/folder.h"

#define READABLE_MAX 64

/* Where it really listens: the configuration may have said port 0. */
static void say_listening(const struct vt_service_parts *p, const char *listen, int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;
	char host[64], port[8];

	if (listen[0] == '/' || getsockname(fd, (struct sockaddr *)&a, &n) ||
		getnameinfo((const struct sockaddr *)&a, n, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV))
		vt_say("%s: listening on %s", p->name, listen);
	else
		vt_say(strchr(host, ':') ? "%s: listening on http://[%s]:%s%s"
					 : "%s: listening on http://%s:%s%s",
			p->name, host, port, p->config->prefix);
}

static vt_err open_folder(const struct vt_service_parts *p, int *out_dir, int *out_lock)
{
	int dir;
	vt_err e = vt_store_open(p->config->state, true, &dir);

	if (e) {
		vt_say("%s: cannot open the state folder %s: %s", p->name, p->config->state,
			strerror(errno));
		return e;
	}
	e = vt_store_lock(dir, false, out_lock);
	if (e) {
		vt_say("%s: %s: %s", p->name, p->config->state,
			e == VT_EAGAIN ? "another process uses this state folder"
				       : strerror(errno));
		vt_fd_close(dir);
		return e;
	}
	*out_dir = dir;
	return VT_OK;
}

static vt_err open_sockets(const struct vt_service_parts *p, int *sockets)
{
	for (size_t i = 0; i < p->config->nlisten; i++) {
		if (vt_server_listen(p->config->listen[i], &sockets[i])) {
			vt_say("%s: cannot listen on %s: %s", p->name, p->config->listen[i],
				strerror(errno));
			while (i--)
				vt_fd_close(sockets[i]);
			return VT_EIO;
		}
	}
	return VT_OK;
}

static vt_err lock_down(const struct vt_service_parts *p, int dir, const int *readable, size_t n)
{
	unsigned layers;
	vt_err e = vt_service_harden(dir, readable, n, &layers);

	if (e)
		vt_say("%s: this process could not be locked down: %s", p->name, strerror(errno));
	else if (layers != (VT_HARDENED_LANDLOCK | VT_HARDENED_SECCOMP))
		vt_say("%s: this system has no %s; the unit files make up for it", p->name,
			layers & VT_HARDENED_LANDLOCK ? "system call filters" : "Landlock");
	return e;
}

/* Until a signal says so. */
static vt_err wait_for_end(
	const struct vt_service_parts *p, struct vt_server *s, const sigset_t *signals)
{
	const struct timespec second = {.tv_sec = 1};

	for (;;) {
		int sig = sigtimedwait(signals, NULL, &second);

		if (sig == SIGTERM || sig == SIGINT)
			return VT_OK;
		vt_server_reap(s);
		if (p->failed(p->ctx))
			return VT_EIO;
	}
}

static vt_err serve(
	const struct vt_service_parts *p, const int *sockets, int dir, const sigset_t *signals)
{
	int readable[READABLE_MAX];
	struct vt_server *s;
	size_t n = 0;
	bool started = false;
	vt_err e = p->open(p->ctx, dir, readable, READABLE_MAX, &n);

	if (!e)
		e = lock_down(p, dir, readable, n);
	for (size_t i = 0; i < n; i++)
		vt_fd_close(readable[i]);
	if (!e && p->begin)
		e = p->begin(p->ctx);
	if (!e) {
		started = true;
		e = vt_server_start(p->config, &p->routes, sockets, &s);
		if (e)
			vt_say("%s: the server does not start", p->name);
	}
	if (!e) {
		for (size_t i = 0; i < p->config->nlisten; i++)
			say_listening(p, p->config->listen[i], sockets[i]);
		e = wait_for_end(p, s, signals);
		vt_server_stop(s);
	}
	for (size_t i = 0; !started && i < p->config->nlisten; i++)
		vt_fd_close(sockets[i]);
	p->end(p->ctx);
	return e;
}

vt_err vt_service_run(const struct vt_service_parts *p)
{
	int dir, lock, sockets[VT_SERVICE_LISTEN_MAX];
	sigset_t signals;
	vt_err e;

	/* before there are threads, so that only the loop gets them */
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
		/* a limit on file sizes: a failed write, said and ended properly */
		signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return VT_EIO;
	e = open_folder(p, &dir, &lock);
	if (e)
		return e;
	e = open_sockets(p, sockets);
	if (!e)
		e = serve(p, sockets, dir, &signals);
	vt_fd_close(lock);
	vt_fd_close(dir);
	vt_say(e ? "%s: ended by an error" : "%s: ended", p->name);
	return e;
}
