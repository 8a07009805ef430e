/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "tree/internal.h"

#define CHUNK ((size_t)128 << 10)

/* A file that libarchive reads from a place on. */
struct source {
	int fd;
	uint64_t at;
	size_t next; /* how much to read: little for a member's headers, then more */
	uint8_t chunk[CHUNK];
};
#define FIRST_READ ((size_t)8 << 10)

static la_ssize_t read_more(struct archive *a, void *ctx, const void **out)
{
	struct source *s = ctx;
	size_t got = 0;

	*out = s->chunk;
	if (vt_fd_pread(s->fd, s->chunk, s->next, s->at, &got)) {
		archive_set_error(a, EIO, "read");
		return ARCHIVE_FATAL;
	}
	s->at += got;
	s->next = vt_min_size(2 * s->next, CHUNK);
	return (la_ssize_t)got;
}

/* Contents are passed over, not read. */
static la_int64_t skip_some(struct archive *a, void *ctx, la_int64_t n)
{
	struct source *s = ctx;
	uint64_t end = 0;

	(void)a;
	if (n <= 0 || vt_fd_size(s->fd, &end) || s->at >= end)
		return 0;
	if ((uint64_t)n > end - s->at)
		n = (la_int64_t)(end - s->at);
	s->at += (uint64_t)n;
	return n;
}

static vt_err open_source(struct archive *a, int fd, uint64_t at, struct source **out)
{
	struct source *s = malloc(sizeof *s);

	if (!a || !s) {
		free(s);
		return VT_ENOMEM;
	}
	s->fd = fd;
	s->at = at;
	s->next = FIRST_READ;
	if (archive_read_set_read_callback(a, read_more) != ARCHIVE_OK ||
		archive_read_set_skip_callback(a, skip_some) != ARCHIVE_OK ||
		archive_read_set_callback_data(a, s) != ARCHIVE_OK ||
		archive_read_open1(a) != ARCHIVE_OK) {
		free(s);
		return VT_EFORMAT;
	}
	*out = s;
	return VT_OK;
}

static vt_err open_tar(int fd, uint64_t at, struct archive **out, struct source **out_source)
{
	struct archive *a = archive_read_new();
	vt_err e;

	if (a &&
		(archive_read_support_format_tar(a) < ARCHIVE_WARN ||
			archive_read_support_format_empty(a) < ARCHIVE_WARN))
		e = VT_EUNSUPPORTED;
	else
		e = open_source(a, fd, at, out_source);
	if (e)
		(void)archive_read_free(a);
	else
		*out = a;
	return e;
}

/* The first of several spellings that there is: names need not be in any character set. */
static const char *spelled(const char *bytes, const char *utf8)
{
	return bytes ? bytes : utf8;
}

/*
 * Appends the path without "." and "", and with ".." followed, which stays in the root there: what
 * it would mean to a process in the container.
 */
static vt_err add_clean(vt_buf *text, const char *path, uint32_t *out_at, uint32_t *out_n)
{
	size_t start = text->n, at = 0;
	vt_span all = vt_span_str(path), name;
	vt_err e = VT_OK;

	while (!e && !vt_path_next(all, &at, &name)) {
		if (vt_span_eq(name, vt_span_str(".")))
			continue;
		if (vt_span_eq(name, vt_span_str(".."))) {
			while (text->n > start && text->p[text->n - 1] != '/')
				text->n--;
			text->n -= text->n > start; /* the "/" */
			continue;
		}
		if (text->n > start)
			e = vt_buf_add_u8(text, '/');
		if (!e)
			e = vt_buf_add(text, name.p, name.n);
	}
	*out_at = (uint32_t)start;
	*out_n = (uint32_t)(text->n - start);
	return e;
}

static enum vt_member_kind kind_of(struct archive_entry *x)
{
	switch (archive_entry_filetype(x)) {
	case AE_IFREG: return VT_MEMBER_FILE;
	case AE_IFDIR: return VT_MEMBER_FOLDER;
	case AE_IFLNK: return VT_MEMBER_LINK;
	default: return VT_MEMBER_OTHER;
	}
}

static vt_err add_member(struct vt_tar *t, struct archive *a, struct archive_entry *x)
{
	const char *path = spelled(archive_entry_pathname(x), archive_entry_pathname_utf8(x));
	const char *hard = spelled(archive_entry_hardlink(x), archive_entry_hardlink_utf8(x));
	const char *link = spelled(archive_entry_symlink(x), archive_entry_symlink_utf8(x));
	struct vt_member *m;
	vt_err e;

	if (!path)
		return VT_EFORMAT;
	if (t->n >= VT_TAR_MEMBERS_MAX)
		return VT_ELIMIT;
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 256;

		m = reallocarray(t->v, cap, sizeof *m);
		if (!m)
			return VT_ENOMEM;
		t->v = m;
		t->cap = cap;
	}
	m = &t->v[t->n];
	*m = (struct vt_member){.header = (uint64_t)archive_read_header_position(a),
		.kind = hard ? VT_MEMBER_HARD : kind_of(x),
		.size = archive_entry_size(x) > 0 ? (uint64_t)archive_entry_size(x) : 0,
		.mtime = archive_entry_mtime(x),
		.uid = (uint32_t)archive_entry_uid(x),
		.gid = (uint32_t)archive_entry_gid(x),
		.mode = archive_entry_perm(x)};
	e = add_clean(&t->text, path, &m->path, &m->path_n);
	if (!e && hard) {
		e = add_clean(&t->text, hard, &m->target, &m->target_n);
	} else if (!e && link) {
		m->target = (uint32_t)t->text.n;
		m->target_n = (uint32_t)strlen(link);
		e = vt_buf_add(&t->text, link, strlen(link));
	}
	if (m->path_n > VT_TREE_PATH_MAX || m->target_n > VT_TREE_PATH_MAX)
		e = VT_ELIMIT;
	if (!e)
		t->n++;
	return e;
}

