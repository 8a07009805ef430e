/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of what is taken away, in rollback/: SSSS-FFFFFF is the content of file F of step S,
 * SSSS-FFFFFF.x its extended attributes (name NUL, size as 4 bytes, value). Owner, mode and time
 * are in the plan.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "remedy/act.h"
#include "remedy/beneath.h"

#define PIECE ((size_t)256 << 10)
#define XATTRS_MAX ((size_t)1 << 20)

void vt_copy_name(size_t step, size_t i, char out[40])
{
	(void)snprintf(out, 40, "rollback/%04zu-%06zu", step + 1, i);
}

static vt_err copy_bytes(int from, int to, uint8_t sum[32])
{
	uint8_t *bytes = malloc(PIECE);
	struct vt_sha256_stream h;
	uint64_t at = 0;
	size_t n = PIECE;
	vt_err e = bytes ? VT_OK : VT_ENOMEM;

	vt_sha256_start(&h);
	while (!e && n == PIECE) {
		e = vt_fd_pread(from, bytes, PIECE, at, &n);
		if (!e)
			e = vt_fd_write(to, bytes, n);
		if (!e)
			vt_sha256_add(&h, vt_span_of(bytes, n));
		at += n;
	}
	vt_sha256_finish(&h, sum);
	free(bytes);
	return e;
}

static vt_err save_xattrs(int from, int folder, const char *name)
{
	vt_buf b = VT_BUF_INIT(XATTRS_MAX);
	char names[2048], value[4096];
	ssize_t n = flistxattr(from, names, sizeof names), size;
	vt_err e = VT_OK;
	int fd;

	for (ssize_t at = 0; at < n && !e; at += (ssize_t)strlen(names + at) + 1) {
		size = fgetxattr(from, names + at, value, sizeof value);
		if (size < 0)
			continue;
		e = vt_buf_add(&b, names + at, strlen(names + at) + 1);
		if (!e)
			e = vt_buf_add_u32(&b, (uint32_t)size);
		if (!e)
			e = vt_buf_add(&b, value, (size_t)size);
	}
	if (!e && b.n) {
		fd = openat(
			folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
		e = fd < 0 ? VT_EIO : vt_fd_write(fd, b.p, b.n);
		vt_fd_close(fd);
	}
	vt_buf_free(&b);
	return e;
}

static vt_err save_open(struct vt_act *a, const struct vt_removal_file *f, int from,
	const char *name, const char **out_why)
{
	char x[48];
	uint8_t sum[32], said[32];
	int to = openat(
		a->r->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	vt_err e = to < 0 ? VT_EIO : copy_bytes(from, to, sum);

	if (!e && fsync(to))
		e = VT_EIO;
	if (e)
		*out_why = errno == ENOSPC || errno == EDQUOT ? "there is no room for a copy of it"
							      : "a copy of it can't be made";
	else if (!f->loose &&
		(!vt_hex_get(f->sha256, said, sizeof said) || memcmp(sum, said, sizeof sum) != 0)) {
		*out_why = "its content changed since the plan was made";
		e = VT_EAGAIN;
	}
	vt_fd_close(to);
	(void)snprintf(x, sizeof x, "%s.x", name);
	if (!e)
		e = save_xattrs(from, a->r->folder, x);
	return e;
}

vt_err vt_copy_save(struct vt_act *a, size_t step, size_t i, const char **out_why)
{
	const struct vt_removal_file *f = &a->r->plan->steps[step].files[i];
	struct vt_spot spot;
	char name[40];
	vt_err e;
	int from;

	vt_copy_name(step, i, name);
	e = vt_spot_open(a->r->root, vt_removal_place(a->r->plan, f->path), f->path, &spot);
	*out_why = e == VT_EIO ? vt_spot_refusal() : "it can't be opened";
	if (e)
		return e;
	e = vt_spot_read(&spot, f, &from);
	vt_spot_close(&spot);
	if (e == VT_EAGAIN)
		*out_why = "something else stands there than when the plan was made";
	if (e)
		return e;
	e = save_open(a, f, from, name, out_why);
	vt_fd_close(from);
	return e;
}

static void restore_xattrs(int to, int folder, const char *name)
{
	vt_buf b = VT_BUF_INIT(XATTRS_MAX);
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	vt_reader r;

	if (fd >= 0 && !vt_fd_read_all(fd, 0, &b)) {
		r = vt_reader_of(vt_buf_span(&b));
		while (vt_reader_left(&r)) {
			const char *key = (const char *)r.s.p + r.at;
			vt_span value;

			if (!memchr(key, 0, vt_reader_left(&r)))
				break;
			(void)vt_read_span(&r, strlen(key) + 1);
			value = vt_read_span(&r, vt_read_u32le(&r));
			if (r.bad)
				break;
			(void)fsetxattr(to, key, value.p, value.n, 0);
		}
	}
	vt_fd_close(fd);
	vt_buf_free(&b);
}

static vt_err owner_and_time(int dir, const char *name, const struct vt_removal_file *f)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = f->mtime}};

	if (fchownat(dir, name, f->uid, f->gid, AT_SYMLINK_NOFOLLOW))
		return VT_EIO;
	if (f->type != VT_REMOVAL_LINK && fchmodat(dir, name, f->mode, 0))
		return VT_EIO;
	(void)utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW);
	return VT_OK;
}

