/* SPDX-License-Identifier: Apache-2.0 */
#include "site/site.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "http/url.h"
#include "os/fd.h"
#include "site/fetcher.h"
#include "site/tar.h"
#include "store/folder.h"

#define WHY_MAX 1024
#define URL_SIZE (VT_URL_MAX + 1)
#define MEMBERS_MAX 4000000u

/* A file of a bundle. */
struct member {
	char *path;
	uint64_t offset, size;
};

struct vt_site {
	enum { HTTP, FOLDER, BUNDLE } kind;
	char *place; /* without slashes at its end */
	struct vt_fetcher *fetcher;
	int fd; /* the folder or the bundle */
	struct member *members;
	size_t n, cap;
	uint64_t bytes;
	char why[WHY_MAX];
};

static vt_err fail(struct vt_site *s, vt_err e, const char *path, const char *why)
{
	(void)snprintf(s->why, sizeof s->why, "%s%s%s: %s", s->place, *path ? "/" : "", path, why);
	return e;
}

static int by_path(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static vt_err add_member(struct vt_site *s, const char *path, uint64_t offset, uint64_t size)
{
	if (s->n == MEMBERS_MAX)
		return VT_ELIMIT;
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 256;
		struct member *p = realloc(s->members, cap * sizeof *p);

		if (!p)
			return VT_ENOMEM;
		s->members = p;
		s->cap = cap;
	}
	s->members[s->n] = (struct member){.path = strdup(path), .offset = offset, .size = size};
	if (!s->members[s->n].path)
		return VT_ENOMEM;
	s->n++;
	return VT_OK;
}

/* Headers one after the other; contents stay where they are. */
static vt_err read_headers(struct vt_site *s, uint64_t size)
{
	uint64_t at = 0;

	for (;;) {
		uint8_t block[VT_TAR_BLOCK];
		struct vt_tar_entry entry;
		size_t got;
		vt_err e = vt_fd_pread(s->fd, block, sizeof block, at, &got);

		if (!e)
			e = vt_tar_header(vt_span_of(block, got), &entry);
		if (e)
			return e;
		if (entry.kind == VT_TAR_END)
			return VT_OK;
		at += VT_TAR_BLOCK;
		if (entry.size > size || at > size - entry.size)
			return VT_ETRUNCATED;
		if (entry.kind == VT_TAR_FILE)
			e = add_member(s, entry.path, at, entry.size);
		if (e)
			return e;
		at += vt_tar_padded(entry.size);
	}
}

static vt_err open_bundle(struct vt_site *s)
{
	uint64_t size;
	vt_err e = vt_fd_size(s->fd, &size);

	if (!e)
		e = read_headers(s, size);
	if (!e && s->n)
		qsort(s->members, s->n, sizeof *s->members, by_path);
	for (size_t i = 1; !e && i < s->n; i++)
		if (strcmp(s->members[i - 1].path, s->members[i].path) == 0)
			e = VT_EFORMAT;
	return e;
}

static vt_err open_place(struct vt_site *s)
{
	const char *why;
	struct vt_url url;
	struct stat st;
	const char *path = s->place;

	if (vt_url_is(s->place)) {
		s->kind = HTTP;
		return s->fetcher ? vt_url_parse(vt_span_str(s->place), &url, &why) : VT_EARG;
	}
	if (strncmp(path, "file://", 7) == 0)
		path += 7;
	else if (strstr(path, "://"))
		return VT_EARG;
	s->fd = open(*path ? path : "/", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &st))
		return VT_EIO;
	s->kind = S_ISDIR(st.st_mode) ? FOLDER : BUNDLE;
	return s->kind == FOLDER ? VT_OK : S_ISREG(st.st_mode) ? open_bundle(s) : VT_EARG;
}

vt_err vt_site_open(const char *place, struct vt_fetcher *fetcher, struct vt_site **out)
{
	struct vt_site *s = calloc(1, sizeof *s);
	size_t n = strlen(place);
	int saved;
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	while (n > 1 && place[n - 1] == '/')
		n--;
	s->fd = -1;
	s->fetcher = fetcher;
	s->place = strndup(place, n);
	e = s->place ? open_place(s) : VT_ENOMEM;
	if (e) {
		saved = errno;
		vt_site_close(s);
		errno = saved;
		return e;
	}
	*out = s;
	return VT_OK;
}

void vt_site_close(struct vt_site *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->members[i].path);
	free(s->members);
	free(s->place);
	vt_fd_close(s->fd);
	free(s);
}

static vt_err get_http(struct vt_site *s, const char *path, size_t max, vt_buf *out)
{
	char url[URL_SIZE + 1], why[64];
	unsigned status;
	size_t before = out->n;
	int n = snprintf(url, sizeof url, "%s/%s", s->place, path);
	vt_err e;

	if (n < 0 || (size_t)n >= sizeof url)
		return fail(s, VT_EARG, path, "the URL is too long");
	e = vt_fetcher_get(s->fetcher, url, max, &status, out);
	if (e)
		return fail(s, e == VT_EARG ? VT_EPEER : e, path, vt_fetcher_why(s->fetcher));
	if (status == 200)
		return VT_OK;
	out->n = before;
	(void)snprintf(why, sizeof why, "the server answers with status %u", status);
	return fail(s, status == 404 || status == 410 ? VT_END : VT_EPEER, path, why);
}

static vt_err get_member(struct vt_site *s, const char *path, size_t max, vt_buf *out)
{
	union {
		const char *in;
		char *key;
	} p = {.in = path};
	const struct member key = {.path = p.key};
	const struct member *m = s->n ? bsearch(&key, s->members, s->n, sizeof key, by_path) : NULL;
	size_t got;
	vt_err e;

	if (!m)
		return fail(s, VT_END, path, "not in the bundle");
	if (m->size > max)
		return fail(s, VT_ELIMIT, path, "larger than it may be");
	e = vt_buf_reserve(out, (size_t)m->size);
	if (!e)
		e = vt_fd_pread(s->fd, out->p + out->n, (size_t)m->size, m->offset, &got);
	if (e || got != m->size)
		return fail(s, e ? e : VT_EIO, path, "can't be read from the bundle");
	out->n += got;
	return VT_OK;
}

static vt_err get_file(struct vt_site *s, const char *path, size_t max, vt_buf *out)
{
	vt_err e = vt_store_read(s->fd, path, max, out);

	if (!e)
		return e;
	return fail(s, e, path,
		e == VT_END              ? "there is no such file"
			: e == VT_EIO    ? strerror(errno)
			: e == VT_ELIMIT ? "larger than it may be"
					 : vt_err_text(e));
}

vt_err vt_site_get(void *site, const char *path, size_t max, vt_buf *out)
{
	struct vt_site *s = site;
	size_t before = out->n;
	vt_err e;

	s->why[0] = 0;
	if (!vt_store_path_ok(path))
		return fail(s, VT_EARG, path, "not a path of a log");
	e = s->kind == HTTP         ? get_http(s, path, max, out)
		: s->kind == FOLDER ? get_file(s, path, max, out)
				    : get_member(s, path, max, out);
	if (!e)
		s->bytes += out->n - before;
	return e;
}

const char *vt_site_why(const struct vt_site *s)
{
	return s->why;
}

uint64_t vt_site_bytes(const struct vt_site *s)
{
	return s->bytes;
}
