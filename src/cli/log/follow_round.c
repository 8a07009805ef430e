/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round of `vitrine log follow`: the heads of all places against the one that is kept, then the
 * entries that are new. What a place does wrong is told and another one is asked; what the log
 * does wrong is told and read on.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "cli/log/follow.h"
#include "cli/signals.h"
#include "crypto/hash.h"

#define SAVE_EVERY 1024u
#define FUTURE 600 /* seconds that clocks may differ */

static int64_t now_seconds(void)
{
	return (int64_t)time(NULL);
}

/* Places --------------------------------------------------------------------------------------- */

/* VT_EIO is for this machine's own folder. */
static vt_err place_get(void *ctx, const char *path, size_t max, vt_buf *out)
{
	struct vt_follow_place *p = ctx;
	vt_err e = vt_site_get(p->place.site, path, max, out);

	return e == VT_EIO ? VT_EPEER : e;
}

static bool is_own(vt_err e)
{
	return e == VT_ENOMEM || e == VT_EIO;
}

static void blame(struct vt_follow *f, const struct vt_follow_place *p, vt_err e)
{
	char why[VT_LOG_WHY_MAX];

	vt_log_place_why(&p->place, e, why);
	vt_follow_alert(f, e == VT_ECHECKSUM || e == VT_EFORMAT ? VT_LOG_TREE : VT_LOG_UNREADABLE,
		UINT64_MAX, why);
}

/* Reads its head; tells what is wrong with it. */
static vt_err read_head(struct vt_follow *f, struct vt_follow_place *p, bool *io_answered)
{
	const char *name = p->place.name;
	char why[VT_LOG_WHY_MAX];
	bool bad;
	vt_err e;

	if (p->open)
		vt_log_place_close(&p->place);
	p->good = false;
	e = vt_log_place_open(&p->place, name, f->fetcher, why);
	p->place.name = name;
	p->open = true;
	if (!e)
		e = vt_log_place_head(&p->place, &f->trust, why);
	p->good = !e;
	bad = e == VT_EFORMAT || e == VT_ECHECKSUM || e == VT_EARG;
	*io_answered = *io_answered || p->good || bad;
	if (e && e != VT_ENOMEM)
		vt_follow_alert(f, bad ? VT_LOG_HEAD : VT_LOG_UNREACHABLE, UINT64_MAX, why);
	return e == VT_ENOMEM ? e : VT_OK;
}

static vt_err open_tiles(struct vt_follow_place *p)
{
	const struct vt_checkpoint *c = &p->place.at.head.at;

	if (p->place.tiles || c->size == 0)
		return VT_OK;
	return vt_tiles_open(c->size, &c->root, place_get, p, &p->place.tiles);
}

/* A chunk from the place that is read, else from any other. */
static vt_err fetch_from(struct vt_follow *f, struct vt_follow_place *p, uint64_t index,
	const struct vt_chunk *c, vt_buf *out)
{
	char path[VT_CHUNK_PATH_SIZE], text[VT_LOG_WHY_MAX + 100], why[VT_LOG_WHY_MAX];
	vt_hash sum;
	vt_err e;

	vt_buf_clear(out);
	e = place_get(p, vt_chunk_path(&c->sha256, path), c->packed, out);
	if (e == VT_ENOMEM)
		return e;
	if (!e || e == VT_ELIMIT) {
		vt_sha256(vt_buf_span(out), sum.b);
		if (!e && out->n == c->packed && vt_hash_eq(&sum, &c->sha256))
			return VT_OK;
		(void)snprintf(why, sizeof why, "other bytes than the log says");
	} else if (e == VT_END) {
		(void)snprintf(why, sizeof why, "is missing");
	} else {
		vt_log_place_why(&p->place, e, why);
	}
	(void)snprintf(text, sizeof text, "%s: %s", path, why);
	f->about = p->place.name;
	vt_follow_alert(f, VT_LOG_UNREADABLE, index, text);
	f->about = NULL;
	return VT_END;
}

static vt_err fetch(void *ctx, uint64_t index, const struct vt_chunk *c, vt_buf *out)
{
	struct vt_follow *f = ctx;
	vt_err e = fetch_from(f, f->from, index, c, out);

	for (size_t i = 0; i < f->nplaces && e == VT_END; i++)
		if (f->places[i].good && &f->places[i] != f->from)
			e = fetch_from(f, &f->places[i], index, c, out);
	return e;
}