vt_err vt_tar_index(int fd, struct vt_tar *out)
{
	struct archive *a = NULL;
	struct source *s = NULL;
	struct archive_entry *x;
	vt_err e;
	int r;

	*out = (struct vt_tar){.fd = fd, .text = {.max = VT_TAR_TEXT_MAX}};
	e = open_tar(fd, 0, &a, &s);
	if (e)
		return e;
	while (!e) {
		r = archive_read_next_header(a, &x);
		if (r == ARCHIVE_EOF)
			break;
		/* A warning is a name in no character set, and the like: all is there. */
		e = r < ARCHIVE_WARN ? VT_EFORMAT : add_member(out, a, x);
	}
	(void)archive_read_free(a);
	free(s);
	return e;
}

void vt_tar_free(struct vt_tar *t)
{
	vt_fd_close(t->fd);
	vt_buf_free(&t->text);
	free(t->v);
	*t = (struct vt_tar){.fd = -1};
}

/* Writes the blocks of the present member; holes stay holes. */
static vt_err copy_blocks(struct archive *a, int fd, uint64_t max)
{
	const void *p;
	la_int64_t at;
	size_t n;
	int r;

	while ((r = archive_read_data_block(a, &p, &n, &at)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		vt_err e;

		if (at < 0 || (uint64_t)at > max || n > max - (uint64_t)at)
			return VT_ELIMIT;
		e = vt_unnamed_write(fd, p, n, (uint64_t)at);
		if (e)
			return e;
	}
	return r == ARCHIVE_EOF ? VT_OK : VT_EFORMAT;
}

vt_err vt_tar_open(const struct vt_tar *t, const struct vt_member *m, const struct vt_spool *spool,
	uint64_t max, int *out_fd)
{
	struct archive *a = NULL;
	struct source *s = NULL;
	struct archive_entry *x;
	int fd = -1;
	vt_err e;

	if (m->kind != VT_MEMBER_FILE)
		return VT_EUNSUPPORTED;
	if (m->size > max || m->size > INT64_MAX)
		return VT_ELIMIT;
	e = open_tar(t->fd, m->header, &a, &s);
	if (!e && archive_read_next_header(a, &x) < ARCHIVE_WARN)
		e = VT_EFORMAT;
	if (!e)
		e = vt_unnamed_file(spool, m->size, &fd);
	if (!e)
		e = copy_blocks(a, fd, m->size);
	if (!e && ftruncate(fd, (off_t)m->size) != 0)
		e = VT_EIO;
	if (!e)
		*out_fd = fd;
	else
		vt_fd_close(fd);
	(void)archive_read_free(a);
	free(s);
	return e;
}

static struct archive *stream_reader(void)
{
	struct archive *a = archive_read_new();

	if (a && archive_read_support_format_raw(a) == ARCHIVE_OK &&
		archive_read_support_format_empty(a) == ARCHIVE_OK &&
		archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
		archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
		archive_read_support_filter_xz(a) == ARCHIVE_OK &&
		archive_read_support_filter_bzip2(a) == ARCHIVE_OK)
		return a;
	(void)archive_read_free(a);
	return NULL;
}

vt_err vt_spool_stream(int fd, struct vt_spool *spool, int *out_fd)
{
	struct archive *a = stream_reader();
	uint8_t *chunk = malloc(CHUNK);
	struct archive_entry *x;
	struct source *s = NULL;
	uint64_t size = 0;
	int file = -1, r;
	la_ssize_t n;
	vt_err e = chunk ? open_source(a, fd, 0, &s) : VT_ENOMEM;

	if (!e)
		e = vt_unnamed_file(spool, UINT64_MAX, &file);
	if (e)
		goto out;
	r = archive_read_next_header(a, &x);
	if (r < ARCHIVE_WARN && r != ARCHIVE_EOF)
		e = VT_EFORMAT;
	while (!e && r != ARCHIVE_EOF && (n = archive_read_data(a, chunk, CHUNK)) != 0) {
		if (n < 0)
			e = VT_EFORMAT;
		else if (size + (uint64_t)n > spool->max - vt_min_u64(spool->used, spool->max))
			e = VT_ELIMIT;
		else
			e = vt_unnamed_write(file, chunk, (size_t)n, size);
		if (!e)
			size += (uint64_t)n;
	}
out:
	(void)archive_read_free(a);
	free(s);
	free(chunk);
	if (e) {
		vt_fd_close(file);
	} else {
		spool->used += size;
		*out_fd = file;
	}
	return e;
}
