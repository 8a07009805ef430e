/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each component of a path is opened by itself with O_NOFOLLOW, so that a link which somebody put
 * into the folder leads nowhere. Temporary files have a '~', which no path may have.
 */
#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fd.h"

#define PATH_LONGEST 1024
#define NAME_LONGEST 200 /* leaves room for what a temporary name adds (NAME_MAX is 255) */
#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static bool char_ok(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '.' || c == '_' || c == '-';
}

bool vt_store_path_ok(const char *path)
{
	size_t i = 0, start;

	for (;;) {
		start = i;
		while (char_ok(path[i]))
			i++;
		if (i == start || i - start > NAME_LONGEST || i > PATH_LONGEST)
			return false;
		if (path[start] == '.' &&
			(i - start == 1 || (i - start == 2 && path[start + 1] == '.')))
			return false;
		if (path[i] == '\0')
			return true;
		if (path[i] != '/')
			return false;
		i++;
	}
}

vt_err vt_store_open(const char *path, bool make, int *out_dir)
{
	char *copy;
	int fd;

	fd = open(path, OPEN_DIR);
	if (fd < 0 && errno == ENOENT && make) {
		copy = strdup(path);
		if (!copy)
			return VT_ENOMEM;
		for (size_t i = 1; copy[i]; i++) {
			if (copy[i] != '/')
				continue;
			copy[i] = '\0';
			(void)mkdir(copy, 0755); /* the last open() says what matters */
			copy[i] = '/';
		}
		(void)mkdir(copy, 0755);
		fd = open(copy, OPEN_DIR);
		free(copy);
	}
	if (fd < 0)
		return VT_EIO;
	*out_dir = fd;
	return VT_OK;
}

/* The folder that the last component of `path` is in, as a descriptor of its own, and that name. */
struct place {
	int dir;
	const char *name;
};

/* `make`: missing folders are made; `sync`: and all on the way are brought to the disk. */
static vt_err place_open(int dir, const char *path, bool make, bool sync, struct place *out)
{
	char part[NAME_LONGEST + 1];
	const char *slash;
	int at, next;

	if (!vt_store_path_ok(path))
		return VT_EARG;
	at = openat(dir, ".", OPEN_DIR);
	if (at < 0)
		return VT_EIO;
	while ((slash = strchr(path, '/')) != NULL) {
		size_t n = (size_t)(slash - path);

		memcpy(part, path, n);
		part[n] = '\0';
		if (make && mkdirat(at, part, 0755) && errno != EEXIST) {
			vt_fd_close(at);
			return VT_EIO;
		}
		next = openat(at, part, OPEN_DIR | O_NOFOLLOW);
		/* Not only when it was made now: whoever made it may have been killed since. */
		if (next >= 0 && sync && fsync(at)) {
			vt_fd_close(next);
			next = -1;
		}
		vt_fd_close(at);
		if (next < 0)
			return VT_EIO;
		at = next;
		path = slash + 1;
	}
	*out = (struct place){at, path};
	return VT_OK;
}

/* A regular file's descriptor: no links, no waiting for the other end of a pipe. */
static vt_err file_open(int dir, const char *path, int flags, struct stat *out_st, int *out_fd)
{
	struct place at;
	vt_err e = place_open(dir, path, false, false, &at);
	int fd;

	if (e)
		return e == VT_EIO && errno == ENOENT ? VT_END : e;
	fd = openat(at.dir, at.name, flags | O_NOFOLLOW | O_CLOEXEC);
	vt_fd_close(at.dir);
	if (fd < 0)
		return errno == ENOENT ? VT_END : VT_EIO;
	if (syscall(SYS_fstat, fd, out_st) || !S_ISREG(out_st->st_mode)) {
		vt_fd_close(fd);
		errno = EINVAL;
		return VT_EIO;
	}
	*out_fd = fd;
	return VT_OK;
}

vt_err vt_store_read(int dir, const char *path, size_t max, vt_buf *out)
{
	struct stat st;
	size_t size, got;
	int fd;
	vt_err e = file_open(dir, path, O_RDONLY | O_NONBLOCK, &st, &fd);

	if (e)
		return e;
	if (st.st_size < 0 || (uint64_t)st.st_size > max) {
		e = VT_ELIMIT;
		goto out;
	}
	size = (size_t)st.st_size;
	e = vt_buf_reserve(out, size);
	if (!e)
		e = vt_fd_pread(fd, out->p + out->n, size, 0, &got);
	if (!e) {
		out->n += got;
		memset(out->p + out->n, 0, VT_BUF_SLACK);
	}
out:
	vt_fd_close(fd);
	return e;
}

bool vt_store_has(int dir, const char *path)
{
	struct stat st;
	int fd;

	if (file_open(dir, path, O_PATH, &st, &fd))
		return false;
	vt_fd_close(fd);
	return true;
}

/* A temporary file that nobody else has, in this process or another. */
static int temporary(const struct place *at, char name[NAME_LONGEST + 50])
{
	static atomic_uint counter;
	int fd;

	do {
		(void)snprintf(name, NAME_LONGEST + 50, "%.*s~%ld.%u", NAME_LONGEST, at->name,
			(long)getpid(), atomic_fetch_add(&counter, 1));
		fd = openat(
			at->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	} while (fd < 0 && errno == EEXIST);
	return fd;
}

static vt_err write_file(int dir, const char *path, vt_span bytes, bool sync)
{
	char name[NAME_LONGEST + 50];
	struct place at;
	int fd, saved;
	vt_err e = place_open(dir, path, true, sync, &at);

	if (e)
		return e;
	fd = temporary(&at, name);
	e = fd < 0 ? VT_EIO : vt_fd_write(fd, bytes.p, bytes.n);
	if (!e && sync && fsync(fd))
		e = VT_EIO;
	/* close() may be the first to say that a network or quota refused the bytes. */
	if (fd >= 0 && close(fd) && !e)
		e = VT_EIO;
	if (!e && renameat(at.dir, name, at.dir, at.name))
		e = VT_EIO;
	if (e && fd >= 0) {
		saved = errno;
		(void)unlinkat(at.dir, name, 0);
		errno = saved;
	}
	if (!e && sync && fsync(at.dir))
		e = VT_EIO;
	vt_fd_close(at.dir);
	return e;
}

vt_err vt_store_write(int dir, const char *path, vt_span bytes)
{
	return write_file(dir, path, bytes, true);
}

vt_err vt_store_put(int dir, const char *path, vt_span bytes)
{
	return write_file(dir, path, bytes, false);
}

vt_err vt_store_sync(int dir)
{
	return syncfs(dir) ? VT_EIO : VT_OK;
}

vt_err vt_store_remove(int dir, const char *path)
{
	struct place at;
	vt_err e = place_open(dir, path, false, false, &at);

	if (e)
		return e == VT_EIO && errno == ENOENT ? VT_OK : e;
	if (unlinkat(at.dir, at.name, 0))
		e = errno == ENOENT ? VT_OK : VT_EIO;
	else if (fsync(at.dir))
		e = VT_EIO;
	vt_fd_close(at.dir);
	return e;
}

vt_err vt_store_lock(int dir, bool wait, int *out_fd)
{
	int fd, r;

	fd = openat(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return VT_EIO;
	do
		r = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
	while (r && errno == EINTR);
	if (r) {
		r = errno;
		vt_fd_close(fd);
		return r == EWOULDBLOCK ? VT_EAGAIN : VT_EIO;
	}
	*out_fd = fd;
	return VT_OK;
}
