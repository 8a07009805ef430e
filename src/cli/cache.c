/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "os/fd.h"

#define NEW_FILE "new.tmp"
#define DAY 86400
#define KEEP_DAYS 30 /* without use */
#define HEX_BYTES 16 /* of a key in a file name */
#define NAME_SIZE (4 * HEX_BYTES + 16)

static void put_hex(char *out, const uint8_t *key)
{
	for (size_t i = 0; i < HEX_BYTES; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", key[i]);
}

/* "<first>-<second><suffix>" */
static void pair_name(
	char out[NAME_SIZE], const uint8_t *first, const uint8_t *second, const char *suffix)
{
	char a[2 * HEX_BYTES + 1], b[2 * HEX_BYTES + 1];

	put_hex(a, first);
	put_hex(b, second);
	(void)snprintf(out, NAME_SIZE, "%s-%s%s", a, b, suffix);
}

/* mkdir -p */
static void make_folders(const char *path)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != 0)
			continue;
		part[i] = 0;
		(void)mkdir(part, 0700);
		if (i < n)
			part[i] = '/';
	}
}

vt_err vt_cache_open(struct vt_cache *c, const char *path, const char **why)
{
	struct stat st;

	*c = (struct vt_cache){.dir = -1, .lock = -1};
	make_folders(path);
	c->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0 || fstat(c->dir, &st) != 0 || faccessat(c->dir, ".", W_OK, AT_EACCESS) != 0)
		*why = strerror(errno);
	else if (st.st_uid != geteuid())
		*why = "it belongs to another user";
	else if (st.st_mode & (S_IWGRP | S_IWOTH))
		*why = "others may write to it";
	else
		return VT_OK;
	vt_cache_close(c);
	return VT_EIO;
}

void vt_cache_close(struct vt_cache *c)
{
	vt_cache_unlock(c);
	vt_fd_close(c->dir);
	c->dir = -1;
}

/* Opens an image; its time says, to the day, when it was used last. */
static vt_err open_image(const struct vt_cache *c, const char *name, int *out_fd)
{
	int fd = c->dir < 0 ? -1 : openat(c->dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return VT_END;
	if (fstat(fd, &st) == 0 && st.st_mtime < time(NULL) - DAY) {
		bool checked = vt_cache_is_checked(c, fd);

		if (futimens(fd, NULL) == 0 && checked)
			vt_cache_set_checked(c, fd);
	}
	*out_fd = fd;
	return VT_OK;
}

vt_err vt_cache_find_look(const struct vt_cache *c, const struct vt_cache_key *k, int *out_fd)
{
	char name[NAME_SIZE];

	if (k->young)
		return VT_END;
	pair_name(name, k->set, k->look, ".ref");
	return open_image(c, name, out_fd);
}

static void refer(const struct vt_cache *c, const struct vt_cache_key *k)
{
	char name[NAME_SIZE], image[NAME_SIZE];

	if (k->young)
		return;
	pair_name(name, k->set, k->look, ".ref");
	pair_name(image, k->set, k->content, ".vtdb");
	(void)unlinkat(c->dir, name, 0);
	if (symlinkat(image, c->dir, name) != 0)
		return; /* somebody else was faster */
}

vt_err vt_cache_find_content(const struct vt_cache *c, const struct vt_cache_key *k, int *out_fd)
{
	char name[NAME_SIZE];
	vt_err e;

	pair_name(name, k->set, k->content, ".vtdb");
	e = open_image(c, name, out_fd);
	if (!e)
		refer(c, k);
	return e;
}

void vt_cache_drop(const struct vt_cache *c, const struct vt_cache_key *k)
{
	char ref[NAME_SIZE], image[NAME_SIZE];
	ssize_t n;

	pair_name(ref, k->set, k->look, ".ref");
	n = readlinkat(c->dir, ref, image, sizeof image - 1);
	if (n > 0) { /* found by its look: k->content is not known yet */
		image[n] = 0;
		(void)unlinkat(c->dir, ref, 0);
	} else {
		pair_name(image, k->set, k->content, ".vtdb");
	}
	(void)unlinkat(c->dir, image, 0);
}

void vt_cache_lock(struct vt_cache *c)
{
	if (c->dir < 0)
		return;
	c->lock = openat(c->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* On a file system without locks two may compile the same: the last one's file stays. */
	while (c->lock >= 0 && flock(c->lock, LOCK_EX) != 0 && errno == EINTR)
		;
}

void vt_cache_unlock(struct vt_cache *c)
{
	vt_fd_close(c->lock);
	c->lock = -1;
}

vt_err vt_cache_create(const struct vt_cache *c, int *out_fd)
{
	if (c->dir < 0)
		return VT_EIO;
	(void)unlinkat(c->dir, NEW_FILE, 0);
	*out_fd = openat(c->dir, NEW_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return *out_fd < 0 ? VT_EIO : VT_OK;
}

void vt_cache_discard(const struct vt_cache *c)
{
	if (c->dir >= 0)
		(void)unlinkat(c->dir, NEW_FILE, 0);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && strcmp(name + n - m, suffix) == 0;
}

/* Drops other images and references of the same paths, and whatever was not used for long. */
static void prune(const struct vt_cache *c, const struct vt_cache_key *k)
{
	char image[NAME_SIZE], ref[NAME_SIZE];
	time_t old = time(NULL) - (time_t)KEEP_DAYS * DAY;
	int fd = openat(c->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *d;

	pair_name(image, k->set, k->content, ".vtdb");
	pair_name(ref, k->set, k->look, ".ref");
	while (dir && (d = readdir(dir))) {
		const char *name = d->d_name;
		bool ours = strncmp(name, image, 2 * (size_t)HEX_BYTES + 1) == 0;
		struct stat st;

		if (!has_suffix(name, ".vtdb") && !has_suffix(name, ".ref") &&
			!has_suffix(name, ".ok"))
			continue;
		if (strcmp(name, image) == 0 || strcmp(name, ref) == 0)
			continue;
		if (!ours && fstatat(c->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			st.st_mtime > old)
			continue;
		(void)unlinkat(c->dir, name, 0);
	}
	if (dir)
		(void)closedir(dir);
	else
		vt_fd_close(fd);
}

vt_err vt_cache_install(const struct vt_cache *c, const struct vt_cache_key *k, int fd)
{
	char name[NAME_SIZE];

	pair_name(name, k->set, k->content, ".vtdb");
	if (fdatasync(fd) != 0 || renameat(c->dir, NEW_FILE, c->dir, name) != 0)
		return VT_EIO;
	refer(c, k);
	prune(c, k);
	return VT_OK;
}

static bool checked_name(int fd, char out[NAME_SIZE])
{
	char text[160], hex[2 * HEX_BYTES + 1];
	uint8_t key[VT_KEY_SIZE];
	struct stat st;
	int n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	n = snprintf(text, sizeof text, "%ju %ju %jd %jd.%ld %jd.%ld", (uintmax_t)st.st_dev,
		(uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	if (n < 0 || (size_t)n >= sizeof text)
		return false;
	vt_sha256(vt_span_of(text, (size_t)n), key);
	put_hex(hex, key);
	(void)snprintf(out, NAME_SIZE, "%s.ok", hex);
	return true;
}

bool vt_cache_is_checked(const struct vt_cache *c, int fd)
{
	char name[NAME_SIZE];

	return c->dir >= 0 && checked_name(fd, name) &&
		faccessat(c->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void vt_cache_set_checked(const struct vt_cache *c, int fd)
{
	char name[NAME_SIZE];

	if (c->dir >= 0 && checked_name(fd, name))
		vt_fd_close(openat(c->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}
