/* SPDX-License-Identifier: Apache-2.0 */
/* What `vitrine log follow` keeps between its runs. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/log/follow.h"
#include "cli/log/keep.h"
#include "cli/text.h"
#include "cli/where.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "store/folder.h"

#define COMMAND "vitrine log follow"

static vt_err complain(const char *what, vt_err e)
{
	fprintf(stderr, COMMAND ": %s: %s\n", what, e == VT_EIO ? strerror(errno) : vt_err_text(e));
	return e;
}

static vt_err from_store(void *ctx, const char *path, size_t max, vt_buf *out)
{
	const struct vt_follow *f = ctx;

	return vt_store_read(f->dir, path, max, out);
}

/* <state>/follow/<hex of the origin>, and where evidence goes. */
static vt_err open_folder(struct vt_follow *f, vt_span origin)
{
	char *base = NULL, *path = NULL;
	vt_buf hex = VT_BUF_INIT(100);
	uint8_t sum[32];
	vt_err e = f->s->state ? VT_OK : vt_where_state(&base);
	const char *state = f->s->state ? f->s->state : base;

	if (e)
		return complain("give --state DIR", e);
	vt_sha256(origin, sum);
	e = vt_hex_add(&hex, vt_span_of(sum, sizeof sum));
	if (!e &&
		(asprintf(&path, "%s/follow/%.64s", state, (const char *)hex.p) < 0 ||
			(f->s->evidence ? asprintf(&f->evidence, "%s", f->s->evidence)
					: asprintf(&f->evidence, "%s/evidence", state)) < 0))
		e = VT_ENOMEM;
	if (!e)
		e = vt_store_open(path, true, &f->dir);
	if (!e)
		e = vt_store_lock(f->dir, false, &f->lock);
	if (e == VT_EAGAIN) {
		fprintf(stderr, COMMAND ": %s: another one works in it\n", path);
		e = VT_EARG;
	} else if (e) {
		(void)complain(path ? path : state, e);
	}
	vt_buf_free(&hex);
	free(path);
	free(base);
	return e;
}

static vt_err open_tiles(struct vt_follow *f)
{
	const struct vt_checkpoint *c = &f->kept.head.at;
	vt_err e;

	vt_tiles_close(f->kept_tiles);
	f->kept_tiles = NULL;
	if (c->size == 0)
		return VT_OK;
	e = vt_tiles_open(c->size, &c->root, from_store, f, &f->kept_tiles);
	return e ? complain("the hashes that are kept are damaged; remove the folder follow/ "
			    "to begin anew",
			   e)
		 : VT_OK;
}

static vt_err open_head(struct vt_follow *f)
{
	char why[VT_LOG_WHY_MAX];
	vt_err e = vt_store_read(f->dir, "head", VT_NOTE_MAX, &f->kept.note);

	if (e == VT_END)
		return VT_OK;
	if (e)
		return complain("head", e);
	e = vt_log_head_check(&f->kept, &f->trust, why);
	if (e) {
		fprintf(stderr, COMMAND ": the head that was seen last: %s\n", why);
		return e;
	}
	return open_tiles(f);
}

static vt_err open_progress(struct vt_follow *f)
{
	vt_buf text = VT_BUF_INIT(VT_PROGRESS_MAX);
	vt_err e = vt_store_read(f->dir, "seen", VT_PROGRESS_MAX, &text);

	if (!e)
		e = vt_log_progress_parse(vt_buf_span(&text), &f->progress);
	if (!e && f->progress.at > f->kept.head.at.size)
		e = VT_EFORMAT;
	vt_buf_free(&text);
	if (e == VT_END)
		return VT_OK;
	for (size_t i = 0; !e && i < f->progress.nsets; i++)
		e = vt_audit_add_set(&f->audit, &f->progress.sets[i]);
	return e ? complain("seen", e) : VT_OK;
}

vt_err vt_follow_open(struct vt_follow *f, const struct vt_log_head *first)
{
	vt_span name = vt_span_str(first->log->name);
	vt_err e = open_folder(f, name);

	f->audit.origin = name;
	f->audit.tell = vt_follow_tell;
	f->audit.ctx = f;
	f->content.a = &f->audit;
	f->content.store = f->content.folder = f->dir;
	if (!e)
		e = open_head(f);
	return e ? e : open_progress(f);
}

void vt_follow_close(struct vt_follow *f)
{
	vt_audit_free(&f->audit);
	vt_log_progress_free(&f->progress);
	vt_tiles_close(f->kept_tiles);
	vt_buf_free(&f->kept.note);
	vt_fd_close(f->lock);
	vt_fd_close(f->dir);
	free(f->evidence);
}

/* Heads ---------------------------------------------------------------------------------------- */

struct copy {
	struct vt_follow *f;
	struct vt_tiles *from;
};

