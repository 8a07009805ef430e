/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log/content.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/update/payload.h"
#include "crypto/hash.h"
#include "entry/delta.h"
#include "os/fd.h"
#include "os/map.h"
#include "publish/chunks.h"
#include "store/folder.h"

void vt_log_change_free(struct vt_log_change *c)
{
	vt_buf_free(&c->delta);
	vt_buf_free(&c->payload);
}

/* Chunks --------------------------------------------------------------------------------------- */

/* Is it in the store, whole? What a power loss or a bad disk left is removed. */
static vt_err at_hand(
	const struct vt_log_content *lc, const char *path, const struct vt_chunk *c, bool *out)
{
	vt_buf b = VT_BUF_INIT(VT_CHUNK_PACKED_MAX);
	vt_hash sum;
	vt_err e = vt_store_read(lc->store, path, c->packed, &b);

	*out = false;
	if (!e) {
		vt_sha256(vt_buf_span(&b), sum.b);
		*out = b.n == c->packed && vt_hash_eq(&sum, &c->sha256);
	}
	vt_buf_free(&b);
	if (e == VT_END || *out)
		return VT_OK;
	if (e && e != VT_ELIMIT)
		return e;
	return lc->fetch ? vt_store_remove(lc->store, path) : VT_OK;
}

static vt_err need(
	const struct vt_log_content *lc, uint64_t index, const struct vt_chunk *c, bool *io_all)
{
	char path[VT_CHUNK_PATH_SIZE];
	vt_buf b = VT_BUF_INIT(VT_CHUNK_PACKED_MAX);
	bool here = false;
	vt_err e = at_hand(lc, vt_chunk_path(&c->sha256, path), c, &here);

	if (e || here)
		return e;
	if (!lc->fetch) {
		vt_audit_tell(lc->a, VT_LOG_UNREADABLE, index, "%s: %s", path,
			vt_store_has(lc->store, path) ? "other bytes than the log says"
						      : "is missing");
		*io_all = false;
		return VT_OK;
	}
	e = lc->fetch(lc->ctx, index, c, &b);
	if (!e)
		e = vt_store_put(lc->store, path, vt_buf_span(&b));
	vt_buf_free(&b);
	if (e == VT_END) {
		*io_all = false;
		return VT_OK;
	}
	return e;
}

static vt_err need_all(const struct vt_log_content *lc, uint64_t index, const struct vt_chunk *v,
	size_t n, bool *io_all)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < n && !e; i++)
		e = need(lc, index, &v[i], io_all);
	return e;
}

vt_err vt_log_content_fetch(const struct vt_log_content *lc, const struct vt_seen *s, bool *out_all)
{
	const struct vt_content *c = &s->e.u.content;
	vt_err e;

	*out_all = true;
	e = need_all(lc, s->index, c->full, c->nfull, out_all);
	return e ? e : need_all(lc, s->index, c->delta, c->ndelta, out_all);
}

/* The versions that one is made of: a full one, then deltas ------------------------------------ */

struct chain {
	size_t n;
	struct vt_seen **seen; /* newest first while it is gathered */
	const struct vt_content **v;
	bool whole;
};

static void chain_free(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		vt_seen_free(c->seen[i]);
	free(c->seen);
	free(c->v);
	*c = (struct chain){0};
}

struct search {
	vt_buf want; /* how the entry begins */
	uint64_t found;
};

static vt_err look(void *ctx, uint64_t index, vt_span entry)
{
	struct search *s = ctx;

	if (vt_span_at(entry, 0, s->want.p, s->want.n))
		s->found = index;
	return VT_OK;
}