/* Entries -------------------------------------------------------------------------------------- */

static vt_err see_content(struct vt_follow *f, const struct vt_seen *s, uint64_t before, bool again)
{
	struct vt_log_change change;
	vt_err e = vt_log_content_check(&f->content, s, before, &change);

	if (!e)
		e = vt_log_progress_unreadable(&f->progress, s->index, !change.readable);
	if (e == VT_ELIMIT)
		e = VT_OK; /* it was told of, and is not asked for again: reading on matters more */
	if (!e && (!again || change.readable))
		e = vt_follow_put_entry(f, s, f->audit.root, NULL, &change, again);
	if (!e && change.readable && change.right)
		e = vt_log_content_forget(&f->content, s, before);
	vt_log_change_free(&change);
	return e;
}

static vt_err see_entry(struct vt_follow *f, struct vt_seen **io_seen)
{
	struct vt_seen *s = *io_seen, *before = NULL;
	const struct vt_seen_set *set;
	const struct vt_seen *root;
	uint64_t last = UINT64_MAX;
	vt_err e;

	if (vt_audit_is_set(&s->e)) {
		set = vt_audit_set(&f->audit, s->e.kind, s->e.u.content.name);
		last = set ? set->index : UINT64_MAX;
	}
	if (f->has_first && s->index == 0 && !vt_hash_eq(&s->leaf, &f->first))
		vt_audit_tell(&f->audit, VT_LOG_ROOT, 0, "not the first root that was expected");
	vt_follow_put_title(f, s, false);
	e = vt_audit_entry(&f->audit, io_seen, &before);
	if (e)
		return e;
	if (vt_audit_is_set(&s->e))
		return see_content(f, s, last, false);
	root = s->e.kind == VT_ENTRY_ROOT ? before : f->audit.root;
	e = vt_follow_put_entry(f, s, root, before, NULL, false);
	vt_seen_free(before);
	return e;
}

static vt_err each(void *ctx, uint64_t index, vt_span bytes)
{
	struct vt_follow *f = ctx;
	struct vt_seen *s = NULL;
	const char *why;
	vt_err e;

	if (vt_signals_stop())
		return VT_EAGAIN;
	e = vt_seen_new(index, bytes, &s, &why);
	if (e == VT_EFORMAT) {
		vt_follow_alert(f, VT_LOG_ENTRY, index, why);
		e = VT_OK;
	} else if (!e) {
		e = see_entry(f, &s);
	}
	vt_seen_free(s);
	if (e)
		return e;
	f->entries++;
	f->progress.at = index + 1;
	return f->progress.at % SAVE_EVERY ? VT_OK : vt_follow_save(f);
}

/* What stands before the next entry, once after the start. VT_EARG: these are other entries now. */
static vt_err resume(struct vt_follow *f)
{
	const struct vt_log_progress *g = &f->progress;

	if (f->audit.root || f->audit.state)
		return VT_OK;
	return vt_audit_resume(&f->audit, g->root.set, g->root.index, &g->root.leaf, g->state.set,
		g->state.index, &g->state.leaf);
}

/* Goes on with the entries, from a place whose head is the one that is kept. */
static vt_err read_entries(struct vt_follow *f, struct vt_follow_place *p)
{
	const struct vt_log_progress *g = &f->progress;
	uint64_t size = f->kept.head.at.size;
	vt_err e, saved;

	if (g->at >= size)
		return VT_OK;
	f->from = p;
	f->audit.tiles = p->place.tiles;
	f->content.fetch = fetch;
	f->content.ctx = f;
	e = resume(f);
	if (!e)
		e = vt_tiles_each_entry(p->place.tiles, g->at, size, each, f);
	if (!e && (!f->audit.state || f->audit.state->index != size - 1))
		vt_audit_tell(&f->audit, VT_LOG_STATE, size - 1, "the last entry is not a state");
	if (e && !is_own(e) && e != VT_EAGAIN) {
		f->about = p->place.name;
		blame(f, p, e);
		f->about = NULL;
		e = VT_OK;
	}
	saved = is_own(e) ? VT_OK : vt_follow_save(f);
	return e ? e : saved;
}

