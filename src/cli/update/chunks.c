/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of content on this machine's disk: those that a disk damaged, those that nobody needs. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "cli/update/update.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "store/folder.h"

/* Each chunk that a plan needs. */
typedef void chunk_fn(void *ctx, const struct vt_chunk *c);

static void each(const struct vt_plan *p, chunk_fn *fn, void *ctx)
{
	for (size_t i = 0; i < p->nsets; i++) {
		const struct vt_plan_set *s = &p->sets[i];

		for (size_t k = 0; k < s->chain[0]->nfull; k++)
			fn(ctx, &s->chain[0]->full[k]);
		for (size_t n = 1; n < s->nchain; n++)
			for (size_t k = 0; k < s->chain[n]->ndelta; k++)
				fn(ctx, &s->chain[n]->delta[k]);
	}
}

struct mend {
	int dir;
	vt_buf b;
	size_t removed;
};

static void mend_one(void *ctx, const struct vt_chunk *c)
{
	struct mend *m = ctx;
	char path[VT_CHUNK_PATH_SIZE];
	vt_hash sum;
	vt_err e;

	vt_buf_clear(&m->b);
	e = vt_store_read(m->dir, vt_chunk_path(&c->sha256, path), VT_CHUNK_PACKED_MAX, &m->b);
	vt_sha256(vt_buf_span(&m->b), sum.b);
	if (e == VT_END || e == VT_ENOMEM || (!e && vt_hash_eq(&sum, &c->sha256)))
		m->removed += e == VT_END;
	else
		m->removed += vt_store_remove(m->dir, path) == VT_OK;
}

size_t vt_update_chunks_mend(int dir, const struct vt_plan *p)
{
	struct mend m = {.dir = dir, .b = VT_BUF_INIT(VT_CHUNK_PACKED_MAX)};

	each(p, mend_one, &m);
	vt_buf_free(&m.b);
	return m.removed;
}

struct hashes {
	size_t n, cap;
	vt_hash *v;
	bool full; /* of memory: then nothing is removed */
};

static void add_hash(void *ctx, const struct vt_chunk *c)
{
	struct hashes *h = ctx;

	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 256;
		vt_hash *v = realloc(h->v, cap * sizeof *v);

		if (!v) {
			h->full = true;
			return;
		}
		h->v = v;
		h->cap = cap;
	}
	h->v[h->n++] = c->sha256;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, VT_HASH_SIZE);
}

static void sweep_folder(int dir, const struct hashes *h)
{
	DIR *d = fdopendir(dir);
	struct dirent *at;

	if (!d) {
		vt_fd_close(dir);
		return;
	}
	while ((at = readdir(d)) != NULL) {
		vt_hash hash;

		if (at->d_name[0] == '.')
			continue;
		if (!vt_hex_get(vt_span_str(at->d_name), hash.b, sizeof hash.b) || h->n == 0 ||
			!bsearch(&hash, h->v, h->n, sizeof hash, compare))
			(void)unlinkat(dirfd(d), at->d_name, 0);
	}
	(void)closedir(d);
}

void vt_update_chunks_sweep(int dir, const struct vt_plan *a, const struct vt_plan *b)
{
	struct hashes h = {0};
	char name[16];

	each(a, add_hash, &h);
	each(b, add_hash, &h);
	if (h.n)
		qsort(h.v, h.n, sizeof *h.v, compare);
	for (unsigned i = 0; !h.full && i < 256; i++) {
		int sub;

		(void)snprintf(name, sizeof name, "chunk/%02x", i);
		sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			sweep_folder(sub, &h);
	}
	free(h.v);
}
