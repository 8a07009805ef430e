/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a collector hands over for the scanner, and what the scanner says of them. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "proc/supervisor/collecting.h"

#define PIECE ((size_t)64 << 10)

/* No further than the size that the file had when it came: it may grow for ever. */
static bool hash_file(const struct vt_collecting_file *f, vt_buf *hex)
{
	static uint8_t piece[PIECE];
	struct vt_sha256_stream s;
	uint8_t digest[32];
	uint64_t at = 0;
	size_t n = 1;

	vt_sha256_start(&s);
	while (at < f->size && n) {
		size_t want = (size_t)vt_min_u64(sizeof piece, f->size - at);

		if (vt_fd_pread_sized(f->fd, piece, want, at, f->size, &n))
			return false;
		vt_sha256_add(&s, vt_span_of(piece, n));
		at += n;
	}
	vt_sha256_finish(&s, digest);
	return at == f->size && !vt_hex_add(hex, vt_span_of(digest, sizeof digest));
}

/* "archive#member": the place of what is inside of a file. */
static vt_err put_locus(vt_buf *b, const struct vt_collecting_file *p, vt_span member)
{
	vt_err e = vt_buf_add(b, p->path, p->path_n);

	if (!e && member.n)
		e = vt_buf_add_u8(b, '#');
	return e ? e : vt_buf_add(b, member.p, member.n);
}

struct named {
	struct vt_collecting *r;
	const struct vt_fact *f;
	struct vt_observation o;
	vt_err e;
};

static void on_named(void *ctx, const struct vt_catalogue_rule *rule)
{
	struct named *n = ctx;

	n->o.rule = rule->id;
	if (!n->e)
		n->e = vt_collecting_observe(n->r, &n->o, n->o.subject);
}

/* Names are signs of their own: a member's, if something in it fired. */
static vt_err name_member(struct vt_collecting *r, const struct vt_collecting_file *p,
	vt_span locus, vt_span member, vt_span sha256)
{
	struct vt_fact f = {.kind = VT_FACT_FILE, .locus = locus};
	struct named n = {.r = r, .f = &f};
	vt_buf path = VT_BUF_INIT(VT_COLLECT_STRING_MAX), raw = VT_BUF_INIT(VT_COLLECT_STRING_MAX);
	size_t base = member.n;
	vt_err e = member.n && member.p[0] == '/' ? VT_OK : vt_buf_add_u8(&path, '/');

	while (base > 0 && member.p[base - 1] != '/')
		base--;
	if (!e)
		e = vt_buf_add(&path, member.p, member.n);
	f.v[VT_ATTR_PATH] = vt_buf_span(&path);
	f.v[VT_ATTR_NAME] = vt_span_of(member.p + base, member.n - base);
	f.v[VT_ATTR_MEMBER] = member;
	if (!e)
		e = vt_fact_write(&raw, &f);
	n.o = (struct vt_observation){.kind = f.kind,
		.subject = p->subject,
		.locus = locus,
		.raw = vt_buf_span(&raw),
		.sha256 = sha256,
		.hidden = p->hidden};
	if (!e)
		vt_catalogue_match(r->request->catalogue, &f, on_named, &n);
	vt_buf_free(&path);
	vt_buf_free(&raw);
	return e ? e : n.e;
}

static vt_err on_detection(struct vt_collecting *r, const struct vt_collecting_file *p,
	const struct vt_detection *d, vt_span sha256)
{
	struct vt_fact f = {.kind = VT_FACT_CONTENT};
	struct vt_observation o = {
		.kind = f.kind, .rule = d->rule, .sha256 = sha256, .hidden = p->hidden};
	vt_buf raw = VT_BUF_INIT(VT_COLLECT_STRING_MAX), locus = VT_BUF_INIT((size_t)64 << 10);
	vt_err e = put_locus(&locus, p, d->path);

	f.v[VT_ATTR_RULE] = d->rule;
	f.v[VT_ATTR_MEMBER] = d->path;
	if (!e)
		e = vt_fact_write(&raw, &f);
	o.raw = vt_buf_span(&raw);
	o.locus = vt_buf_span(&locus);
	if (!e)
		e = vt_collecting_observe(r, &o, p->subject);
	if (!e && d->path.n)
		e = name_member(r, p, o.locus, d->path, sha256);
	vt_buf_free(&raw);
	vt_buf_free(&locus);
	/* a database that holds more than the catalogue's rules is not the collector's fault */
	return e == VT_EPEER ? VT_OK : e;
}