/* Heads ---------------------------------------------------------------------------------------- */

/* Does the longer tree begin with the shorter head's? */
static vt_err begins(struct vt_tiles *longer, const struct vt_checkpoint *shorter, bool *out)
{
	vt_hash root;
	vt_err e = VT_OK;

	if (shorter->size == 0)
		vt_merkle_empty(&root);
	else
		e = vt_merkle_root(vt_tiles_get, longer, shorter->size, &root);
	if (!e)
		*out = vt_hash_eq(&root, &shorter->root);
	return e;
}

/* Not longer than the kept one. */
static vt_err judge_old(struct vt_follow *f, struct vt_follow_place *p)
{
	const struct vt_checkpoint *c = &p->place.at.head.at, *k = &f->kept.head.at;
	bool same = false;
	vt_err e = VT_OK;

	if (c->size == k->size)
		same = vt_hash_eq(&c->root, &k->root);
	else
		e = begins(f->kept_tiles, c, &same);
	if (e)
		return e;
	if (!same)
		return vt_follow_fork(f, &p->place.at, &f->kept, f->kept_tiles);
	if (c->size < k->size || f->progress.at >= k->size)
		return VT_OK;
	e = open_tiles(p);
	if (e && !is_own(e)) {
		blame(f, p, e);
		return VT_OK;
	}
	f->about = NULL;
	return e ? e : read_entries(f, p);
}

static vt_err judge(struct vt_follow *f, struct vt_follow_place *p)
{
	const struct vt_checkpoint *c = &p->place.at.head.at, *k = &f->kept.head.at;
	bool same = true;
	vt_err e;

	f->about = p->place.name;
	if (f->kept.note.n && c->size <= k->size)
		return judge_old(f, p);
	e = open_tiles(p);
	if (!e && f->kept.note.n)
		e = begins(p->place.tiles, k, &same);
	if (!e && !same)
		return vt_follow_fork(f, &f->kept, &p->place.at, p->place.tiles);
	if (!e) {
		f->about = NULL;
		vt_follow_put_head(f, p, c->size - f->kept.head.at.size);
		f->about = p->place.name;
		e = vt_follow_take(f, p);
	}
	if (e && !is_own(e)) {
		blame(f, p, e);
		return VT_OK;
	}
	f->about = NULL;
	return e ? e : read_entries(f, p);
}

/* The newest head that is served: who stands for it, and since when? */
static void check_newest(struct vt_follow *f)
{
	const struct vt_seen *state = f->audit.state, *root = f->audit.root;
	int64_t now = now_seconds();
	uint64_t size = 0, time = 0;
	bool enough = false;

	for (size_t i = 0; i < f->nplaces; i++)
		if (f->places[i].good)
			size = vt_max_u64(size, f->places[i].place.at.head.at.size);
	for (size_t i = 0; i < f->nplaces; i++) {
		const struct vt_log_head *h = &f->places[i].place.at;

		if (!f->places[i].good || h->head.at.size != size || !h->enough)
			continue;
		enough = true;
		time = vt_max_u64(time, h->time);
	}
	if (size < f->kept.head.at.size)
		vt_follow_alert(f, VT_LOG_ROLLBACK, UINT64_MAX,
			"the heads that are served have fewer entries than one that was seen");
	if (!enough)
		vt_follow_alert(f, VT_LOG_QUORUM, UINT64_MAX,
			"too few of those whom the policy names have cosigned it");
	else if (time && (int64_t)time > now + FUTURE)
		vt_follow_alert(f, VT_LOG_HEAD, UINT64_MAX,
			"its cosignatures are of the future, or this clock is wrong");
	else if (time && now - (int64_t)time > f->s->max_age_ms / 1000)
		vt_follow_alert(f, VT_LOG_STALE, UINT64_MAX,
			"nobody has cosigned for longer than --max-age");
	if (state && state->e.u.state.expires <= now)
		vt_follow_alert(f, VT_LOG_EXPIRED, state->index, "the state has expired");
	if (state && state->e.u.state.time > now + FUTURE)
		vt_follow_alert(f, VT_LOG_STATE, state->index, "the state is of the future");
	if (root && root->e.u.root.expires <= now)
		vt_follow_alert(f, VT_LOG_EXPIRED, root->index, "the owners' keys have expired");
}

