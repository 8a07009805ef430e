/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier's own walk (fts(3), no code shared with the inventory's trees): listed paths, what
 * else is in the plan's folders, and, if deep, files anywhere that have the content of a listed
 * one.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "remedy/packages.h"
#include "remedy/verify.h"

#define PIECE ((size_t)256 << 10)
#define SMALL 64 /* shorter files are alike too often: empty ones, "1\n" */

struct known {
	uint64_t size;
	uint8_t sum[32];
	vt_span path;
};
struct hit {
	char *path;
	const struct known *is;
	bool owned; /* it belongs to a package that stays: the same file is in both */
};
struct walk {
	struct vt_verifying *v;
	struct known *known;
	size_t n, skip;
	uint64_t there;
	struct hit *hits; /* copies, sorted out once the walk is over */
	size_t nhits, cap;
	vt_err e;
};

static int by_size(const void *a, const void *b)
{
	uint64_t x = ((const struct known *)a)->size, y = ((const struct known *)b)->size;

	return (x > y) - (x < y);
}

static vt_err gather(struct walk *w)
{
	const struct vt_removal *p = w->v->plan;
	size_t total = 0;

	for (size_t s = 0; s < p->nsteps; s++)
		total += p->steps[s].nfiles;
	w->known = calloc(total ? total : 1, sizeof *w->known);
	if (!w->known)
		return VT_ENOMEM;
	for (size_t s = 0; s < p->nsteps; s++) {
		for (size_t i = 0; i < p->steps[s].nfiles; i++) {
			const struct vt_removal_file *f = &p->steps[s].files[i];
			struct known *k = &w->known[w->n];

			if (f->type != VT_REMOVAL_FILE || f->size < SMALL || f->loose ||
				!vt_hex_get(f->sha256, k->sum, sizeof k->sum))
				continue;
			k->size = f->size;
			k->path = f->path;
			w->n++;
		}
	}
	qsort(w->known, w->n, sizeof *w->known, by_size);
	return VT_OK;
}

static bool hash_at(struct walk *w, const char *path, uint8_t sum[32])
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint8_t *bytes = malloc(PIECE);
	struct vt_sha256_stream h;
	uint64_t at = 0;
	size_t n = PIECE;
	bool ok = fd >= 0 && bytes;

	vt_sha256_start(&h);
	while (ok && n == PIECE) {
		ok = !vt_fd_pread(fd, bytes, PIECE, at, &n);
		if (ok)
			vt_sha256_add(&h, vt_span_of(bytes, n));
		at += n;
	}
	vt_sha256_finish(&h, sum);
	vt_fd_close(fd);
	free(bytes);
	w->v->v->hashed++;
	return ok;
}

/* The first known file of that size, or NULL. */
static const struct known *of_size(const struct walk *w, uint64_t size)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->known[mid].size < size)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->n && w->known[low].size == size ? &w->known[low] : NULL;
}

static void add_hit(struct walk *w, vt_span shown, const struct known *k)
{
	size_t cap = w->cap ? 2 * w->cap : 16;
	struct hit *v;
	char *path = strndup((const char *)shown.p, shown.n);

	if (path && w->nhits == w->cap) {
		v = realloc(w->hits, cap * sizeof *v);
		if (v) {
			w->hits = v;
			w->cap = cap;
		}
	}
	if (!path || w->nhits == w->cap) {
		free(path);
		w->e = VT_ENOMEM;
		return;
	}
	w->hits[w->nhits++] = (struct hit){path, k, false};
}

static void copy_of(struct walk *w, const char *path, vt_span shown, uint64_t size)
{
	const struct known *k = of_size(w, size);
	uint8_t sum[32];

	if (!k)
		return;
	if (!hash_at(w, path, sum)) {
		w->v->v->unreadable++;
		return;
	}
	for (; k < w->known + w->n && k->size == size; k++) {
		if (memcmp(k->sum, sum, sizeof sum) == 0) {
			add_hit(w, shown, k);
			return;
		}
	}
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct hit *)a)->path, ((const struct hit *)b)->path);
}

static bool planned(void *ctx, vt_span manager, vt_span name)
{
	const struct walk *w = ctx;

	return vt_removal_removes(w->v->plan, manager, name);
}

static void owned(void *ctx, size_t index, vt_span manager, vt_span name)
{
	struct walk *w = ctx;

	(void)manager;
	(void)name;
	w->hits[index].owned = true;
}