void vt_collecting_scanned(void *ctx, uint64_t id, const struct vt_report *report)
{
	struct vt_collecting *r = ctx;
	struct vt_collecting_file *p = &r->files[id % VT_COLLECTING_FILES];
	vt_buf hex = VT_BUF_INIT(80);
	vt_err e = VT_OK;

	r->scanned++;
	if (report->ndetections && !hash_file(p, &hex))
		vt_buf_clear(&hex);
	for (size_t i = 0; i < report->ndetections && !e; i++)
		e = on_detection(r, p, &report->detections[i], vt_buf_span(&hex));
	/* of what was too much to list, some may be the catalogue's */
	if (!e && (report->ngaps || report->gaps_dropped || report->detections_dropped))
		e = vt_collecting_unscanned(r, p->subject, vt_span_of(p->path, p->path_n));
	if (e && !r->failed)
		r->failed = e;
	vt_buf_free(&hex);
	vt_fd_close(p->fd);
	free(p->path);
	*p = (struct vt_collecting_file){0};
}

void vt_collecting_close_files(struct vt_collecting *r)
{
	for (size_t i = 0; i < VT_COLLECTING_FILES; i++)
		if (r->files[i].used) {
			vt_fd_close(r->files[i].fd);
			free(r->files[i].path);
		}
}

static struct vt_collecting_file *free_place(struct vt_collecting *r)
{
	for (size_t i = 0; i < VT_COLLECTING_FILES; i++)
		if (!r->files[i].used)
			return &r->files[i];
	return NULL;
}

/* Waits for the scanner until a place is free. */
static vt_err wait_for_place(struct vt_collecting *r, struct vt_collecting_file **out)
{
	for (;;) {
		vt_err e;

		*out = free_place(r);
		if (*out)
			return VT_OK;
		e = vt_pool_flush(r->pool);
		if (!e || e == VT_EAGAIN)
			e = vt_pool_run(r->pool, 1000);
		if (e && e != VT_EAGAIN)
			return vt_collecting_fail(r, e, "the scanner's workers do not work");
	}
}

static vt_err submit(struct vt_collecting *r, struct vt_collecting_file *p, int fd, uint64_t size)
{
	for (;;) {
		vt_err e = vt_pool_submit(r->pool, fd, (uint64_t)(p - r->files), size);

		if (e != VT_EAGAIN)
			return e;
		e = vt_pool_run(r->pool, 1000);
		if (e && e != VT_EAGAIN)
			return vt_collecting_fail(r, e, "the scanner's workers do not work");
	}
}

/*
 * Only a file with content of its own, which reading can neither block nor change. Files for
 * members of images have been written by the collector, and have no name.
 */
static bool is_file(int fd, uint64_t *out_size)
{
	struct stat st;
	int mode = fcntl(fd, F_GETFL);

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || mode < 0 || mode & O_PATH || st.st_size < 0)
		return false;
	*out_size = (uint64_t)st.st_size;
	return (mode & O_ACCMODE) == O_RDONLY || ((mode & O_ACCMODE) == O_RDWR && st.st_nlink == 0);
}

vt_err vt_collecting_file(struct vt_collecting *r)
{
	struct vt_wire_file f;
	struct vt_collecting_file *p = NULL;
	uint64_t size;
	int fd = r->in.nfds == 1 ? r->in.fds[0] : -1;
	vt_err e = vt_file_read(&r->in.body, &f);

	r->in.nfds = 0; /* it is ours */
	if (e || !r->begun || fd < 0 || !r->pool || !is_file(fd, &size)) {
		vt_fd_close(fd);
		return VT_EPEER;
	}
	e = wait_for_place(r, &p);
	if (!e && p) {
		*p = (struct vt_collecting_file){.used = true,
			.hidden = f.hidden,
			.subject = r->subject,
			.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
			.size = size,
			.path = malloc(f.path.n + 1),
			.path_n = f.path.n};
		if (!p->path)
			e = VT_ENOMEM;
		else
			memcpy(p->path, f.path.p, f.path.n);
	}
	if (!e)
		e = submit(r, p, fd, size);
	if (e)
		vt_fd_close(fd);
	return e;
}
