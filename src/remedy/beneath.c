/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "os/fd.h"

#define STRICT (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
#define PIECE ((size_t)256 << 10)
#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static int open_beneath(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags, .resolve = resolve};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

vt_err vt_root_open(const char *path, int *out_fd)
{
	int fd = open(path, OPEN_DIR);

	if (fd < 0)
		return VT_EIO;
	*out_fd = fd;
	return VT_OK;
}

/* The folder of a relative path below `dir`; `path` loses its last name. */
static vt_err parent_below(int dir, char *path, uint64_t resolve, struct vt_spot *out)
{
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (snprintf(out->name, sizeof out->name, "%s", name) >= (int)sizeof out->name)
		return VT_EARG;
	if (slash)
		*slash = '\0';
	out->dir = open_beneath(dir, slash ? path : ".", OPEN_DIR, resolve);
	if (out->dir < 0)
		return errno == ENOENT || errno == ENOTDIR ? VT_END : VT_EIO;
	return VT_OK;
}

vt_err vt_spot_open(int root, const struct vt_place *place, vt_span path, struct vt_spot *out)
{
	char text[VT_REMOVAL_PATH_MAX + 1];
	size_t top = place && place->kind == VT_PLACE_FOLDER && path.n > place->path.n
		? place->path.n
		: 0;
	int dir;
	vt_err e;

	if (!vt_removal_path_ok(path))
		return VT_EARG;
	memcpy(text, path.p, path.n);
	text[path.n] = '\0';
	if (!top)
		return parent_below(root, text + 1, STRICT, out);
	text[top] = '\0';
	dir = open_beneath(root, text + 1, OPEN_DIR, STRICT);
	if (dir < 0)
		return errno == ENOENT || errno == ENOTDIR ? VT_END : VT_EIO;
	e = parent_below(dir, text + top + 1, STRICT | RESOLVE_NO_XDEV, out);
	vt_fd_close(dir);
	return e;
}

void vt_spot_close(struct vt_spot *s)
{
	vt_fd_close(s->dir);
	s->dir = -1;
}

static void fill(const struct stat *st, struct vt_removal_file *out)
{
	out->type = S_ISREG(st->st_mode) ? VT_REMOVAL_FILE
		: S_ISDIR(st->st_mode)   ? VT_REMOVAL_FOLDER
		: S_ISLNK(st->st_mode)   ? VT_REMOVAL_LINK
					 : VT_REMOVAL_OTHER;
	out->dev = (uint64_t)st->st_dev;
	out->ino = (uint64_t)st->st_ino;
	out->size = (uint64_t)st->st_size;
	out->mode = (uint32_t)st->st_mode & 07777;
	out->uid = st->st_uid;
	out->gid = st->st_gid;
	out->mtime = st->st_mtim.tv_sec;
}

