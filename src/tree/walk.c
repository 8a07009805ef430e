/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over a live folder. A directory is read as it is walked, one block of entries at a time,
 * and at most OPEN_LEVELS of them are open; those above are opened again when their turn comes, and
 * must then have the same device and inode.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "tree/folder.h"

#define ENTRIES_SIZE 32768
#define OPEN_LEVELS 32
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct level {
	int fd;           /* -1: closed to save descriptors */
	uint8_t *entries; /* from getdents64(2); NULL while closed */
	size_t have, at;
	int64_t offset; /* directory offset behind the last entry that was taken */
	uint64_t dev, ino;
	size_t path_n; /* bytes of the path that are this directory's */
};

struct walk {
	const struct vt_folder *f;
	const struct vt_walk_fns *fns;
	vt_buf path;
	struct level *levels;
	size_t nlevels, cap_levels;
	size_t first_open; /* levels below it are closed */
};

static void close_level(struct level *l)
{
	vt_fd_close(l->fd);
	free(l->entries);
	l->fd = -1;
	l->entries = NULL;
	l->have = l->at = 0;
}

static void missed(struct walk *w, enum vt_miss why)
{
	w->fns->missed(w->fns->ctx, vt_buf_span(&w->path), why);
}

static enum vt_miss miss_of(vt_err e)
{
	return e == VT_END || e == VT_EAGAIN ? VT_MISS_VANISHED
		: e == VT_ELIMIT             ? VT_MISS_LIMIT
					     : VT_MISS_UNREADABLE;
}

static bool is_same(const struct level *l, int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

/* Takes `fd`. */
static vt_err push_level(struct walk *w, int fd, const struct stat *st)
{
	struct level *l = NULL;
	uint8_t *entries = malloc(ENTRIES_SIZE);

	if (w->nlevels == w->cap_levels) {
		size_t cap = w->cap_levels ? 2 * w->cap_levels : 64;

		l = reallocarray(w->levels, cap, sizeof *l);
		if (l) {
			w->levels = l;
			w->cap_levels = cap;
		}
	}
	if (!entries || w->nlevels == w->cap_levels) {
		vt_fd_close(fd);
		free(entries);
		return VT_ENOMEM;
	}
	w->levels[w->nlevels++] = (struct level){.fd = fd,
		.entries = entries,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.path_n = w->path.n};
	if (w->nlevels - w->first_open > OPEN_LEVELS)
		close_level(&w->levels[w->first_open++]);
	return VT_OK;
}

static void pop_level(struct walk *w)
{
	struct level *l = &w->levels[--w->nlevels];

	if (w->nlevels && l[-1].fd < 0 && l->fd >= 0)
		l[-1].fd = openat(l->fd, "..", DIR_FLAGS);
	close_level(l);
	if (w->first_open >= w->nlevels)
		w->first_open = w->nlevels ? w->nlevels - 1 : 0;
}

/* pop_level() tried "..", which is the wrong one if the child was moved: then by its path. */
static vt_err reopen_level(struct walk *w, struct level *l)
{
	vt_err e = VT_OK;

	if (!is_same(l, l->fd)) {
		close_level(l);
		e = vt_folder_open_dir(w->f, vt_span_of(w->path.p, l->path_n), &l->fd);
		if (e)
			return e;
	}
	if (!is_same(l, l->fd))
		return VT_END;
	if (lseek(l->fd, l->offset, SEEK_SET) < 0)
		return VT_EIO;
	l->entries = malloc(ENTRIES_SIZE);
	return l->entries ? VT_OK : VT_ENOMEM;
}

/*
 * The kernel's interfaces: what looks like files there is not stored anywhere. autofs would mount
 * what it is asked for.
 */
static bool is_kernel_interface(int fd)
{
	static const unsigned long magics[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC,
		DEVPTS_SUPER_MAGIC, BPF_FS_MAGIC, EFIVARFS_MAGIC, SELINUX_MAGIC, NSFS_MAGIC,
		PSTOREFS_MAGIC, BINFMTFS_MAGIC, 0x19800202 /* mqueue */, 0x62656570 /* configfs */,
		0x65735543 /* fusectl */};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < VT_COUNT(magics); i++)
		if ((unsigned long)fs.f_type == magics[i])
			return true;
	return false;
}

static bool is_automount(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == AUTOFS_SUPER_MAGIC;
}

/*
 * False: not to be entered. The kernel's own are left out without a word, there is nothing in them
 * to look at; any other file system that is not entered is a miss.
 */
static bool may_cross(struct walk *w, int dir, const char *name)
{
	int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool kernel = fd >= 0 && is_kernel_interface(fd);
	bool cross = fd >= 0 && !kernel && w->f->cross && !is_automount(fd);

	vt_fd_close(fd);
	if (!kernel && !cross)
		missed(w, VT_MISS_MOUNT);
	return cross;
}

