/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "os/fd.h"

/* A FIFO or device that took a file's place must not make us wait, nor become our terminal. */
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define TRIES 4 /* openat2(2) gives up with EAGAIN when something is renamed meanwhile */

void vt_node_of(const struct statx *st, struct vt_node *out)
{
	*out = (struct vt_node){
		.type = S_ISREG(st->stx_mode)   ? VT_NODE_FILE
			: S_ISDIR(st->stx_mode) ? VT_NODE_FOLDER
			: S_ISLNK(st->stx_mode) ? VT_NODE_LINK
						: VT_NODE_OTHER,
		.mount = S_ISDIR(st->stx_mode) && (st->stx_attributes & STATX_ATTR_MOUNT_ROOT),
		.mode = st->stx_mode & 07777u,
		.uid = st->stx_uid,
		.gid = st->stx_gid,
		.size = st->stx_size,
		.mtime = st->stx_mtime.tv_sec,
		.dev = makedev(st->stx_dev_major, st->stx_dev_minor),
		.ino = st->stx_ino,
	};
}

/*
 * Opens by the kernel's own resolution. VT_EUNSUPPORTED: has to be done by hand.
 */
static vt_err open_in_root(const struct vt_folder *f, vt_span path, uint64_t flags, int *out_fd)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	char text[PATH_MAX];
	long fd = -1;

	while (path.n && path.p[0] == '/')
		path = vt_span_of(path.p + 1, path.n - 1);
	if (!f->openat2 || f->t.fold || path.n >= sizeof text)
		return VT_EUNSUPPORTED;
	memcpy(text, path.n ? (const char *)path.p : ".", path.n ? path.n : 1);
	text[path.n ? path.n : 1] = '\0';
	for (unsigned i = 0; i < TRIES && fd < 0; i++) {
		fd = syscall(SYS_openat2, f->fd, text, &how, sizeof how);
		if (fd < 0 && errno != EAGAIN && errno != EINTR)
			return vt_folder_errno(errno);
	}
	if (fd < 0)
		return VT_EUNSUPPORTED;
	*out_fd = (int)fd;
	return VT_OK;
}

/* Whatever is there, without opening it: a descriptor and a name in it, "" for itself. */
static vt_err find(const struct vt_folder *f, vt_span path, bool follow, struct vt_place *out)
{
	int fd = -1;
	vt_err e = open_in_root(f, path, O_PATH | (follow ? 0 : O_NOFOLLOW), &fd);

	if (e == VT_EUNSUPPORTED)
		return vt_place_find(f, path, follow, out);
	if (e)
		return e;
	out->name[0] = '\0';
	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &out->st) != 0) {
		vt_fd_close(fd);
		return VT_EIO;
	}
	out->dir = fd;
	return VT_OK;
}

static vt_err folder_stat(struct vt_tree *t, vt_span path, bool follow, struct vt_node *out)
{
	const struct vt_folder *f = (const struct vt_folder *)t;
	struct vt_place p;
	vt_err e = find(f, path, follow, &p);

	if (e)
		return e;
	vt_fd_close(p.dir);
	vt_node_of(&p.st, out);
	return VT_OK;
}

/* The descriptor if it is the regular file that `st` speaks of; VT_EAGAIN: another by now. */
static vt_err check_file(int fd, const struct vt_node *want, uint64_t max, int *out_fd)
{
	struct stat st;
	vt_err e = VT_OK;

	if (fstat(fd, &st) != 0)
		e = VT_EIO;
	else if (!S_ISREG(st.st_mode) || st.st_dev != want->dev || st.st_ino != want->ino)
		e = VT_EAGAIN;
	else if ((uint64_t)st.st_size > max)
		e = VT_ELIMIT;
	if (e)
		vt_fd_close(fd);
	else
		*out_fd = fd;
	return e;
}

static vt_err folder_open(struct vt_tree *t, vt_span path, uint64_t max, int *out_fd)
{
	const struct vt_folder *f = (const struct vt_folder *)t;
	struct vt_node node;
	struct vt_place p;
	int fd = -1;
	vt_err e = find(f, path, true, &p);

	if (e)
		return e;
	vt_node_of(&p.st, &node);
	if (node.type != VT_NODE_FILE) {
		e = VT_EUNSUPPORTED;
	} else if (node.size > max) {
		e = VT_ELIMIT;
	} else if (p.name[0]) {
		fd = openat(p.dir, p.name, FILE_FLAGS | O_NOFOLLOW);
		if (fd < 0)
			e = vt_folder_errno(errno);
	} else {
		e = open_in_root(f, path, FILE_FLAGS, &fd);
		if (e == VT_EUNSUPPORTED)
			e = VT_EIO; /* worked a moment ago */
	}
	vt_fd_close(p.dir);
	if (!e)
		e = check_file(fd, &node, max, out_fd);
	return e == VT_EAGAIN ? VT_EIO : e;
}

