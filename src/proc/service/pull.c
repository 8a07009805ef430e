/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching: a round for a log looks at the log's own checkpoint, takes it as the pending one if the
 * log only grew, fetches and checks its entries, then every chunk that they name, then cosigns.
 * What is missing or altered is said, and tried again, each time later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "entry/entry.h"
#include "os/fd.h"
#include "proc/service/mirror.h"
#include "proc/service/say.h"
#include "store/folder.h"

/* The tree is written down after this many entries, or bytes of them. */
#define FLUSH_ENTRIES 16384u
#define FLUSH_BYTES ((size_t)16 << 20)
#define FIRST_DELAY_MS 2000u
#define LAST_DELAY_MS 600000u

struct round {
	struct vt_mirror *m;
	struct vt_copy *k;
	const char *name; /* the log's */
	uint64_t entries;
	size_t bytes;
	vt_arena arena;
	vt_buf chunk;
};

static bool stopping(struct vt_mirror *m)
{
	bool stop;

	(void)pthread_mutex_lock(&m->lock);
	stop = m->stop;
	(void)pthread_mutex_unlock(&m->lock);
	return stop;
}

static vt_err get(void *ctx, const char *path, size_t max, vt_buf *out)
{
	struct round *r = ctx;

	return stopping(r->m) ? VT_EPEER : vt_broker_get(r->m->broker, r->k->log, path, max, out);
}

static vt_err complain(const struct round *r, const char *what, vt_err e)
{
	const char *why = vt_broker_why(r->m->broker);

	if (!stopping(r->m))
		vt_say("mirror: %s: %s: %s%s%s", r->name, what, vt_err_text(e), *why ? ": " : "",
			why);
	return e;
}

/* A longer head, with a proof from the log's own tiles: pending from now on, if it holds. */
static vt_err offer(struct round *r, const struct vt_checkpoint *at, vt_span note)
{
	struct vt_witnessed state;
	struct vt_proof proof = {.n = 0};
	struct vt_tiles *t;
	unsigned status;
	vt_err e = VT_OK;

	vt_heads_state(r->m->heads, r->k->log, &state);
	if (at->size < state.size)
		return VT_OK;
	if (state.size && at->size > state.size) {
		e = vt_tiles_open(at->size, &at->root, get, r, &t);
		if (e)
			return complain(r, "the tiles of its checkpoint", e);
		e = vt_merkle_prove_consistent(vt_tiles_get, t, state.size, at->size, &proof);
		vt_tiles_close(t);
		if (e)
			return complain(r, "the proof that it only grew", e);
	}
	if (at->size == state.size && vt_hash_eq(&at->root, &state.root))
		return VT_OK;
	status = vt_heads_offer(r->m->heads, state.size, &proof, note);
	if (status == 200)
		return VT_OK;
	vt_say("mirror: %s: its checkpoint of size %llu is not followed (status %u)", r->name,
		(unsigned long long)at->size, status);
	return VT_ECHECKSUM;
}

static vt_err poll_log(struct round *r)
{
	vt_buf note = VT_BUF_INIT(VT_MIRROR_NOTE_MAX);
	struct vt_head head;
	vt_err e = get(r, "checkpoint", VT_MIRROR_NOTE_MAX, &note);

	if (e)
		(void)complain(r, "its checkpoint", e);
	else if ((e = vt_head_parse(vt_buf_span(&note), &r->m->c->logs[r->k->log].key, &head)))
		vt_say("mirror: %s: its checkpoint is not signed by it, or is not well-formed",
			r->name);
	if (!e)
		e = offer(r, &head.at, vt_buf_span(&note));
	(void)pthread_mutex_lock(&r->k->lock);
	if (!e) {
		vt_copy_note_pending(r->m, r->k);
		vt_buf_clear(&r->k->polled);
		e = vt_buf_add(&r->k->polled, note.p, note.n);
	}
	(void)pthread_mutex_unlock(&r->k->lock);
	vt_buf_free(&note);
	return e;
}