/* A licence, or a library that both ship, is no copy of the product. */
static vt_err tell_copies(struct walk *w)
{
	vt_span *paths = calloc(w->nhits + 1, sizeof *paths);
	char why[VT_REMOVAL_PATH_MAX + 64];
	vt_err e = paths ? w->e : VT_ENOMEM;

	if (w->nhits)
		qsort(w->hits, w->nhits, sizeof *w->hits, by_path);
	for (size_t i = 0; i < w->nhits && paths; i++)
		paths[i] = vt_span_str(w->hits[i].path);
	if (!e && w->nhits)
		e = vt_packages_owners(w->v->root, paths, w->nhits, planned, owned, w);
	for (size_t i = 0; i < w->nhits; i++) {
		if (!e && !w->hits[i].owned) {
			(void)snprintf(why, sizeof why, "it has the content of %.*s",
				(int)w->hits[i].is->path.n, (const char *)w->hits[i].is->path.p);
			vt_verify_say(w->v, VT_CHECK_THERE, "walk by content", paths[i], why);
			w->there++;
		}
		free(w->hits[i].path);
	}
	free(w->hits);
	free(paths);
	return e;
}

static bool is_mask(const char *path)
{
	char to[16];

	return readlink(path, to, sizeof to) == 9 && memcmp(to, "/dev/null", 9) == 0;
}

static void visit(struct walk *w, const FTSENT *e)
{
	vt_span shown = vt_span_str(e->fts_path + w->skip);
	const struct vt_place *place;

	w->v->v->files++;
	if (shown.n < 2)
		return;
	place = vt_removal_place(w->v->plan, shown);
	if (place && !(place->kind == VT_PLACE_UNIT && is_mask(e->fts_path))) {
		vt_verify_say(w->v, VT_CHECK_THERE, "walk", shown,
			"it is in a place that the plan clears");
		w->there++;
	} else if (e->fts_info == FTS_F && e->fts_statp->st_size >= SMALL) {
		copy_of(w, e->fts_path, shown, (uint64_t)e->fts_statp->st_size);
	}
}

/* The kernel's file systems, and what Vitrine itself keeps of removed files. */
static bool passed_over(const struct walk *w, const FTSENT *e)
{
	static const char *const names[] = {"/proc", "/sys", "/dev", "/run/user"};
	const char *path = e->fts_path + w->skip;
	size_t n = strlen(path);

	for (size_t i = 0; i < VT_COUNT(names); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return n > 18 && strcmp(path + n - 9, "/rollback") == 0 && strstr(path, "/removals/");
}

static vt_err walk(struct walk *w, const char *top)
{
	char *paths[2] = {NULL, NULL};
	FTS *fts;
	FTSENT *e;

	paths[0] = strdup(top);
	fts = paths[0] ? fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
	while (fts && (e = fts_read(fts)) != NULL) {
		switch (e->fts_info) {
		case FTS_D:
			if (passed_over(w, e))
				(void)fts_set(fts, e, FTS_SKIP);
			else
				visit(w, e);
			break;
		case FTS_DP: break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS: w->v->v->unreadable += e->fts_errno != ENOENT; break;
		default: visit(w, e); break;
		}
	}
	free(paths[0]);
	if (!fts)
		return VT_EIO;
	(void)fts_close(fts);
	return VT_OK;
}

vt_err vt_verify_files(struct vt_verifying *v)
{
	struct walk w = {.v = v, .skip = v->live ? 0 : strlen(v->root)};
	char *top = NULL, text[200];
	vt_err e = gather(&w);

	if (!e && v->deep)
		e = walk(&w, v->root);
	for (size_t i = 0; !e && !v->deep && i < v->plan->nplaces; i++) {
		struct stat st;

		if (asprintf(&top, "%s%.*s", v->live ? "" : v->root, (int)v->plan->places[i].path.n,
			    (const char *)v->plan->places[i].path.p) < 0)
			e = VT_ENOMEM;
		else if (lstat(top, &st) == 0)
			e = walk(&w, top);
		free(top);
	}
	if (!e)
		e = tell_copies(&w);
	(void)snprintf(text, sizeof text,
		"%llu files looked at, %llu hashed, %llu could not be looked at",
		(unsigned long long)v->v->files, (unsigned long long)v->v->hashed,
		(unsigned long long)v->v->unreadable);
	if (!e && v->v->unreadable)
		vt_verify_say(v, VT_CHECK_UNKNOWN, "walk", vt_span_str("files"), text);
	else if (!e && !w.there)
		vt_verify_say(v, VT_CHECK_GONE, "walk", vt_span_str("files"), text);
	free(w.known);
	return e;
}
