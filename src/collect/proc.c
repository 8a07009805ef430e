/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"
#include "os/fd.h"

vt_err vt_proc_each(vt_proc_fn *fn, void *ctx)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool more = true;
	vt_err err = VT_OK;

	if (!d) {
		vt_fd_close(fd);
		return VT_EIO;
	}
	while (more) {
		struct vt_proc p;
		uint64_t pid;

		errno = 0;
		e = readdir(d);
		if (!e) {
			err = errno ? VT_EIO : VT_OK;
			break;
		}
		if (!vt_decimal_get(vt_span_str(e->d_name), &pid) || pid > INT32_MAX)
			continue;
		p.pid = (unsigned)pid;
		p.dir = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		more = fn(ctx, &p);
		vt_fd_close(p.dir);
	}
	(void)closedir(d);
	return err;
}

vt_err vt_proc_read(int dir, const char *name, vt_buf *b)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	vt_err e;

	vt_buf_clear(b);
	if (fd < 0)
		return VT_EIO;
	e = vt_fd_read_all(fd, 0, b);
	vt_fd_close(fd);
	return e;
}

vt_err vt_proc_link(int dir, const char *name, vt_buf *b)
{
	size_t room = 4096;
	vt_err e;
	ssize_t n;

	vt_buf_clear(b);
	e = vt_buf_reserve(b, room);
	if (e)
		return e;
	n = readlinkat(dir, name, (char *)b->p, room);
	if (n < 0)
		return VT_EIO;
	if ((size_t)n == room)
		return VT_ELIMIT;
	b->n = (size_t)n;
	return VT_OK;
}

enum vt_miss vt_proc_miss(void)
{
	return errno == ENOENT || errno == ESRCH ? VT_MISS_VANISHED : VT_MISS_UNREADABLE;
}

static bool grow(struct vt_number_set *s)
{
	size_t cap = s->cap ? s->cap * 2 : 256;
	struct vt_number_set bigger = {calloc(cap, sizeof *bigger.v), 0, cap};

	if (!bigger.v)
		return false;
	for (size_t i = 0; i < s->cap; i++)
		if (s->v[i])
			(void)vt_number_set_add(&bigger, s->v[i]);
	free(s->v);
	*s = bigger;
	return true;
}

/* Where it is, or the empty place where it would be. There is always one. */
static size_t place_of(const struct vt_number_set *s, uint64_t number)
{
	size_t at = (size_t)(number * 0x9e3779b97f4a7c15u >> 20) & (s->cap - 1);

	while (s->v[at] && s->v[at] != number)
		at = (at + 1) & (s->cap - 1);
	return at;
}

bool vt_number_set_add(struct vt_number_set *s, uint64_t number)
{
	size_t at;

	number += number == 0; /* zero is an empty place */
	if (s->n * 2 >= s->cap && !grow(s))
		return true;
	at = place_of(s, number);
	if (s->v[at])
		return false;
	s->v[at] = number;
	s->n++;
	return true;
}

bool vt_number_set_has(const struct vt_number_set *s, uint64_t number)
{
	number += number == 0;
	return s->cap && s->v[place_of(s, number)] != 0;
}

void vt_number_set_free(struct vt_number_set *s)
{
	free(s->v);
	*s = (struct vt_number_set){0};
}

uint64_t vt_number_of(uint64_t seed, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t h = 0xcbf29ce484222325u ^ seed;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h;
}