static vt_err restore_file(struct vt_act *a, const struct vt_spot *spot,
	const struct vt_removal_file *f, const char *copy)
{
	char x[48];
	uint8_t sum[32];
	int from = openat(a->r->folder, copy, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), to;
	vt_err e;

	if (from < 0)
		return errno == ENOENT ? VT_END : VT_EIO;
	/* O_EXCL: never over something that stands there by now */
	to = openat(
		spot->dir, spot->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	e = to < 0 ? VT_EIO : copy_bytes(from, to, sum);
	(void)snprintf(x, sizeof x, "%s.x", copy);
	if (!e)
		e = owner_and_time(spot->dir, spot->name, f);
	if (!e)
		restore_xattrs(to, a->r->folder, x);
	if (!e && fsync(to))
		e = VT_EIO;
	vt_fd_close(from);
	vt_fd_close(to);
	return e;
}

/* A link's target is kept in its copy, which save_links() wrote. */
static vt_err restore_link(struct vt_act *a, const struct vt_spot *spot, const char *copy)
{
	char target[VT_REMOVAL_PATH_MAX + 1];
	int from = openat(a->r->folder, copy, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t n;
	vt_err e;

	if (from < 0)
		return errno == ENOENT ? VT_END : VT_EIO;
	e = vt_fd_pread(from, target, sizeof target - 1, 0, &n);
	vt_fd_close(from);
	if (e)
		return e;
	target[n] = '\0';
	return symlinkat(target, spot->dir, spot->name) ? VT_EIO : VT_OK;
}

vt_err vt_copy_restore(struct vt_act *a, size_t i, const char **out_why)
{
	const struct vt_removal_file *f = &a->s->files[i];
	struct vt_spot spot;
	struct vt_removal_file now;
	char name[40];
	vt_err e;

	vt_copy_name(a->index, i, name);
	*out_why = "the folder that it was in can't be reached";
	e = vt_spot_open(a->r->root, vt_removal_place(a->r->plan, f->path), f->path, &spot);
	if (e)
		return e == VT_END ? VT_EIO : e;
	*out_why = "the system does not let it be made";
	if (!vt_spot_look(&spot, &now)) {
		e = now.type != f->type                ? VT_EAGAIN
			: f->type == VT_REMOVAL_FOLDER ? owner_and_time(spot.dir, spot.name, f)
						       : VT_OK;
		*out_why = "something else stands there by now";
		goto out;
	}
	if (f->type == VT_REMOVAL_FOLDER)
		e = mkdirat(spot.dir, spot.name, 0700) ? VT_EIO : VT_OK;
	else if (f->type == VT_REMOVAL_LINK)
		e = restore_link(a, &spot, name);
	else if (f->type == VT_REMOVAL_FILE)
		e = restore_file(a, &spot, f, name);
	else
		e = VT_END;
	if (!e)
		e = owner_and_time(spot.dir, spot.name, f);
	if (e == VT_END)
		*out_why = "there is no copy of it";
out:
	vt_spot_close(&spot);
	return e;
}
