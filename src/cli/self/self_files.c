/* SPDX-License-Identifier: Apache-2.0 */
/* The executables that are installed, against those that the release names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/self/self.h"
#include "cli/where.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "os/map.h"

/* Programs that this one would start: they must be among the release's. */
static const char *const programs[] = {
	"vitrine", "vitrine-worker", "vitrine-compiler", "vitrine-updater"};

static vt_err hash_file(const char *path, vt_hash *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	vt_span bytes = {0};
	vt_err e = fd < 0 || fstat(fd, &st) != 0 ? VT_EIO : VT_OK;

	if (!e && !S_ISREG(st.st_mode))
		e = VT_EARG;
	if (!e)
		e = vt_map_file(fd, (uint64_t)st.st_size, &bytes);
	if (!e)
		vt_sha256(bytes, out->b);
	if (bytes.n)
		vt_map_close(bytes);
	vt_fd_close(fd);
	return e;
}

/* The folder of this executable, without the slash; NULL. */
static char *own_folder(void)
{
	char *path, *slash;

	if (vt_where_program("vitrine", &path) != VT_OK)
		return NULL;
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return path;
}

/* Where a file of the release is on this system; NULL: nowhere. */
static char *place_of(const struct vt_self *f, const char *own, vt_span name)
{
	static const char *const below[] = {"/../", "/"};
	char *path;

	if (f->s->prefix) {
		if (asprintf(&path, "%s/%.*s", f->s->prefix, (int)name.n, (const char *)name.p) < 0)
			return NULL;
		if (access(path, F_OK) == 0)
			return path;
		free(path);
		return NULL;
	}
	for (size_t i = 0; own && i < VT_COUNT(below); i++) {
		if (asprintf(&path, "%s%s%.*s", own, below[i], (int)name.n, (const char *)name.p) <
			0)
			return NULL;
		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static vt_err add(struct vt_self *f, const struct vt_self_file *x)
{
	struct vt_self_file *v = reallocarray(f->files, f->nfiles + 1, sizeof *v);

	if (!v)
		return VT_ENOMEM;
	v[f->nfiles++] = *x;
	f->files = v;
	return VT_OK;
}

static vt_err see_named(struct vt_self *f, const char *own, const struct vt_entry_file *e)
{
	struct vt_self_file x = {.path = place_of(f, own, e->name)};
	vt_err err;

	/* names live in the entry's arena; these are ended by NUL */
	x.name = vt_arena_copy(&f->release->a, e->name);
	if (!x.name) {
		free(x.path);
		return VT_ENOMEM;
	}
	if (!x.path)
		x.result = VT_SELF_MISSING;
	else if (hash_file(x.path, &x.sha256))
		x.result = VT_SELF_UNREADABLE;
	else
		x.result = vt_hash_eq(&x.sha256, &e->sha256) ? VT_SELF_SAME : VT_SELF_DIFFERS;
	err = add(f, &x);
	if (err)
		free(x.path);
	return err;
}

/* The same file, under whatever name? */
static bool same_inode(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static vt_err see_program(struct vt_self *f, const char *program)
{
	struct vt_self_file x = {.result = VT_SELF_UNNAMED};
	vt_err e;

	if (vt_where_program(program, &x.path) != VT_OK)
		return VT_OK; /* not installed */
	for (size_t i = 0; i < f->nfiles; i++) {
		if (f->files[i].path && same_inode(f->files[i].path, x.path)) {
			free(x.path);
			return VT_OK;
		}
	}
	if (hash_file(x.path, &x.sha256))
		memset(&x.sha256, 0, sizeof x.sha256);
	e = add(f, &x);
	if (e)
		free(x.path);
	return e;
}

vt_err vt_self_files(struct vt_self *f)
{
	const struct vt_release *r = &f->release->e.u.release;
	char *own = own_folder();
	vt_err e = VT_OK;

	for (size_t i = 0; i < r->nfiles && !e; i++)
		e = see_named(f, own, &r->files[i]);
	for (size_t i = 0; i < VT_COUNT(programs) && !e && !f->s->prefix; i++)
		e = see_program(f, programs[i]);
	free(own);
	return e;
}
