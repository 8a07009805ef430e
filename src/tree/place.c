/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a path by hand, one name after the other, never out of the root: "/" in a link's target
 * is the root, ".." in the root is the root. A ".." is checked against the folder that it was come
 * from, so that a folder that is moved meanwhile leads nowhere. One descriptor is open at a time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/fd.h"
#include "tree/folder.h"

#define DIR_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define STAT_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)

struct identity {
	dev_t dev;
	ino_t ino;
};

struct search {
	const struct vt_folder *f;
	int dir;
	struct identity *above; /* of the folders from the root to `dir` */
	size_t depth, cap;
	vt_buf todo; /* the rest of the path, links replaced by their targets */
	size_t at;
	unsigned links;
};

vt_err vt_folder_errno(int error)
{
	if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG)
		return VT_END;
	return error == ELOOP ? VT_ELIMIT : VT_EIO;
}

vt_err vt_place_stat(int dir, const char *name, struct statx *out)
{
	if (statx(dir, name, STAT_FLAGS, STATX_BASIC_STATS, out) != 0)
		return vt_folder_errno(errno);
	return VT_OK;
}

/* Notes the folder that is open now. */
static vt_err remember(struct search *s)
{
	struct stat st;

	if (s->depth == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 32;
		struct identity *grown = reallocarray(s->above, cap, sizeof *grown);

		if (!grown)
			return VT_ENOMEM;
		s->above = grown;
		s->cap = cap;
	}
	if (fstat(s->dir, &st) != 0)
		return VT_EIO;
	s->above[s->depth++] = (struct identity){st.st_dev, st.st_ino};
	return VT_OK;
}

static vt_err go_root(struct search *s)
{
	vt_fd_close(s->dir);
	s->depth = 0;
	s->dir = openat(s->f->fd, ".", DIR_FLAGS);
	return s->dir < 0 ? VT_EIO : remember(s);
}

static vt_err go_up(struct search *s)
{
	struct stat st;
	int up;

	if (s->depth <= 1)
		return VT_OK;
	up = openat(s->dir, "..", DIR_FLAGS);
	if (up < 0)
		return VT_EIO;
	vt_fd_close(s->dir);
	s->dir = up;
	s->depth--;
	if (fstat(up, &st) != 0 || st.st_dev != s->above[s->depth - 1].dev ||
		st.st_ino != s->above[s->depth - 1].ino)
		return VT_EIO; /* moved meanwhile */
	return VT_OK;
}

static vt_err go_down(struct search *s, const char *name)
{
	int fd = openat(s->dir, name, DIR_FLAGS);

	if (fd < 0)
		return errno == ELOOP ? VT_END : vt_folder_errno(errno);
	vt_fd_close(s->dir);
	s->dir = fd;
	return remember(s);
}

/* Finds a name of the folder that is the same without case; the first in the order of bytes. */
static vt_err find_folded(int dir, char name[NAME_MAX + 1])
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	char best[NAME_MAX + 1] = "";

	if (!d) {
		vt_err r = vt_folder_errno(errno);

		vt_fd_close(fd);
		return r;
	}
	while ((e = readdir(d)))
		if (vt_name_same(vt_span_str(e->d_name), vt_span_str(name)) &&
			(!best[0] || strcmp(e->d_name, best) < 0))
			(void)snprintf(best, sizeof best, "%s", e->d_name);
	(void)closedir(d);
	if (!best[0])
		return VT_END;
	memcpy(name, best, NAME_MAX + 1);
	return VT_OK;
}

/* Looks a name up in the folder; corrects its case if the tree knows none. */
static vt_err look(struct search *s, vt_span name, struct vt_place *out)
{
	vt_err e;

	if (name.n > NAME_MAX)
		return VT_END;
	memcpy(out->name, name.p, name.n);
	memset(out->name + name.n, 0, sizeof out->name - name.n);
	e = vt_place_stat(s->dir, out->name, &out->st);
	if (e == VT_END && s->f->t.fold) {
		e = find_folded(s->dir, out->name);
		if (!e)
			e = vt_place_stat(s->dir, out->name, &out->st);
	}
	return e;
}

/* Puts the link's target in front of the rest of the path. */
static vt_err follow_link(struct search *s, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(s->dir, name, target, sizeof target);
	vt_buf rest = {.max = s->todo.max};
	vt_err e;

	if (n < 0)
		return errno == EINVAL ? VT_EIO : vt_folder_errno(errno);
	if (n == 0)
		return VT_END;
	if ((size_t)n >= sizeof target || ++s->links > VT_TREE_LINKS_MAX)
		return VT_ELIMIT;
	e = vt_buf_add(&rest, target, (size_t)n);
	if (!e)
		e = vt_buf_add_u8(&rest, '/');
	if (!e)
		e = vt_buf_add(&rest, s->todo.p + s->at, s->todo.n - s->at);
	if (!e && target[0] == '/')
		e = go_root(s);
	if (e) {
		vt_buf_free(&rest);
		return e;
	}
	vt_buf_free(&s->todo);
	s->todo = rest;
	s->at = 0;
	return VT_OK;
}

static bool is_last(const struct search *s)
{
	for (size_t i = s->at; i < s->todo.n; i++)
		if (s->todo.p[i] != '/')
			return false;
	return true;
}

static bool is_dot(vt_span name, size_t dots)
{
	return name.n == dots && memcmp(name.p, "..", dots) == 0;
}

static vt_err search_path(struct search *s, bool follow, struct vt_place *out)
{
	vt_span name;
	vt_err e;

	for (;;) {
		/* What is found so far is the folder itself, unless a name follows. */
		if (vt_path_next(vt_buf_span(&s->todo), &s->at, &name)) {
			memcpy(out->name, ".", 2);
			return vt_place_stat(s->dir, ".", &out->st);
		}
		if (is_dot(name, 1))
			continue;
		if (is_dot(name, 2)) {
			e = go_up(s);
			if (e)
				return e;
			continue;
		}
		e = look(s, name, out);
		if (e)
			return e;
		if (S_ISLNK(out->st.stx_mode) && (follow || !is_last(s)))
			e = follow_link(s, out->name);
		else if (is_last(s))
			return VT_OK;
		else
			e = S_ISDIR(out->st.stx_mode) ? go_down(s, out->name) : VT_END;
		if (e)
			return e;
	}
}

vt_err vt_place_find(const struct vt_folder *f, vt_span path, bool follow, struct vt_place *out)
{
	struct search s = {.f = f, .dir = -1, .todo = {.max = 2 * (size_t)VT_TREE_PATH_MAX}};
	vt_err e = vt_buf_add(&s.todo, path.p, path.n);

	if (!e)
		e = go_root(&s);
	if (!e)
		e = search_path(&s, follow, out);
	if (e)
		vt_fd_close(s.dir);
	else
		out->dir = s.dir;
	vt_buf_free(&s.todo);
	free(s.above);
	return e;
}