vt_err vt_log_content_before(struct vt_audit *a, const struct vt_seen *s, uint64_t *out_index)
{
	struct search q = {.want = VT_BUF_INIT(1000), .found = UINT64_MAX};
	vt_span name = s->e.u.content.name;
	uint64_t end = s->index;
	vt_err e = vt_buf_addf(&q.want, "vitrine/%s/v1\nname %.*s\n", vt_entry_word(s->e.kind),
		(int)name.n, (const char *)name.p);

	while (!e && end > 0 && q.found == UINT64_MAX) {
		uint64_t from = (end - 1) / VT_TILE_WIDTH * VT_TILE_WIDTH;

		e = vt_tiles_each_entry(a->tiles, from, end, look, &q);
		end = from;
	}
	vt_buf_free(&q.want);
	*out_index = q.found;
	return e ? e : q.found == UINT64_MAX ? VT_END : VT_OK;
}

static void turn(struct chain *c)
{
	for (size_t i = 0; i < c->n / 2; i++) {
		struct vt_seen *t = c->seen[i];

		c->seen[i] = c->seen[c->n - 1 - i];
		c->seen[c->n - 1 - i] = t;
	}
	for (size_t i = 0; i < c->n; i++)
		c->v[i] = &c->seen[i]->e.u.content;
}

/* c->whole is false if they don't hang together. */
static vt_err gather(struct vt_audit *a, uint64_t index, struct chain *c)
{
	vt_err e = VT_OK;

	*c = (struct chain){.seen = calloc(VT_PLAN_CHAIN_MAX, sizeof *c->seen),
		.v = calloc(VT_PLAN_CHAIN_MAX + 1, sizeof *c->v)};
	if (!c->seen || !c->v)
		return VT_ENOMEM;
	while (!e && c->n < VT_PLAN_CHAIN_MAX) {
		struct vt_seen *s = NULL;
		const struct vt_seen *after = c->n ? c->seen[c->n - 1] : NULL;

		e = vt_audit_load(a, index, &s);
		if (e)
			break;
		c->seen[c->n++] = s;
		if (!vt_audit_is_set(&s->e) ||
			(after && !vt_hash_eq(&s->leaf, &after->e.u.content.previous.hash)))
			break;
		c->whole = s->e.u.content.nfull > 0 || s->e.u.content.ndelta == 0;
		if (c->whole)
			break;
		e = vt_log_content_before(a, s, &index);
	}
	turn(c);
	return e == VT_END || e == VT_EUNSUPPORTED ? VT_OK : e;
}

/* Files ---------------------------------------------------------------------------------------- */

/* VT_END: they don't come out of it; *out_why says why. */
static vt_err unpack(const struct vt_log_content *lc, enum vt_entry_kind kind,
	const struct vt_content **v, size_t n, struct vt_payload **out, const char **out_why)
{
	struct vt_plan_set set = {.kind = kind, .nchain = n, .chain = v};
	struct vt_payload *p = calloc(1, sizeof *p);
	vt_err e = p ? vt_payload_unpack(lc->store, lc->folder, &set, p) : VT_ENOMEM;

	if (!e) {
		*out = p;
		return VT_OK;
	}
	*out_why = p && p->why ? p->why : "can't be unpacked";
	if (p)
		vt_payload_free(p);
	free(p);
	return e == VT_ENOMEM ? e : VT_END;
}

static void forget(struct vt_payload *p)
{
	if (p)
		vt_payload_free(p);
	free(p);
}

/* A payload's files, mapped, in the order of their names. */
struct mapped {
	size_t n;
	struct vt_delta_file v[VT_ENTRY_FILES_MAX];
};

static int by_name(const void *a, const void *b)
{
	vt_span x = ((const struct vt_delta_file *)a)->name;
	vt_span y = ((const struct vt_delta_file *)b)->name;
	int c = memcmp(x.p, y.p, vt_min_size(x.n, y.n));

	return c ? c : (x.n > y.n) - (x.n < y.n);
}

static void unmap(struct mapped *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].bytes.n)
			vt_map_close(m->v[i].bytes);
	m->n = 0;
}

