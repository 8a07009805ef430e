/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"

#define ENTRIES_SIZE 32768
#define OPEN_LEVELS 32 /* descriptors that the walk holds; folders above are opened again */
#define PATH_LIMIT ((size_t)64 << 20)
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* A directory that is being read. */
struct level {
	int fd;           /* -1: closed to save descriptors */
	uint8_t *entries; /* from getdents64(2); NULL while closed */
	size_t have, at;
	int64_t offset; /* directory offset behind the last entry that was taken */
	dev_t dev;
	ino_t ino;
	size_t path_n; /* bytes of the path that are this directory's */
};

struct vt_walk {
	struct vt_walk_options options;
	struct vt_walk_skipped skipped;
	vt_buf path;
	struct level *levels;
	size_t nlevels, cap_levels;
	size_t first_open; /* levels below it are closed */
	dev_t root_dev;
	bool root_pending;
};

vt_err vt_walk_new(const struct vt_walk_options *options, struct vt_walk **out)
{
	struct vt_walk *w = calloc(1, sizeof *w);

	if (!w)
		return VT_ENOMEM;
	w->options = *options;
	w->path.max = PATH_LIMIT;
	*out = w;
	return VT_OK;
}

static void close_level(struct level *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->entries);
	l->fd = -1;
	l->entries = NULL;
	l->have = l->at = 0;
}

void vt_walk_free(struct vt_walk *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->nlevels; i++)
		close_level(&w->levels[i]);
	free(w->levels);
	vt_buf_free(&w->path);
	free(w);
}

const struct vt_walk_skipped *vt_walk_skipped(const struct vt_walk *w)
{
	return &w->skipped;
}

static const char *path_text(const struct vt_walk *w)
{
	return (const char *)w->path.p; /* the buffer's slack is its NUL */
}

static vt_err set_path(struct vt_walk *w, size_t keep, const char *name)
{
	vt_err e = VT_OK;

	w->path.n = keep;
	if (keep && w->path.p[keep - 1] != '/')
		e = vt_buf_add_u8(&w->path, '/');
	if (!e)
		e = vt_buf_add(&w->path, name, strlen(name));
	return e;
}

vt_err vt_walk_start(struct vt_walk *w, const char *root)
{
	w->root_pending = true;
	return set_path(w, 0, root);
}

static vt_err give(struct vt_walk *w, int fd, uint64_t size, struct vt_walk_item *out)
{
	*out = (struct vt_walk_item){.path = vt_buf_span(&w->path), .fd = fd, .size = size};
	return VT_OK;
}

static vt_err give_problem(struct vt_walk *w, vt_reason reason, int error, struct vt_walk_item *out)
{
	*out = (struct vt_walk_item){
		.path = vt_buf_span(&w->path), .fd = -1, .reason = reason, .error = error};
	return VT_OK;
}