/* From hashes that were checked, not from the file that was served. */
static vt_err copy_tile(void *ctx, const struct vt_tile *t)
{
	struct copy *c = ctx;
	vt_buf bytes = VT_BUF_INIT(VT_TILE_WIDTH * VT_HASH_SIZE);
	char path[VT_TILE_PATH_MAX];
	vt_err e = VT_OK;

	if (t->level == VT_TILE_ENTRIES)
		return VT_OK;
	for (unsigned i = 0; i < t->width && !e; i++) {
		vt_hash h;

		e = vt_tiles_get(c->from, 8 * t->level, t->index * VT_TILE_WIDTH + i, &h);
		if (!e)
			e = vt_buf_add(&bytes, h.b, sizeof h.b);
	}
	if (!e) {
		e = vt_store_put(c->f->dir, vt_tile_path(t, path), vt_buf_span(&bytes));
		e = e ? complain(path, e) : VT_OK;
	}
	vt_buf_free(&bytes);
	return e;
}

/* Tiles of the old tree that were cut off at its end and are longer now. */
static vt_err drop_partial(struct vt_follow *f, uint64_t old, uint64_t size)
{
	vt_err e = VT_OK;

	for (unsigned level = 0; level < 8 && !e; level++) {
		uint64_t n = old >> 8 * level, now = size >> 8 * level;
		struct vt_tile t = {.level = level,
			.index = n / VT_TILE_WIDTH,
			.width = (unsigned)(n % VT_TILE_WIDTH)};
		char path[VT_TILE_PATH_MAX];

		if (t.width && now != n)
			e = vt_store_remove(f->dir, vt_tile_path(&t, path));
	}
	return e;
}

vt_err vt_follow_take(struct vt_follow *f, struct vt_follow_place *p)
{
	const struct vt_checkpoint *c = &p->place.at.head.at;
	struct copy copy = {.f = f, .from = p->place.tiles};
	uint64_t old = f->kept.head.at.size;
	vt_err e = vt_tile_each_new(old, c->size, copy_tile, &copy);

	if (!e) {
		e = vt_store_sync(f->dir);
		if (!e)
			e = vt_store_write(f->dir, "head", vt_buf_span(&p->place.at.note));
		if (e)
			return complain("head", e);
	}
	if (e)
		return e;
	vt_log_head_free(&f->kept);
	e = vt_buf_add(&f->kept.note, p->place.at.note.p, p->place.at.note.n);
	if (!e) {
		char why[VT_LOG_WHY_MAX];

		e = vt_log_head_check(&f->kept, &f->trust, why);
	}
	if (!e)
		e = open_tiles(f);
	return e ? e : drop_partial(f, old, c->size);
}

vt_err vt_follow_save(struct vt_follow *f)
{
	struct vt_log_progress *p = &f->progress;
	const struct vt_audit *a = &f->audit;
	vt_buf text = VT_BUF_INIT(VT_PROGRESS_MAX);
	struct vt_seen_set *sets = NULL;
	vt_err e = VT_OK;

	p->root.set = a->root != NULL;
	if (a->root) {
		p->root.index = a->root->index;
		p->root.leaf = a->root->leaf;
	}
	p->state.set = a->state != NULL;
	if (a->state) {
		p->state.index = a->state->index;
		p->state.leaf = a->state->leaf;
	}
	if (a->nsets > VT_PROGRESS_SETS_MAX)
		e = VT_ELIMIT;
	if (!e && a->nsets) {
		sets = reallocarray(p->sets, a->nsets, sizeof *sets);
		e = sets ? VT_OK : VT_ENOMEM;
	}
	if (sets) {
		memcpy(sets, a->sets, a->nsets * sizeof *sets);
		p->sets = sets;
		p->nsets = a->nsets;
	}
	if (!e)
		e = vt_log_progress_write(&text, p);
	if (!e)
		e = vt_store_sync(f->dir);
	if (!e)
		e = vt_store_write(f->dir, "seen", vt_buf_span(&text));
	vt_buf_free(&text);
	return e ? complain("seen", e) : VT_OK;
}

/* Evidence ------------------------------------------------------------------------------------- */

static vt_err keep(struct vt_follow *f, const struct vt_fork *fork, char **out)
{
	char name[VT_KEEP_NAME_MAX];
	int dir = -1;
	vt_err e = vt_store_open(f->evidence, true, &dir);

	if (!e)
		e = vt_log_keep_fork(dir, fork, name);
	if (!e && asprintf(out, "%s/%s", f->evidence, name) < 0)
		e = VT_ENOMEM;
	vt_fd_close(dir);
	return e ? complain(f->evidence, e) : VT_OK;
}

vt_err vt_follow_fork(struct vt_follow *f, const struct vt_log_head *a, const struct vt_log_head *b,
	struct vt_tiles *longer)
{
	const struct vt_log_head *x = a->head.at.size <= b->head.at.size ? a : b;
	const struct vt_log_head *y = x == a ? b : a;
	char text[200], *evidence = NULL;
	struct vt_fork fork;
	vt_err e = vt_fork_make(x->log, vt_buf_span(&x->note), &x->head.at, vt_buf_span(&y->note),
		&y->head.at, vt_tiles_get, longer, &fork);

	if (e)
		return e;
	e = keep(f, &fork, &evidence);
	if (e == VT_ECHECKSUM) /* by two keys of that name: no proof against either */
		e = VT_OK;
	(void)snprintf(text, sizeof text,
		"a head of %" PRIu64 " entries and one of %" PRIu64 " can't both be of one log",
		x->head.at.size, y->head.at.size);
	vt_follow_alert_evidence(f, VT_LOG_FORK, text, evidence);
	free(evidence);
	return e;
}