vt_err vt_spot_look(const struct vt_spot *s, struct vt_removal_file *out)
{
	struct stat st;

	if (fstatat(s->dir, s->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? VT_END : VT_EIO;
	fill(&st, out);
	return VT_OK;
}

vt_err vt_spot_read(const struct vt_spot *s, const struct vt_removal_file *seen, int *out)
{
	int fd = openat(s->dir, s->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? VT_END : VT_EIO;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_ino != seen->ino ||
		(uint64_t)st.st_dev != seen->dev) {
		vt_fd_close(fd);
		return VT_EAGAIN;
	}
	*out = fd;
	return VT_OK;
}

static void hex_text(const uint8_t sum[32], char out[65])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
	out[64] = '\0';
}

static vt_err hash_file(int fd, uint8_t sum[32])
{
	uint8_t *bytes = malloc(PIECE);
	struct vt_sha256_stream h;
	uint64_t at = 0;
	vt_err e = bytes ? VT_OK : VT_ENOMEM;
	size_t n = PIECE;

	vt_sha256_start(&h);
	while (!e && n == PIECE) {
		e = vt_fd_pread(fd, bytes, PIECE, at, &n);
		if (!e)
			vt_sha256_add(&h, vt_span_of(bytes, n));
		at += n;
	}
	vt_sha256_finish(&h, sum);
	free(bytes);
	return e;
}

vt_err vt_spot_hash(const struct vt_spot *s, const struct vt_removal_file *seen, char out[65])
{
	char target[VT_REMOVAL_PATH_MAX + 1];
	uint8_t sum[32];
	ssize_t n;
	vt_err e;
	int fd;

	if (seen->type == VT_REMOVAL_LINK) {
		n = readlinkat(s->dir, s->name, target, sizeof target);
		if (n < 0)
			return VT_EIO;
		vt_sha256(vt_span_of(target, (size_t)n), sum);
		hex_text(sum, out);
		return VT_OK;
	}
	e = vt_spot_read(s, seen, &fd);
	if (e)
		return e;
	e = hash_file(fd, sum);
	vt_fd_close(fd);
	if (!e)
		hex_text(sum, out);
	return e;
}

const char *vt_spot_refusal(void)
{
	switch (errno) {
	case ELOOP: return "a symbolic link is on the way to it";
	case EXDEV: return "another file system is on the way to it";
	default: return "the system does not let us look at it";
	}
}

static enum vt_likeness compare(
	const struct vt_spot *spot, const struct vt_removal_file *f, const char **out_why)
{
	struct vt_removal_file now = {0};
	char hex[65];
	vt_err e = vt_spot_look(spot, &now);

	*out_why = "it is not there";
	if (e == VT_END)
		return VT_LIKE_GONE;
	*out_why = "the system does not let us look at it";
	if (e)
		return VT_LIKE_REFUSED;
	*out_why = "something else stands there than when the plan was made";
	if (now.dev != f->dev || now.ino != f->ino || now.type != f->type)
		return VT_LIKE_CHANGED;
	if (f->loose || !f->sha256.n)
		return VT_LIKE_SAME;
	*out_why = "its content changed since the plan was made";
	if (now.type == VT_REMOVAL_FILE && now.size != f->size)
		return VT_LIKE_CHANGED;
	e = vt_spot_hash(spot, &now, hex);
	if (e == VT_END)
		return VT_LIKE_GONE;
	if (e == VT_EIO) {
		*out_why = "the system does not let us read it";
		return VT_LIKE_REFUSED;
	}
	return e || !vt_span_eq(f->sha256, vt_span_str(hex)) ? VT_LIKE_CHANGED : VT_LIKE_SAME;
}

enum vt_likeness vt_file_compare(int root, const struct vt_place *place,
	const struct vt_removal_file *f, const char **out_why)
{
	struct vt_spot spot;
	enum vt_likeness l;
	vt_err e = vt_spot_open(root, place, f->path, &spot);

	if (e) {
		*out_why = e == VT_END ? "it is not there" : vt_spot_refusal();
		return e == VT_END ? VT_LIKE_GONE : VT_LIKE_REFUSED;
	}
	l = compare(&spot, f, out_why);
	vt_spot_close(&spot);
	return l;
}

static bool immutable(const struct vt_spot *spot)
{
	struct vt_spot up = {.dir = spot->dir, .name = "."};
	int fd = openat(spot->dir, spot->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int flags = 0, above = 0;

	if (fd >= 0)
		(void)ioctl(fd, FS_IOC_GETFLAGS, &flags);
	(void)ioctl(up.dir, FS_IOC_GETFLAGS, &above);
	vt_fd_close(fd);
	return ((flags | above) & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0;
}

/*
 * Between the look and the unlink, who may write to the folder could put another file of the same
 * name there; that takes away nothing that they could not take away themselves, for the folder was
 * reached without links and is held open.
 */
enum vt_likeness vt_file_remove(int root, const struct vt_place *place,
	const struct vt_removal_file *f, const char **out_why, bool *out_immutable)
{
	struct vt_spot spot;
	enum vt_likeness l;
	vt_err e = vt_spot_open(root, place, f->path, &spot);

	*out_immutable = false;
	if (e) {
		*out_why = e == VT_END ? "it is not there" : vt_spot_refusal();
		return e == VT_END ? VT_LIKE_GONE : VT_LIKE_REFUSED;
	}
	l = compare(&spot, f, out_why);
	if (l == VT_LIKE_SAME &&
		unlinkat(spot.dir, spot.name, f->type == VT_REMOVAL_FOLDER ? AT_REMOVEDIR : 0)) {
		l = errno == ENOENT ? VT_LIKE_GONE : VT_LIKE_REFUSED;
		*out_why = errno == ENOTEMPTY ? "something is in it that the plan does not name"
			: errno == EBUSY      ? "it is in use, or a file system is mounted there"
			: errno == EROFS      ? "the file system is read-only"
					      : "the system does not let it be removed";
		*out_immutable = errno == EPERM && immutable(&spot);
	}
	vt_spot_close(&spot);
	return l;
}

/* The path that an open folder has by now, malloc'ed. */
static char *folder_path(int fd)
{
	char proc[64], *path = malloc(VT_REMOVAL_PATH_MAX + 1);
	ssize_t n;

	(void)snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	n = path ? readlink(proc, path, VT_REMOVAL_PATH_MAX) : -1;
	if (n <= 0) {
		free(path);
		return NULL;
	}
	path[n] = '\0';
	return path;
}

vt_err vt_path_plain(int root, vt_span path, char **out)
{
	char *text, *slash, *real = NULL, *top = NULL;
	vt_err e = VT_EIO;
	size_t skip;
	int fd;

	if (!vt_removal_path_ok(path))
		return VT_EARG;
	text = strndup((const char *)path.p, path.n);
	if (!text)
		return VT_ENOMEM;
	slash = strrchr(text, '/');
	*slash = '\0';
	fd = open_beneath(root, text[0] ? text : "/", O_PATH | O_DIRECTORY | O_CLOEXEC,
		RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	if (fd < 0) {
		e = errno == ENOENT || errno == ENOTDIR ? VT_END : VT_EIO;
		goto out;
	}
	real = folder_path(fd);
	top = folder_path(root);
	if (!real || !top)
		goto out;
	skip = strcmp(top, "/") == 0 ? 0 : strlen(top);
	if (strncmp(real, top, skip) != 0)
		goto out;
	e = asprintf(out, "%s/%s", strcmp(real, "/") == 0 ? "" : real + skip, slash + 1) < 0
		? VT_ENOMEM
		: VT_OK;
out:
	vt_fd_close(fd);
	free(real);
	free(top);
	free(text);
	return e;
}