/* Content that could not be had before: is it there now? */
static vt_err retry(struct vt_follow *f, struct vt_follow_place *p, const uint64_t *v, size_t n)
{
	vt_err e = VT_OK;

	f->from = p;
	f->content.fetch = fetch;
	f->content.ctx = f;
	for (size_t i = 0; i < n && !e; i++) {
		uint64_t before = UINT64_MAX;
		struct vt_seen *s = NULL;

		e = vt_audit_load(&f->audit, v[i], &s);
		if (!e)
			e = vt_log_content_before(&f->audit, s, &before);
		if (e == VT_END)
			e = VT_OK;
		if (!e)
			e = see_content(f, s, before, true);
		vt_seen_free(s);
	}
	return e;
}

/* What does not depend on new entries, from the first place that has all that was seen. */
static vt_err look_again(struct vt_follow *f, const uint64_t *old, size_t n)
{
	struct vt_follow_place *p = NULL;
	vt_err e;

	for (size_t i = 0; i < f->nplaces && !p; i++)
		if (f->places[i].good &&
			f->places[i].place.at.head.at.size == f->kept.head.at.size &&
			vt_hash_eq(&f->places[i].place.at.head.at.root, &f->kept.head.at.root))
			p = &f->places[i];
	if (!p)
		return VT_OK;
	e = open_tiles(p);
	f->audit.tiles = p->place.tiles;
	if (!e)
		e = resume(f);
	if (!e)
		e = retry(f, p, old, n);
	if (e && !is_own(e)) {
		f->about = p->place.name;
		blame(f, p, e);
		f->about = NULL;
		return VT_OK;
	}
	return e || n == 0 ? e : vt_follow_save(f);
}

/* Rounds --------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	const struct vt_follow_place *x = *(struct vt_follow_place *const *)a;
	const struct vt_follow_place *y = *(struct vt_follow_place *const *)b;
	uint64_t m = x->place.at.head.at.size, n = y->place.at.head.at.size;

	return m != n ? (m < n ? 1 : -1) : (x > y) - (x < y);
}

static vt_err read_heads(
	struct vt_follow *f, struct vt_follow_place **v, size_t *out_n, bool *out_answered)
{
	vt_err e = VT_OK;

	*out_n = 0;
	*out_answered = false;
	for (size_t i = 0; i < f->nplaces && !e; i++) {
		struct vt_follow_place *p = &f->places[i];

		f->about = p->place.name;
		e = read_head(f, p, out_answered);
		if (!e && p->good && f->dir < 0)
			e = vt_follow_open(f, &p->place.at);
		if (!e && p->good &&
			!vt_span_eq(f->audit.origin, vt_span_str(p->place.at.log->name))) {
			vt_follow_alert(f, VT_LOG_HEAD, UINT64_MAX,
				"of another log than the one that is followed");
			p->good = false;
		}
		if (p->good)
			v[(*out_n)++] = p;
	}
	f->about = NULL;
	if (*out_n > 1)
		qsort(v, *out_n, sizeof(struct vt_follow_place *), by_size);
	return e;
}

vt_err vt_follow_round(struct vt_follow *f, bool *out_answered)
{
	struct vt_follow_place **v = calloc(f->nplaces, sizeof *v);
	uint64_t *old = NULL;
	size_t n = 0, nold = 0;
	vt_err e = v ? VT_OK : VT_ENOMEM;

	f->entries = f->alerts = 0;
	if (!e)
		e = read_heads(f, v, &n, out_answered);
	if (!e && f->progress.nunreadable) {
		nold = f->progress.nunreadable;
		old = calloc(nold, sizeof *old);
		if (old)
			memcpy(old, f->progress.unreadable, nold * sizeof *old);
		e = old ? VT_OK : VT_ENOMEM;
	}
	for (size_t i = 0; i < n && !e; i++) {
		e = judge(f, v[i]);
		f->about = NULL;
	}
	if (!e && n)
		e = look_again(f, old, nold);
	if (!e && n)
		check_newest(f);
	if (!e)
		vt_follow_put_end(f);
	free(old);
	free(v);
	return e == VT_EAGAIN ? VT_OK : e;
}