/* A path that is longer than openat(2) takes is opened in pieces; O_NOFOLLOW is for the last. */
static int open_long(const char *path, int flags)
{
	int dir = AT_FDCWD;

	while (strlen(path) >= PATH_MAX) {
		char piece[PATH_MAX];
		size_t n = PATH_MAX - 1;
		int next;

		while (n && path[n] != '/')
			n--;
		memcpy(piece, path, n);
		piece[n] = 0;
		next = n ? openat(dir, piece, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (n == 0)
			errno = ENAMETOOLONG;
		if (dir != AT_FDCWD)
			close(dir);
		if (next < 0)
			return -1;
		dir = next;
		for (path += n; *path == '/'; path++)
			;
	}
	int fd = openat(dir, *path ? path : ".", flags);
	int error = errno;

	if (dir != AT_FDCWD)
		close(dir);
	errno = error;
	return fd;
}

static bool is_same(const struct level *l, int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

/*
 * Opens a level again that was closed while its children were read. pop_level() tried "..", which
 * is the wrong one if the child was moved or is a link's target. VT_EIO: it is not there.
 */
static vt_err reopen_level(struct vt_walk *w, struct level *l)
{
	uint8_t cut;

	if (!is_same(l, l->fd)) {
		close_level(l);
		cut = w->path.p[l->path_n];
		w->path.p[l->path_n] = 0;
		l->fd = open_long(path_text(w), DIR_FLAGS);
		w->path.p[l->path_n] = cut;
		if (l->fd < 0)
			return VT_EIO;
	}
	if (!is_same(l, l->fd) || lseek(l->fd, l->offset, SEEK_SET) < 0) {
		errno = ENOENT;
		return VT_EIO;
	}
	l->entries = malloc(ENTRIES_SIZE);
	return l->entries ? VT_OK : VT_ENOMEM;
}

static vt_err push_level(struct vt_walk *w, int fd, const struct stat *st)
{
	struct level *l;

	if (w->nlevels == w->cap_levels) {
		size_t cap = w->cap_levels ? 2 * w->cap_levels : 64;

		l = realloc(w->levels, cap * sizeof *l);
		if (!l)
			return VT_ENOMEM;
		w->levels = l;
		w->cap_levels = cap;
	}
	l = &w->levels[w->nlevels];
	*l = (struct level){.fd = fd, .dev = st->st_dev, .ino = st->st_ino, .path_n = w->path.n};
	l->entries = malloc(ENTRIES_SIZE);
	if (!l->entries)
		return VT_ENOMEM;
	w->nlevels++;
	if (w->nlevels - w->first_open > OPEN_LEVELS)
		close_level(&w->levels[w->first_open++]);
	return VT_OK;
}

static void pop_level(struct vt_walk *w)
{
	struct level *l = &w->levels[--w->nlevels];

	if (w->nlevels && l[-1].fd < 0 && l->fd >= 0)
		l[-1].fd = openat(l->fd, "..", DIR_FLAGS);
	close_level(l);
	if (w->first_open >= w->nlevels)
		w->first_open = w->nlevels ? w->nlevels - 1 : 0;
}

static bool is_ancestor(const struct vt_walk *w, const struct stat *st)
{
	for (size_t i = 0; i < w->nlevels; i++)
		if (w->levels[i].dev == st->st_dev && w->levels[i].ino == st->st_ino)
			return true;
	return false;
}

/* The kernel's interfaces: what looks like files there is not stored anywhere. */
static bool is_kernel_interface(int fd)
{
	static const unsigned long magics[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC,
		DEVPTS_SUPER_MAGIC, BPF_FS_MAGIC, EFIVARFS_MAGIC, SELINUX_MAGIC};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < VT_COUNT(magics); i++)
		if ((unsigned long)fs.f_type == magics[i])
			return true;
	return false;
}

static bool is_foreign(const struct vt_walk *w, int fd, const struct stat *st)
{
	if (w->nlevels == 0 || st->st_dev == w->levels[w->nlevels - 1].dev)
		return false;
	return w->options.one_file_system ? st->st_dev != w->root_dev : is_kernel_interface(fd);
}

/*
 * Goes down into the directory that `fd` is, or passes over it. VT_EAGAIN: nothing to report, go
 * on with the next entry.
 */
static vt_err enter(struct vt_walk *w, int fd, const struct stat *st)
{
	vt_err e = VT_EAGAIN;

	if (w->nlevels == 0)
		w->root_dev = st->st_dev;
	if (is_foreign(w, fd, st)) {
		w->skipped.filesystems++;
	} else if (w->options.follow && is_ancestor(w, st)) {
		w->skipped.links++;
	} else {
		e = push_level(w, fd, st);
		if (!e)
			return VT_EAGAIN;
	}
	close(fd);
	return e;
}

static bool is_special(mode_t mode)
{
	return !S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode);
}

/* What an open failed with: gone, a link that is not followed, or unreadable. */
static vt_err open_failed(
	struct vt_walk *w, bool root, bool link, int error, struct vt_walk_item *out)
{
	if (error == ENXIO || error == ENODEV || error == EOPNOTSUPP) { /* a socket, no driver */
		if (root)
			return give_problem(w, VT_REASON_SPECIAL, error, out);
		w->skipped.special++;
		return VT_EAGAIN;
	}
	if (!root && (error == ELOOP || (link && error == ENOENT))) {
		w->skipped.links++;
		return VT_EAGAIN;
	}
	if (!root && error == ENOENT)
		return give_problem(w, VT_REASON_VANISHED, error, out);
	return give_problem(w, VT_REASON_UNREADABLE, error, out);
}

/* Looks at the entry `name` of the directory `dir`, whose path is in w->path. */
static vt_err visit(
	struct vt_walk *w, int dir, const char *name, unsigned char type, struct vt_walk_item *out)
{
	bool root = w->root_pending;
	bool follow = root || w->options.follow;
	int fd;
	struct stat st;