static vt_err enter(struct walk *w, int dir, const char *name, const struct vt_node *node)
{
	struct stat st;
	int fd;

	if (node->mount && !may_cross(w, dir, name))
		return VT_OK;
	if (w->path.n >= VT_TREE_PATH_MAX) {
		missed(w, VT_MISS_LIMIT);
		return VT_OK;
	}
	fd = openat(dir, name, DIR_FLAGS);
	if (fd < 0) {
		missed(w, errno == ELOOP ? VT_MISS_VANISHED : miss_of(vt_folder_errno(errno)));
		return VT_OK;
	}
	if (fstat(fd, &st) != 0 || st.st_dev != node->dev || st.st_ino != node->ino) {
		missed(w, VT_MISS_VANISHED); /* another folder, or a mount, took its place */
		vt_fd_close(fd);
		return VT_OK;
	}
	return push_level(w, fd, &st);
}

static vt_err visit(struct walk *w, struct level *l, const char *name)
{
	size_t name_n = strlen(name);
	struct vt_place place;
	struct vt_visit v;
	struct vt_node node;
	struct statx st;
	vt_err e = vt_path_join(&w->path, l->path_n, vt_span_of(name, name_n));
	int fd = l->fd;

	if (e == VT_ELIMIT) {
		missed(w, VT_MISS_LIMIT);
		return VT_OK;
	}
	if (e)
		return e;
	e = vt_place_stat(fd, name, &st);
	if (e) {
		missed(w, miss_of(e));
		return VT_OK;
	}
	vt_node_of(&st, &node);
	if (node.type == VT_NODE_FOLDER && !(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		node.mount = node.dev != l->dev; /* before Linux 5.8 */
	place.dir = fd;
	v = (struct vt_visit){.path = vt_buf_span(&w->path),
		.name = vt_span_of(w->path.p + w->path.n - name_n, name_n),
		.node = &node,
		.tree = (struct vt_tree *)(uintptr_t)&w->f->t,
		.place = &place};
	e = w->fns->entry(w->fns->ctx, &v);
	if (node.type == VT_NODE_FOLDER && !e)
		return enter(w, fd, name, &node);
	return e == VT_END ? VT_OK : e;
}

/* The level's next entry; VT_END when there is none. */
static vt_err next_entry(struct level *l, const struct dirent64 **out)
{
	const struct dirent64 *d;

	if (l->at >= l->have) {
		ssize_t n = getdents64(l->fd, l->entries, ENTRIES_SIZE);

		if (n <= 0)
			return n && errno != ENOENT ? VT_EIO : VT_END;
		l->have = (size_t)n;
		l->at = 0;
	}
	/* The kernel aligns its records, and malloc the buffer. */
	d = (const struct dirent64 *)(const void *)(l->entries + l->at);
	l->at += d->d_reclen;
	l->offset = d->d_off;
	*out = d;
	return VT_OK;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

/* One entry of the deepest directory, or its end. */
static vt_err step(struct walk *w)
{
	struct level *l = &w->levels[w->nlevels - 1];
	const struct dirent64 *d = NULL;
	bool lost = false;
	vt_err e = VT_OK;

	if (!l->entries) {
		e = reopen_level(w, l);
		lost = e != VT_OK;
	}
	if (!e)
		e = next_entry(l, &d);
	if (e == VT_ENOMEM)
		return e;
	if (!e)
		return is_dots(d->d_name) ? VT_OK : visit(w, l, d->d_name);
	w->path.n = l->path_n;
	w->path.p[l->path_n] = 0;
	if (lost || e != VT_END)
		missed(w, lost ? VT_MISS_VANISHED : VT_MISS_UNREADABLE);
	e = VT_OK;
	if (w->fns->leave)
		e = w->fns->leave(w->fns->ctx, vt_buf_span(&w->path));
	pop_level(w);
	return e;
}

vt_err vt_folder_walk(struct vt_tree *t, vt_span from, const struct vt_walk_fns *fns)
{
	struct walk w = {
		.f = (const struct vt_folder *)t, .fns = fns, .path = {.max = VT_TREE_PATH_MAX}};
	struct stat st;
	int fd = -1;
	vt_err e;

	while (from.n > 1 && from.p[from.n - 1] == '/')
		from.n--;
	e = vt_buf_add(&w.path, from.p, from.n);
	if (!e)
		e = vt_folder_open_dir(w.f, from, &fd);
	if (!e && fstat(fd, &st) != 0) {
		vt_fd_close(fd);
		e = VT_EIO;
	}
	if (!e)
		e = push_level(&w, fd, &st);
	while (!e && w.nlevels)
		e = step(&w);
	while (w.nlevels)
		pop_level(&w);
	free(w.levels);
	vt_buf_free(&w.path);
	return e;
}