static vt_err map(const struct vt_payload *p, struct mapped *m)
{
	m->n = 0;
	for (size_t i = 0; i < p->n; i++) {
		struct vt_delta_file *f = &m->v[m->n];
		uint64_t size, lines;
		vt_err e = vt_fd_size(p->v[i].fd, &size);

		f->name = p->v[i].name;
		f->bytes = (vt_span){0};
		if (!e)
			e = vt_map_file(p->v[i].fd, size, &f->bytes);
		if (e)
			return e;
		f->by_line = vt_delta_by_line(f->bytes, &lines) && lines > 0;
		m->n++;
	}
	if (m->n > 1)
		qsort(m->v, m->n, sizeof *m->v, by_name);
	return VT_OK;
}

/* What changed between two versions that both came whole. */
static vt_err make_delta(const struct vt_payload *old, const struct vt_payload *now,
	const struct vt_content *c, uint64_t from, vt_buf *out)
{
	struct mapped *m = calloc(2, sizeof *m);
	vt_err e = m ? map(old, &m[0]) : VT_ENOMEM;

	if (!e)
		e = map(now, &m[1]);
	if (!e)
		e = vt_delta_make(out, c->name, from, c->version, m[0].v, m[0].n, m[1].v, m[1].n);
	for (size_t i = 0; m && i < 2; i++)
		unmap(&m[i]);
	free(m);
	/* versions that don't follow each other were told; there is no delta between them */
	return e == VT_EARG || e == VT_ELIMIT ? VT_OK : e;
}

static vt_err join(const struct vt_payload *p, vt_buf *out)
{
	struct mapped *m = calloc(1, sizeof *m);
	vt_err e = m ? map(p, m) : VT_ENOMEM;

	for (size_t i = 0; !e && i < m->n; i++)
		e = vt_buf_add(out, m->v[i].bytes.p, m->v[i].bytes.n);
	if (m)
		unmap(m);
	free(m);
	return e;
}

/* One version ---------------------------------------------------------------------------------- */

struct check {
	const struct vt_log_content *lc;
	const struct vt_seen *s;
	struct chain before;
	bool has_before; /* the version before is wanted, and its chunks are to be had */
	struct vt_payload *old, *full, *delta;
};

static void wrong(const struct check *k, const char *what, const char *why)
{
	vt_audit_tell(k->lc->a, VT_LOG_CONTENT, k->s->index, "its %s does not give its files: %s",
		what, why);
}

/* Lines are counted in entries so that people see the size of a change: they have to be right. */
static vt_err check_lines(const struct check *k, const struct vt_payload *p, bool *io_right)
{
	const struct vt_content *c = &k->s->e.u.content;
	struct mapped *m = calloc(1, sizeof *m);
	vt_err e = m ? map(p, m) : VT_ENOMEM;

	for (size_t i = 0; !e && i < m->n && i < c->nfiles; i++) {
		uint64_t lines = 0;

		if (vt_delta_by_line(m->v[i].bytes, &lines) && lines == c->files[i].lines)
			continue;
		if (!m->v[i].by_line && c->files[i].lines == 0)
			continue;
		vt_audit_tell(k->lc->a, VT_LOG_CONTENT, k->s->index,
			"%.*s has another number of lines than the entry says", (int)m->v[i].name.n,
			(const char *)m->v[i].name.p);
		*io_right = false;
	}
	if (m)
		unmap(m);
	free(m);
	return e;
}

static vt_err open_before(struct check *k, uint64_t before)
{
	vt_err e = before == UINT64_MAX ? VT_OK : gather(k->lc->a, before, &k->before);

	k->has_before = k->before.whole;
	for (size_t i = 0; !e && k->has_before && i < k->before.n; i++)
		e = vt_log_content_fetch(k->lc, k->before.seen[i], &k->has_before);
	return e;
}

static vt_err check_full(struct check *k, bool *io_right)
{
	const struct vt_content *c = &k->s->e.u.content;
	const char *why;
	vt_err e;

	if (!c->nfull && c->ndelta)
		return VT_OK;
	e = unpack(k->lc, k->s->e.kind, &c, 1, &k->full, &why);
	if (e != VT_END)
		return e;
	wrong(k, "content", why);
	*io_right = false;
	return VT_OK;
}