vt_err vt_folder_visit_open(const struct vt_visit *v, uint64_t max, int *out_fd)
{
	const struct vt_place *p = v->place;
	int fd = openat(p->dir, (const char *)v->name.p, FILE_FLAGS | O_NOFOLLOW);

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? VT_EAGAIN : vt_folder_errno(errno);
	return check_file(fd, v->node, max, out_fd);
}

static vt_err folder_link(struct vt_tree *t, vt_span path, vt_buf *out)
{
	const struct vt_folder *f = (const struct vt_folder *)t;
	char target[PATH_MAX];
	struct vt_place p;
	vt_err e = find(f, path, false, &p);
	ssize_t n;

	if (e)
		return e;
	n = readlinkat(p.dir, p.name, target, sizeof target);
	if (n < 0) /* readlinkat(2) of "" says ENOENT of what is no link */
		e = errno == EINVAL || errno == ENOENT ? VT_EUNSUPPORTED : VT_EIO;
	else if ((size_t)n == sizeof target)
		e = VT_ELIMIT;
	else
		e = vt_buf_add(out, target, (size_t)n);
	vt_fd_close(p.dir);
	return e;
}

vt_err vt_folder_open_dir(const struct vt_folder *f, vt_span path, int *out_fd)
{
	struct vt_place p;
	int fd = -1;
	vt_err e = open_in_root(f, path, DIR_FLAGS, &fd);

	if (e == VT_EUNSUPPORTED) {
		e = vt_place_find(f, path, true, &p);
		if (e)
			return e;
		fd = openat(p.dir, p.name, DIR_FLAGS | O_NOFOLLOW);
		e = fd < 0 ? vt_folder_errno(errno) : VT_OK;
		vt_fd_close(p.dir);
	}
	if (!e)
		*out_fd = fd;
	return e;
}

static vt_err read_names(DIR *d, struct vt_names *names)
{
	const struct dirent *entry;
	vt_err e = VT_OK;

	for (errno = 0; !e && (entry = readdir(d)); errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			e = vt_names_add(names, vt_span_str(entry->d_name), 0);
	return e ? e : errno ? VT_EIO : VT_OK;
}

static vt_err folder_list(struct vt_tree *t, vt_span path, vt_tree_entry_fn *fn, void *ctx)
{
	const struct vt_folder *f = (const struct vt_folder *)t;
	struct vt_names names = {0};
	int fd = -1;
	vt_err e = vt_folder_open_dir(f, path, &fd);
	DIR *d = e ? NULL : fdopendir(fd);

	if (!d) {
		vt_fd_close(fd);
		return e ? e : VT_ENOMEM;
	}
	e = read_names(d, &names);
	vt_names_sort(&names);
	for (size_t i = 0; !e && i < names.n; i++) {
		vt_span name = vt_name_at(&names, i);
		char text[NAME_MAX + 1];
		struct vt_node node;
		struct statx st;

		memcpy(text, name.p, name.n);
		text[name.n] = '\0';
		e = vt_place_stat(dirfd(d), text, &st);
		if (e == VT_END) { /* gone meanwhile */
			e = VT_OK;
			continue;
		}
		if (e)
			break;
		vt_node_of(&st, &node);
		e = fn(ctx, name, &node);
	}
	vt_names_free(&names);
	(void)closedir(d);
	return e;
}

static void folder_free(struct vt_tree *t)
{
	struct vt_folder *f = (struct vt_folder *)t;

	vt_fd_close(f->fd);
	free(f);
}

static const struct vt_tree_ops ops = {
	.free = folder_free,
	.stat = folder_stat,
	.open = folder_open,
	.link = folder_link,
	.list = folder_list,
	.walk = vt_folder_walk,
	.visit_open = vt_folder_visit_open,
};

vt_err vt_tree_folder(int fd, bool cross, struct vt_tree **out)
{
	struct vt_folder *f = calloc(1, sizeof *f);
	int probe = -1;

	if (!f)
		return VT_ENOMEM;
	*f = (struct vt_folder){.t = {.ops = &ops}, .fd = fd, .cross = cross, .openat2 = true};
	/* ENOSYS, or EPERM of an old sandbox around us, count as "no"; so does any other trouble.
	 */
	if (open_in_root(f, vt_span_str("/"), O_PATH | O_DIRECTORY, &probe))
		f->openat2 = false;
	vt_fd_close(probe);
	*out = &f->t;
	return VT_OK;
}