	w->root_pending = false;
	if (type == DT_UNKNOWN || (follow && type == DT_LNK)) {
		if (fstatat(dir, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
			return open_failed(w, root, type == DT_LNK, errno, out);
	} else {
		st.st_mode = (mode_t)type << 12; /* DTTOIF without its sign */
	}
	if (S_ISLNK(st.st_mode)) {
		w->skipped.links++;
		return VT_EAGAIN;
	}
	if (is_special(st.st_mode)) {
		if (root)
			return give_problem(w, VT_REASON_SPECIAL, 0, out);
		w->skipped.special++;
		return VT_EAGAIN;
	}
	if (S_ISDIR(st.st_mode) && !root && !w->options.recursive)
		return VT_EAGAIN;
	if (!(S_ISDIR(st.st_mode) ? vt_filter_dir : vt_filter_file)(
		    w->options.filter, path_text(w))) {
		w->skipped.excluded++;
		return VT_EAGAIN;
	}
	/* Between the look and the open the entry may turn into anything: see what came. */
	fd = openat(dir, name, FILE_FLAGS | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return open_failed(w, root, type == DT_LNK, errno, out);
	if (fstat(fd, &st) != 0) {
		int error = errno;

		close(fd);
		return give_problem(w, VT_REASON_UNREADABLE, error, out);
	}
	if (S_ISDIR(st.st_mode))
		return enter(w, fd, &st);
	if (S_ISREG(st.st_mode))
		return give(w, fd, (uint64_t)st.st_size, out);
	close(fd);
	w->skipped.special++;
	return VT_EAGAIN;
}

/* The root may be longer than PATH_MAX when it comes from a list: open its directory first. */
static vt_err visit_root(struct vt_walk *w, struct vt_walk_item *out)
{
	const char *path = path_text(w), *slash;
	int dir = AT_FDCWD;
	vt_err e;

	if (w->path.n >= PATH_MAX) {
		size_t n;
		uint8_t cut;

		slash = strrchr(path, '/');
		n = slash ? (size_t)(slash - path) : 0;
		cut = w->path.p[n];
		w->path.p[n] = 0;
		dir = n ? open_long(path, DIR_FLAGS) : -1;
		w->path.p[n] = cut;
		path += n + 1;
		if (dir < 0) {
			w->root_pending = false;
			return give_problem(w, VT_REASON_UNREADABLE, n ? errno : ENAMETOOLONG, out);
		}
	}
	e = visit(w, dir, path, DT_UNKNOWN, out);
	if (dir != AT_FDCWD)
		close(dir);
	return e;
}

/* The level's next entry; VT_END when there is none. */
static vt_err next_entry(struct level *l, const struct dirent64 **out)
{
	const struct dirent64 *d;

	if (l->at >= l->have) {
		ssize_t n = getdents64(l->fd, l->entries, ENTRIES_SIZE);

		if (n <= 0)
			return n ? VT_EIO : VT_END;
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

/* One step: an entry of the deepest directory. VT_EAGAIN: nothing to report yet. */
static vt_err step(struct vt_walk *w, struct vt_walk_item *out)
{
	struct level *l = &w->levels[w->nlevels - 1];
	const struct dirent64 *d;
	vt_err e = VT_OK;

	if (!l->entries)
		e = reopen_level(w, l);
	if (!e)
		e = next_entry(l, &d);
	if (e == VT_END || e == VT_EIO) {
		int error = errno;

		w->path.n = l->path_n;
		w->path.p[l->path_n] = 0;
		pop_level(w);
		if (e == VT_END)
			return VT_EAGAIN;
		return give_problem(
			w, error == ENOENT ? VT_REASON_VANISHED : VT_REASON_UNREADABLE, error, out);
	}
	if (e || is_dots(d->d_name))
		return e ? e : VT_EAGAIN;
	e = set_path(w, l->path_n, d->d_name);
	return e ? e : visit(w, l->fd, d->d_name, d->d_type, out);
}

vt_err vt_walk_next(struct vt_walk *w, struct vt_walk_item *out)
{
	vt_err e = VT_EAGAIN;

	if (w->root_pending)
		e = visit_root(w, out);
	while (e == VT_EAGAIN) {
		if (w->nlevels == 0)
			return VT_END;
		e = step(w, out);
	}
	return e;
}