static vt_err check_delta(struct check *k, struct vt_log_change *out)
{
	const struct vt_content *c = &k->s->e.u.content;
	const char *why;
	vt_err e;

	if (!c->ndelta)
		return VT_OK;
	if (!k->has_before) {
		/* why was told with the version before */
		out->readable = k->full != NULL;
		return VT_OK;
	}
	k->before.v[k->before.n] = c;
	e = unpack(k->lc, k->s->e.kind, k->before.v, k->before.n + 1, &k->delta, &why);
	if (e != VT_END)
		return e;
	wrong(k, "delta", why);
	out->right = false;
	return VT_OK;
}

/* For people: the delta that was signed, else one that is made here, else everything. */
static vt_err tell_change(struct check *k, struct vt_log_change *out)
{
	const struct vt_content *c = &k->s->e.u.content;
	const char *why;
	vt_err e;

	if (c->ndelta) {
		e = vt_payload_delta(k->lc->store, c, &out->delta);
		return e == VT_ENOMEM ? e : VT_OK;
	}
	if (k->full && k->has_before) {
		e = unpack(k->lc, k->s->e.kind, k->before.v, k->before.n, &k->old, &why);
		if (!e)
			e = make_delta(k->old, k->full, c, k->before.v[k->before.n - 1]->version,
				&out->delta);
		if (e && e != VT_END)
			return e;
	}
	if (k->full && !out->delta.n)
		return join(k->full, &out->payload);
	return VT_OK;
}

vt_err vt_log_content_check(const struct vt_log_content *lc, const struct vt_seen *s,
	uint64_t before, struct vt_log_change *out)
{
	struct check k = {.lc = lc, .s = s};
	vt_err e;

	*out = (struct vt_log_change){
		.delta = VT_BUF_INIT(VT_PAYLOAD_MAX), .payload = VT_BUF_INIT(VT_PAYLOAD_MAX)};
	e = vt_log_content_fetch(lc, s, &out->readable);
	if (!e && out->readable) {
		out->right = true;
		e = open_before(&k, before);
		if (!e)
			e = check_full(&k, &out->right);
		if (!e)
			e = check_delta(&k, out);
		if (!e && (k.full || k.delta))
			e = check_lines(&k, k.full ? k.full : k.delta, &out->right);
		if (!e)
			e = tell_change(&k, out);
	}
	forget(k.old);
	forget(k.full);
	forget(k.delta);
	chain_free(&k.before);
	return e;
}

/* Chunks that are not needed any more ---------------------------------------------------------- */

static bool uses(const struct vt_chunk *v, size_t n, const struct vt_chunk *c)
{
	for (size_t i = 0; i < n; i++)
		if (vt_hash_eq(&v[i].sha256, &c->sha256))
			return true;
	return false;
}

static vt_err drop(const struct vt_log_content *lc, const struct vt_content *keep,
	const struct vt_chunk *v, size_t n)
{
	char path[VT_CHUNK_PATH_SIZE];
	vt_err e = VT_OK;

	for (size_t i = 0; i < n && !e; i++)
		if (!uses(keep->full, keep->nfull, &v[i]))
			e = vt_store_remove(lc->store, vt_chunk_path(&v[i].sha256, path));
	return e;
}

vt_err vt_log_content_forget(
	const struct vt_log_content *lc, const struct vt_seen *now, uint64_t before)
{
	const struct vt_content *c = &now->e.u.content;
	struct chain old = {0};
	vt_err e;

	if (!lc->fetch || c->nfull == 0)
		return VT_OK; /* it builds on the version before */
	e = drop(lc, c, c->delta, c->ndelta);
	if (!e && before != UINT64_MAX)
		e = gather(lc->a, before, &old);
	for (size_t i = 0; i < old.n && !e; i++) {
		e = drop(lc, c, old.v[i]->full, old.v[i]->nfull);
		if (!e)
			e = drop(lc, c, old.v[i]->delta, old.v[i]->ndelta);
	}
	chain_free(&old);
	return e;
}
