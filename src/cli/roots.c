/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "os/fd.h"

#define NAME_LIMIT ((size_t)64 << 20)
#define READ_SIZE 65536

vt_err vt_roots_open(
	struct vt_roots *r, const struct vt_strings *paths, const char *list, bool nul_separated)
{
	*r = (struct vt_roots){
		.paths = paths,
		.list = -1,
		.separator = nul_separated ? 0 : '\n',
		.read = VT_BUF_INIT(NAME_LIMIT),
	};
	if (!list)
		return VT_OK;
	r->list = strcmp(list, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					 : open(list, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return r->list < 0 ? VT_EIO : VT_OK;
}

/* Reads on if there is something to read. */
static vt_err read_more(struct vt_roots *r, int timeout_ms)
{
	struct pollfd p = {.fd = r->list, .events = POLLIN};
	ssize_t n;
	vt_err e;

	if (poll(&p, 1, timeout_ms) <= 0)
		return VT_EAGAIN;
	if (r->taken) { /* what was taken goes, the beginning of a name stays */
		memmove(r->read.p, r->read.p + r->taken, r->read.n - r->taken);
		r->read.n -= r->taken;
		r->taken = 0;
	}
	e = vt_buf_reserve(&r->read, READ_SIZE);
	if (e)
		return e;
	n = read(r->list, r->read.p + r->read.n, READ_SIZE);
	if (n < 0)
		return errno == EINTR ? VT_EAGAIN : VT_EIO;
	r->read.n += (size_t)n;
	r->read.p[r->read.n] = 0; /* in the slack: ends a last name without separator */
	r->ended = n == 0;
	return VT_OK;
}

/* The next name of what was read; VT_EAGAIN: it is not whole yet. */
static vt_err take(struct vt_roots *r, const char **out)
{
	while (r->taken < r->read.n) {
		char *name = (char *)r->read.p + r->taken;
		size_t left = r->read.n - r->taken;
		char *end = memchr(name, r->separator, left);

		if (!end && !r->ended)
			return VT_EAGAIN;
		if (end)
			*end = 0;
		r->taken += end ? (size_t)(end - name) + 1 : left;
		if (*name) {
			*out = name;
			return VT_OK;
		}
	}
	return r->ended ? VT_END : VT_EAGAIN;
}

vt_err vt_roots_next(struct vt_roots *r, int timeout_ms, const char **out, bool *out_listed)
{
	vt_err e;

	*out_listed = false;
	if (r->at < r->paths->n) {
		*out = r->paths->v[r->at++];
		return VT_OK;
	}
	if (r->list < 0)
		return VT_END;
	*out_listed = true;
	while ((e = take(r, out)) == VT_EAGAIN) {
		e = read_more(r, timeout_ms);
		if (e)
			return e;
	}
	return e;
}

void vt_roots_close(struct vt_roots *r)
{
	vt_fd_close(r->list);
	vt_buf_free(&r->read);
	*r = (struct vt_roots){.list = -1};
}