static vt_err flush(struct round *r)
{
	r->entries = r->bytes = 0;
	return vt_logdir_flush(r->k->tree);
}

/* The tree has been checked up to here: vt_tiles did. An upload may have been faster. */
static vt_err on_entry(void *ctx, uint64_t index, vt_span entry)
{
	struct round *r = ctx;
	vt_err e = VT_OK;

	(void)pthread_mutex_lock(&r->k->lock);
	if (index == r->k->next) {
		e = vt_logdir_add(r->k->tree, entry);
		if (!e)
			r->k->next++;
		r->bytes += entry.n;
		if (!e && (++r->entries == FLUSH_ENTRIES || r->bytes >= FLUSH_BYTES))
			e = flush(r);
	}
	(void)pthread_mutex_unlock(&r->k->lock);
	return e;
}

static vt_err pull_entries(struct round *r, const struct vt_witnessed *to, bool place)
{
	struct vt_tiles *t;
	uint64_t from;
	vt_err e;

	(void)pthread_mutex_lock(&r->k->lock);
	from = r->k->next;
	(void)pthread_mutex_unlock(&r->k->lock);
	if (from < to->size && !place)
		return VT_EAGAIN;
	if (from < to->size) {
		e = vt_tiles_open(to->size, &to->root, get, r, &t);
		if (!e) {
			e = vt_tiles_each_entry(t, from, to->size, on_entry, r);
			vt_tiles_close(t);
		}
		if (e)
			return complain(r, "its entries", e);
	}
	(void)pthread_mutex_lock(&r->k->lock);
	e = flush(r);
	(void)pthread_mutex_unlock(&r->k->lock);
	if (e)
		vt_say("mirror: %s: the copy cannot be written", r->name);
	return e;
}

static vt_err pull_chunk(struct round *r, uint64_t index, const struct vt_chunk *c)
{
	char path[VT_CHUNK_PATH_SIZE];
	vt_hash got;
	vt_err e;

	(void)vt_chunk_path(&c->sha256, path);
	if (vt_store_has(r->k->dir, path))
		return VT_OK;
	vt_buf_clear(&r->chunk);
	e = get(r, path, c->packed, &r->chunk);
	if (!e) {
		vt_sha256(vt_buf_span(&r->chunk), got.b);
		if (r->chunk.n != c->packed || !vt_hash_eq(&got, &c->sha256))
			e = VT_ECHECKSUM;
	}
	if (!e)
		return vt_store_put(r->k->dir, path, vt_buf_span(&r->chunk));
	if (!stopping(r->m))
		vt_say("mirror: %s: entry %llu names %s, which is %s; not cosigned. %s", r->name,
			(unsigned long long)index, path,
			e == VT_END                                   ? "not to be had"
				: e == VT_ECHECKSUM || e == VT_ELIMIT ? "not what it should be"
								      : vt_err_text(e),
			vt_broker_why(r->m->broker));
	return e;
}

/* The checkpoint that ended with this state, as it was first published; not every one was. */
static vt_err pull_history(struct round *r, uint64_t index)
{
	vt_buf note = VT_BUF_INIT(VT_MIRROR_NOTE_MAX);
	struct vt_head head;
	char path[40];
	vt_hash root;
	vt_err e;

	(void)snprintf(path, sizeof path, "history/%llu", (unsigned long long)index + 1);
	if (vt_store_has(r->k->dir, path) || get(r, path, VT_MIRROR_NOTE_MAX, &note)) {
		vt_buf_free(&note);
		return VT_OK;
	}
	(void)pthread_mutex_lock(&r->k->lock);
	e = vt_merkle_root(vt_logdir_get, r->k->tree, index + 1, &root);
	(void)pthread_mutex_unlock(&r->k->lock);
	/* anything else than a head of this very tree is not passed on, and is not needed either */
	if (!e && !vt_head_parse(vt_buf_span(&note), &r->m->c->logs[r->k->log].key, &head) &&
		head.at.size == index + 1 && vt_hash_eq(&head.at.root, &root))
		e = vt_store_put(r->k->dir, path, vt_buf_span(&note));
	vt_buf_free(&note);
	return e;
}

