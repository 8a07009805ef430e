/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fd.h"

#define PATH_SIZE 4096

vt_err vt_file_pwrite(int fd, vt_span bytes, uint64_t offset)
{
	size_t done = 0;

	while (done < bytes.n) {
		ssize_t r = pwrite(fd, bytes.p + done, bytes.n - done, (off_t)(offset + done));

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return VT_EIO;
		done += (size_t)r;
	}
	return VT_OK;
}

vt_err vt_file_read(int dir, const char *path, size_t max, vt_buf *out)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	vt_buf b = VT_BUF_INIT(max + 1);
	uint64_t size;
	vt_err e;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? VT_END : VT_EIO;
	e = vt_fd_size(fd, &size);
	if (!e && size > max)
		e = VT_ELIMIT;
	if (!e)
		e = vt_fd_read_all(fd, size, &b);
	if (!e)
		e = vt_buf_add(out, b.p, b.n);
	vt_buf_free(&b);
	vt_fd_close(fd);
	return e;
}

static vt_err sync_parent(int dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	char part[PATH_SIZE];
	int fd;
	vt_err e;

	if (slash && (size_t)(slash - path) >= sizeof part)
		return VT_EARG;
	(void)snprintf(part, sizeof part, "%.*s", slash ? (int)(slash - path) + (slash == path) : 1,
		slash == path   ? "/"
			: slash ? path
				: ".");
	fd = openat(dir, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return VT_EIO;
	e = fsync(fd) ? VT_EIO : VT_OK;
	vt_fd_close(fd);
	return e;
}

vt_err vt_file_parents(int dir, const char *path)
{
	char part[PATH_SIZE];

	for (size_t i = 0; path[i]; i++) {
		if (i >= sizeof part - 1)
			return VT_EARG;
		if (path[i] == '/' && i > 0) {
			part[i] = 0;
			if (mkdirat(dir, part, 0755) == 0) {
				if (sync_parent(dir, part))
					return VT_EIO;
			} else if (errno != EEXIST) {
				return VT_EIO;
			}
		}
		part[i] = path[i];
	}
	return VT_OK;
}

vt_err vt_file_replace(int dir, const char *path, unsigned mode, vt_span bytes)
{
	static const char fresh[] = "new.tmp";
	vt_err e = vt_file_parents(dir, path);
	int fd;

	if (e)
		return e;
	fd = openat(
		dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
	if (fd < 0)
		return VT_EIO;
	e = vt_file_pwrite(fd, bytes, 0);
	if (!e && fdatasync(fd))
		e = VT_EIO;
	vt_fd_close(fd);
	if (!e && renameat(dir, fresh, dir, path))
		e = VT_EIO;
	return e ? e : sync_parent(dir, path);
}

vt_err vt_file_move(int dir, const char *from, const char *to)
{
	vt_err e = vt_file_parents(dir, to);

	if (!e && renameat(dir, from, dir, to))
		e = VT_EIO;
	if (!e)
		e = sync_parent(dir, to);
	return e ? e : sync_parent(dir, from);
}

vt_err vt_file_folder(const char *path, int *out_dir)
{
	vt_err e = vt_file_parents(AT_FDCWD, path);
	int fd;

	if (e)
		return e;
	if (mkdir(path, 0755) && errno != EEXIST)
		return VT_EIO;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return VT_EIO;
	*out_dir = fd;
	return VT_OK;
}
