/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "os/fd.h"

#define READ_SIZE ((size_t)1 << 20)
#define YOUNG_SECONDS 2

/* File name extensions of what the compiler reads. */
static const char *const extensions[] = {
	"cvd",
	"cld",
	"cud",
#define LINES(extension, parser, kind, flags) extension,
#define EACH(extension, aside, cause) extension,
#define WHOLE(extension, aside, cause) extension,
#include "compile/clamav/formats.def"
#undef LINES
#undef EACH
#undef WHOLE
};

static bool is_signature_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < VT_COUNT(extensions); i++)
		if (strcasecmp(dot + 1, extensions[i]) == 0)
			return true;
	return false;
}

static vt_err add_file(struct vt_sources *s, char *path, const struct stat *st)
{
	const char *slash = strrchr(path, '/');

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct vt_source *v = realloc(s->v, cap * sizeof *v);

		if (!v) {
			free(path);
			return VT_ENOMEM;
		}
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] =
		(struct vt_source){.path = path, .name = slash ? slash + 1 : path, .st = *st};
	s->bytes += (uint64_t)st->st_size;
	return VT_OK;
}

static vt_err add_folder(struct vt_sources *s, const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *d;
	vt_err e = VT_OK;

	if (!dir)
		return VT_EIO;
	while (!e && (d = readdir(dir))) {
		struct stat st;
		char *path;

		if (d->d_name[0] == '.' || !is_signature_file(d->d_name))
			continue;
		if (fstatat(dirfd(dir), d->d_name, &st, 0) != 0 || !S_ISREG(st.st_mode))
			continue;
		if (asprintf(&path, "%s/%s", folder, d->d_name) < 0)
			e = VT_ENOMEM;
		else
			e = add_file(s, path, &st);
	}
	(void)closedir(dir);
	return e;
}

vt_err vt_sources_add(struct vt_sources *s, const char *path)
{
	struct stat st;
	/* One name for one folder, however it is written. */
	char *real = realpath(path, NULL);
	char *root = real ? strdup(real) : NULL;
	vt_err e = VT_EIO;

	if (!real || stat(real, &st) != 0)
		goto out;
	e = root ? vt_strings_add(&s->roots, root) : VT_ENOMEM;
	if (e)
		goto out;
	root = NULL;
	if (S_ISDIR(st.st_mode)) {
		e = add_folder(s, real);
	} else if (S_ISREG(st.st_mode)) {
		e = add_file(s, real, &st);
		real = NULL;
	} else {
		errno = EINVAL;
		e = VT_EIO;
	}
out:
	free(root);
	free(real);
	return e;
}

static int compare(const void *a, const void *b)
{
	const struct vt_source *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->path, y->path);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void vt_sources_sort(struct vt_sources *s)
{
	if (s->n)
		qsort(s->v, s->n, sizeof *s->v, compare);
	if (s->roots.n)
		qsort(s->roots.v, s->roots.n, sizeof *s->roots.v, compare_strings);
}

void vt_sources_free(struct vt_sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].path);
	free(s->v);
	vt_strings_free_all(&s->roots);
	*s = (struct vt_sources){0};
}

bool vt_sources_has_any(const char *folder)
{
	struct vt_sources s = {0};
	bool any = add_folder(&s, folder) == VT_OK && s.n > 0;

	vt_sources_free(&s);
	return any;
}

static void add_u64(struct vt_sha256_stream *h, uint64_t v)
{
	vt_sha256_add(h, vt_span_of(&v, sizeof v));
}

static void add_string(struct vt_sha256_stream *h, const char *s)
{
	add_u64(h, strlen(s));
	vt_sha256_add(h, vt_span_str(s));
}

static void add_time(struct vt_sha256_stream *h, const struct timespec *ts)
{
	add_u64(h, (uint64_t)ts->tv_sec);
	add_u64(h, (uint64_t)ts->tv_nsec);
}

/* The folders and single files that were named: what a folder holds may change. */
void vt_sources_paths_key(const struct vt_sources *s, uint8_t out[VT_KEY_SIZE])
{
	struct vt_sha256_stream h;

	vt_sha256_start(&h);
	for (size_t i = 0; i < s->roots.n; i++)
		add_string(&h, s->roots.v[i]);
	vt_sha256_finish(&h, out);
}

void vt_sources_stat_key(const struct vt_sources *s, uint8_t out[VT_KEY_SIZE], bool *out_young)
{
	struct vt_sha256_stream h;
	time_t now = time(NULL);

	*out_young = false;
	vt_sha256_start(&h);
	for (size_t i = 0; i < s->n; i++) {
		const struct stat *st = &s->v[i].st;

		add_string(&h, s->v[i].path);
		add_u64(&h, st->st_dev);
		add_u64(&h, st->st_ino);
		add_u64(&h, (uint64_t)st->st_size);
		add_time(&h, &st->st_mtim);
		add_time(&h, &st->st_ctim);
		if (st->st_ctim.tv_sec + YOUNG_SECONDS > now)
			*out_young = true;
	}
	vt_sha256_finish(&h, out);
}

static vt_err add_content(struct vt_sha256_stream *h, const struct vt_source *source, uint8_t *buf)
{
	int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint64_t at = 0;
	size_t n;
	vt_err e;

	if (fd < 0)
		return VT_EIO;
	add_string(h, source->name);
	do {
		e = vt_fd_pread(fd, buf, READ_SIZE, at, &n);
		if (!e)
			vt_sha256_add(h, vt_span_of(buf, n));
		at += e ? 0 : n;
	} while (!e && n == READ_SIZE);
	add_u64(h, at);
	vt_fd_close(fd);
	return e;
}

vt_err vt_sources_content_key(const struct vt_sources *s, uint8_t out[VT_KEY_SIZE])
{
	struct vt_sha256_stream h;
	uint8_t *buf = malloc(READ_SIZE);
	vt_err e = buf ? VT_OK : VT_ENOMEM;

	vt_sha256_start(&h);
	for (size_t i = 0; !e && i < s->n; i++)
		e = add_content(&h, &s->v[i], buf);
	if (!e)
		vt_sha256_finish(&h, out);
	free(buf);
	return e;
}