/* What an entry needs besides itself. Entries of kinds that are not known need nothing. */
static vt_err complete_entry(struct round *r, uint64_t index, vt_span bytes)
{
	struct vt_entry_error why;
	struct vt_entry entry;
	vt_err e;

	vt_arena_reset(&r->arena);
	e = vt_entry_parse(bytes, &r->arena, &entry, &why);
	if (e)
		return e == VT_ENOMEM ? e : VT_OK;
	if (entry.kind == VT_ENTRY_STATE)
		return pull_history(r, index);
	if (entry.kind != VT_ENTRY_CONTENT && entry.kind != VT_ENTRY_DIRECTIVE)
		return VT_OK;
	for (size_t i = 0; !e && i < entry.u.content.nfull; i++)
		e = pull_chunk(r, index, &entry.u.content.full[i]);
	for (size_t i = 0; !e && i < entry.u.content.ndelta; i++)
		e = pull_chunk(r, index, &entry.u.content.delta[i]);
	return e;
}

/* Goes through the bundle that begins at or before `at`, of a tree of `size`. */
static vt_err complete_bundle(struct round *r, uint64_t at, uint64_t size, vt_buf *bundle)
{
	struct vt_tile t = {.level = VT_TILE_ENTRIES, .index = at / VT_TILE_WIDTH};
	uint64_t first = t.index * VT_TILE_WIDTH;
	char path[VT_TILE_PATH_MAX];
	vt_reader in;
	vt_err e;

	t.width = (unsigned)vt_min_u64(VT_TILE_WIDTH, size - first);
	vt_buf_clear(bundle);
	e = vt_store_read(r->k->dir, vt_tile_path(&t, path), VT_BUNDLE_MAX, bundle);
	if (e) {
		vt_say("mirror: %s: its stored %s: %s", r->name, path, vt_err_text(e));
		return e == VT_END ? VT_EIO : e;
	}
	in = vt_reader_of(vt_buf_span(bundle));
	for (uint64_t i = first; !e && i < first + t.width; i++) {
		vt_span entry;

		e = vt_bundle_next(&in, &entry);
		if (!e && i >= at)
			e = complete_entry(r, i, entry);
		if (!e && i >= at) {
			(void)pthread_mutex_lock(&r->k->lock);
			r->k->complete = i + 1;
			(void)pthread_mutex_unlock(&r->k->lock);
		}
	}
	return e == VT_END ? VT_EIO : e;
}

static vt_err complete(struct round *r, uint64_t size)
{
	vt_buf bundle = VT_BUF_INIT(VT_BUNDLE_MAX);
	uint64_t at = r->k->complete; /* only this thread changes it */
	vt_err e = VT_OK;

	while (!e && at < size) {
		e = complete_bundle(r, at, size, &bundle);
		at = r->k->complete;
	}
	vt_buf_free(&bundle);
	return e;
}

static vt_err commit(struct round *r, const struct vt_witnessed *to)
{
	vt_buf line = VT_BUF_INIT(1024);
	uint64_t now = vt_service_clock();
	vt_err e = VT_OK;

	(void)pthread_mutex_lock(&r->k->lock);
	if (r->k->size != to->size || now < r->k->stamped ||
		now - r->k->stamped >= r->m->c->restamp_s)
		e = vt_copy_commit(r->m, r->k, to->size, &line);
	(void)pthread_mutex_unlock(&r->k->lock);
	vt_buf_free(&line);
	if (e && e != VT_EARG && e != VT_EAGAIN)
		vt_say("mirror: %s: size %llu is not cosigned: %s", r->name,
			(unsigned long long)to->size, vt_err_text(e));
	/* a newer one is pending by now: the next round */
	return e == VT_EARG ? VT_OK : e;
}

/* True if all that is known of is here. */
static bool try_log(struct vt_mirror *m, struct vt_copy *k)
{
	struct round r = {.m = m,
		.k = k,
		.name = m->c->logs[k->log].key.name,
		.arena = VT_ARENA_INIT((size_t)16 << 20),
		.chunk = VT_BUF_INIT(VT_CHUNK_PACKED_MAX)};
	struct vt_witnessed to = {.size = 0};
	bool place = m->c->logs[k->log].url != NULL;
	vt_err e = place ? poll_log(&r) : VT_OK;
	uint64_t next;

	/* what is pending may be ahead of what the log shows: it is fetched all the same */
	vt_heads_state(m->heads, k->log, &to);
	if (to.size) {
		vt_err e2 = pull_entries(&r, &to, place);

		(void)pthread_mutex_lock(&k->lock);
		next = k->next;
		(void)pthread_mutex_unlock(&k->lock);
		if (!e2 && next == to.size)
			e2 = complete(&r, to.size);
		if (!e2)
			e2 = commit(&r, &to);
		e = e ? e : e2;
	}
	vt_arena_free(&r.arena);
	vt_buf_free(&r.chunk);
	return !e;
}

static void round_of(struct vt_mirror *m, struct vt_copy *k)
{
	uint64_t asked, poll = (uint64_t)m->c->poll_s * 1000;
	bool ok;

	(void)pthread_mutex_lock(&k->lock);
	asked = k->asked;
	k->wanted = false;
	(void)pthread_mutex_unlock(&k->lock);
	ok = try_log(m, k);
	(void)pthread_mutex_lock(&k->lock);
	k->fetched = ok;
	k->delay = ok ? 0 : vt_min_u64(vt_max_u64(k->delay * 2, FIRST_DELAY_MS), LAST_DELAY_MS);
	k->due = vt_clock_ms() + (ok ? poll : poll ? vt_min_u64(poll, k->delay) : k->delay);
	if (ok && !poll)
		k->due = UINT64_MAX;
	k->done = vt_max_u64(k->done, asked);
	(void)pthread_cond_broadcast(&k->tried);
	(void)pthread_mutex_unlock(&k->lock);
}

/* Until something is wanted, or half a second passed. */
static void doze(struct vt_mirror *m)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 500000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	(void)pthread_mutex_lock(&m->lock);
	if (!m->stop)
		(void)pthread_cond_timedwait(&m->wake, &m->lock, &t);
	(void)pthread_mutex_unlock(&m->lock);
}

void *vt_pull_thread(void *mirror)
{
	struct vt_mirror *m = mirror;

	while (!stopping(m)) {
		bool worked = false;

		for (size_t i = 0; i < m->c->nlogs && !stopping(m); i++) {
			struct vt_copy *k = &m->copies[i];
			bool due;

			/* a log without a place is sent by others */
			(void)pthread_mutex_lock(&k->lock);
			due = k->wanted || (m->c->logs[i].url && vt_clock_ms() >= k->due);
			(void)pthread_mutex_unlock(&k->lock);
			if (due)
				round_of(m, k);
			worked = worked || due;
		}
		if (!worked)
			doze(m);
	}
	return NULL;
}

void vt_pull_ask(struct vt_mirror *m, struct vt_copy *k)
{
	k->wanted = true;
	k->asked++;
	(void)pthread_mutex_lock(&m->lock);
	(void)pthread_cond_signal(&m->wake);
	(void)pthread_mutex_unlock(&m->lock);
}

void vt_pull_wait(struct vt_mirror *m, struct vt_copy *k, uint32_t ms)
{
	uint64_t ticket;
	struct timespec t;

	vt_pull_ask(m, k);
	ticket = k->asked;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += ms / 1000;
	while (k->done < ticket)
		if (pthread_cond_timedwait(&k->tried, &k->lock, &t))
			return;
}
