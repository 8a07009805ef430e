/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads: whose they are, who vouches for them, how old they are, and whether they continue what was
 * seen before. All sources are asked for theirs, so that one that holds news back is found out by
 * any other.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "tlog/lines.h"
#include "update/verify_internal.h"

/* Step 0: the file, within bounds. */
static vt_err fetch_head(struct vt_verify *v, struct vt_candidate *c)
{
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX);
	vt_err e = v->source->get(v->source->ctx, "checkpoint", VT_NOTE_MAX, &b);
	const char *copy = e ? NULL : vt_arena_copy(v->job->arena, vt_buf_span(&b));

	c->bytes = vt_span_of(copy, copy ? b.n : 0);
	vt_buf_free(&b);
	if (e == VT_END)
		return vt_verify_refuse(
			v, VT_REFUSED_UNREACHABLE, "%.300s has no checkpoint", v->source->place);
	if (e)
		return vt_verify_refuse_file(v, e, "the checkpoint");
	return copy ? VT_OK : VT_ENOMEM;
}

/* Step 2. */
static vt_err check_log(struct vt_verify *v, struct vt_candidate *c)
{
	vt_err e = vt_head_parse(c->bytes, v->config->log_key, &c->head);

	if (e == VT_ECHECKSUM)
		return vt_verify_refuse(v, VT_REFUSED_LOG,
			"the checkpoint is not signed by the log %s", v->config->log_key->name);
	if (e)
		return vt_verify_refuse(v, VT_REFUSED_CHECKPOINT,
			"the checkpoint is not a signed note of a tree's size and root");
	if (c->head.at.size == 0 || c->head.at.size > VT_TREE_MAX)
		return vt_verify_refuse(v, VT_REFUSED_CHECKPOINT, "the log is empty");
	return VT_OK;
}

/*
 * The log's own word against itself: two heads of one size. That is kept whoever else vouches for
 * the second.
 */
static vt_err compare_known(struct vt_verify *v, const struct vt_candidate *c)
{
	const struct vt_trusted *t = v->before;
	vt_err e = VT_OK;

	if (t->has_head && t->head.size == c->head.at.size &&
		!vt_hash_eq(&t->head.root, &c->head.at.root) && v->out->evidence.n == 0)
		e = vt_verify_evidence(v, "fork", &t->head, t->note, &c->head);
	return e;
}

/* Step 3. */
static vt_err check_quorum(struct vt_verify *v, struct vt_candidate *c)
{
	bool enough, mirrors;
	uint64_t time;
	vt_err e = vt_update_quorum(v->config, &c->head.note, false, &enough, &mirrors, &time);

	if (e == VT_ECHECKSUM)
		return vt_verify_refuse(v, VT_REFUSED_SIGNATURE,
			"a cosignature of the checkpoint of size %" PRIu64 " is false",
			c->head.at.size);
	if (e)
		return e;
	if (!enough)
		return vt_verify_refuse(v, mirrors ? VT_REFUSED_MIRRORS : VT_REFUSED_QUORUM,
			"the checkpoint of size %" PRIu64 " has too few cosignatures of %s",
			c->head.at.size, mirrors ? "mirrors" : "witnesses");
	if (time > INT64_MAX / 2)
		return vt_verify_refuse(
			v, VT_REFUSED_FUTURE, "cosignatures of the year %s", "9999 or later");
	c->time = (int64_t)time;
	return VT_OK;
}

/*
 * Step 4. Times are those of the witnesses. This machine's clock is not believed when it is before
 * a time that they signed: it was moved, or runs wrong, and an old head would look fresh.
 */
static vt_err check_time(struct vt_verify *v, struct vt_candidate *c)
{
	const struct vt_trusted *t = v->before;
	const struct vt_update_config *g = v->config;
	char time[VT_TIME_SIZE], now[VT_TIME_SIZE];
	int64_t at = v->job->now;

	/* The same head, seen before with newer cosignatures: those prove it, too. */
	if (t->has_head && t->head.size == c->head.at.size &&
		vt_hash_eq(&t->head.root, &c->head.at.root) && t->head.since > c->time)
		c->time = t->head.since;
	(void)vt_time_write(at, now);
	if (t->clock > at + g->max_future)
		return vt_verify_refuse(v, VT_REFUSED_CLOCK,
			"the clock says %s, but witnesses have signed at %s already", now,
			vt_time_write(t->clock, time));
	if (c->time == 0)
		return VT_OK; /* the owner asks for nobody's word */
	(void)vt_time_write(c->time, time);
	if (c->time > at + g->max_future)
		return vt_verify_refuse(v, VT_REFUSED_FUTURE,
			"the checkpoint of size %" PRIu64 " was cosigned at %s, now is %s",
			c->head.at.size, time, now);
	if (c->time < at - g->max_age)
		return vt_verify_refuse(v, VT_REFUSED_STALE,
			"nobody has vouched for the checkpoint of size %" PRIu64
			" since %s, now is %s",
			c->head.at.size, time, now);
	return VT_OK;
}

static vt_err check_head(struct vt_verify *v, struct vt_candidate *c)
{
	vt_err e = fetch_head(v, c);

	if (!e)
		e = check_log(v, c);
	if (!e)
		e = compare_known(v, c);
	if (!e)
		e = check_quorum(v, c);
	return e ? e : check_time(v, c);
}

/* Larger first; of one size, the one that was vouched for last. */
static int compare(const void *a, const void *b)
{
	const struct vt_candidate *x = *(struct vt_candidate *const *)a,
				  *y = *(struct vt_candidate *const *)b;

	if (x->head.at.size != y->head.at.size)
		return x->head.at.size < y->head.at.size ? 1 : -1;
	if (x->time != y->time)
		return x->time < y->time ? 1 : -1;
	return (x->source > y->source) - (x->source < y->source);
}

static void note_failure(struct vt_verify *v, const char *place)
{
	struct vt_verify_result *r = v->out;
	struct vt_verify_failure *f = &r->failures[r->nfailures];

	if (r->nfailures == VT_COUNT(r->failures))
		return;
	r->nfailures++;
	f->place = place;
	f->refusal = r->refusal;
	(void)snprintf(f->why, sizeof f->why, "%s", r->why);
}

vt_err vt_verify_heads(struct vt_verify *v, struct vt_candidate **out, size_t *out_n)
{
	size_t n = 0;

	for (size_t i = 0; i < v->job->nsources; i++) {
		struct vt_candidate *c = vt_arena_alloc(v->job->arena, sizeof *c);
		vt_err e = c ? VT_OK : VT_ENOMEM;

		v->source = &v->job->sources[i];
		if (!e) {
			c->source = i;
			v->at = c;
			out[n++] = c;
			e = check_head(v, c);
		}
		if (e && e != VT_ECHECKSUM) {
			*out_n = n;
			return e;
		}
		if (e) {
			note_failure(v, v->source->place);
			n--;
		}
	}
	if (n)
		qsort(out, n, sizeof(struct vt_candidate *), compare);
	*out_n = n;
	return VT_OK;
}

/* Step 5 --------------------------------------------------------------------------------------- */

static vt_err put_note(vt_buf *b, const char *what, vt_span note)
{
	vt_err e = vt_buf_addf(b, "%s %zu\n", what, note.n);

	return e ? e : vt_buf_add(b, note.p, note.n);
}

/*
 * What the larger tree has where the smaller one was, and the proof of it: anybody can check that
 * it leads to the larger head and is not the smaller one's root.
 */
static vt_err put_other_past(struct vt_verify *v, vt_buf *b, uint64_t at, uint64_t size)
{
	struct vt_proof p = {0};
	vt_hash root = v->at->head.at.root;
	vt_err e = VT_OK;

	if (size > at) {
		e = vt_merkle_root(vt_tiles_get, v->tiles, at, &root);
		if (!e)
			e = vt_merkle_prove_consistent(vt_tiles_get, v->tiles, at, size, &p);
	}
	if (!e)
		e = vt_buf_addf(b, "root ");
	if (!e)
		e = vt_base64_add(b, vt_span_of(root.b, sizeof root.b));
	if (!e)
		e = vt_buf_addf(b, "\n");
	return e ? e : vt_proof_lines_write(b, &p);
}

/* A fork in the form that `vitrine log` and witnesses keep (docs/cli/log.md, "Evidence"). */
static vt_err put_fork(struct vt_verify *v, vt_buf *b, uint64_t at, vt_span note, uint64_t size)
{
	vt_err e = put_note(b, "shorter", note);

	if (!e)
		e = put_note(b, "longer", v->at->bytes);
	return e ? e : put_other_past(v, b, at, size);
}

/* A witness signed a smaller tree after a larger one: both heads say it. */
static vt_err put_rollback(struct vt_verify *v, vt_buf *b, vt_span note)
{
	vt_err e = put_note(b, "seen", note);

	return e ? e : put_note(b, "shown", v->at->bytes);
}

vt_err vt_verify_evidence(struct vt_verify *v, const char *kind, const struct vt_trusted_head *seen,
	vt_span note, const struct vt_head *now)
{
	vt_buf *b = &v->out->evidence;
	bool fork = strcmp(kind, "fork") == 0;
	vt_err e;

	vt_buf_clear(b);
	v->out->evidence_kind = kind;
	e = vt_buf_addf(b, "vitrine/%s/v1\nlog ", fork ? "evidence" : kind);
	if (!e)
		e = vt_key_write(b, v->config->log_key);
	if (!e)
		e = vt_buf_addf(b, "\n");
	if (!e)
		e = fork ? put_fork(v, b, seen->size, note, now->at.size)
			 : put_rollback(v, b, note);
	if (e)
		vt_buf_clear(b);
	return e;
}

static vt_err forked(struct vt_verify *v)
{
	const struct vt_trusted *t = v->before;
	uint64_t size = v->at->head.at.size;
	vt_err e = vt_verify_evidence(v, "fork", &t->head, t->note, &v->at->head);

	if (e)
		return vt_verify_refuse_file(v, e, "the proof of a fork");
	return vt_verify_refuse(v, VT_REFUSED_FORK,
		"the checkpoint of size %" PRIu64 " does not begin with the %" PRIu64
		" entries that this machine has seen",
		size, t->head.size);
}

static vt_err went_back(struct vt_verify *v)
{
	const struct vt_trusted *t = v->before;
	uint64_t size = v->at->head.at.size;
	vt_err e = VT_OK;

	/* A witness vouched for a smaller tree after a larger one: that is proof of its fault. */
	if (v->at->time > t->head.since && size < t->head.size)
		e = vt_verify_evidence(v, "rollback", &t->head, t->note, &v->at->head);
	if (e)
		return e;
	return vt_verify_refuse(v, VT_REFUSED_ROLLBACK,
		"the checkpoint has size %" PRIu64 "; one of size %" PRIu64 " was seen before%s",
		size, t->head.size, size < t->head.size ? "" : ", vouched for later");
}

vt_err vt_verify_growth(struct vt_verify *v)
{
	const struct vt_trusted *t = v->before;
	const struct vt_checkpoint *at = &v->at->head.at;
	vt_hash past;
	vt_err e;

	if (t->has_head && at->size < t->head.size)
		return went_back(v);
	if (t->has_head && at->size == t->head.size && !vt_hash_eq(&at->root, &t->head.root))
		return forked(v);
	e = vt_tiles_open(at->size, &at->root, v->source->get, v->source->ctx, &v->tiles);
	if (e)
		return vt_verify_refuse_file(v, e, "the tree's right edge");
	if (t->has_head) {
		/* Roots of the same leaves: what a consistency proof shows, from checked tiles. */
		e = vt_merkle_root(vt_tiles_get, v->tiles, t->head.size, &past);
		if (e)
			return vt_verify_refuse_file(v, e, "the tree that was seen before");
		if (!vt_hash_eq(&past, &t->head.root))
			return forked(v);
		if (v->at->time < t->head.since)
			return went_back(v);
	}
	return VT_OK;
}

/* Cool-off ------------------------------------------------------------------------------------- */

static vt_err note_aged(
	struct vt_verify *v, const struct vt_note *note, int64_t wait, bool *out_aged)
{
	bool enough, mirrors;
	uint64_t since;
	vt_err e = vt_update_quorum(v->config, note, true, &enough, &mirrors, &since);

	*out_aged = !e && enough && v->job->now >= wait && since <= (uint64_t)(v->job->now - wait);
	return e == VT_ENOMEM ? e : VT_OK;
}

/*
 * The head as it was when first published: if enough of the owner's witnesses and mirrors signed it
 * that long ago, everybody could see it since. A file that is missing or false proves nothing.
 */
static vt_err history_aged(struct vt_verify *v, uint64_t size, int64_t wait, bool *out_aged)
{
	vt_buf b = VT_BUF_INIT(VT_NOTE_MAX);
	struct vt_head *h = vt_arena_alloc(v->job->arena, sizeof *h);
	char path[48];
	vt_hash root;
	vt_err e;

	*out_aged = false;
	if (!h)
		return VT_ENOMEM;
	(void)snprintf(path, sizeof path, "history/%" PRIu64, size);
	e = v->source->get(v->source->ctx, path, VT_NOTE_MAX, &b);
	if (!e)
		e = vt_head_parse(vt_buf_span(&b), v->config->log_key, h);
	if (!e && h->at.size == size)
		e = vt_merkle_root(vt_tiles_get, v->tiles, size, &root);
	if (!e && h->at.size == size && vt_hash_eq(&h->at.root, &root))
		e = note_aged(v, &h->note, wait, out_aged);
	vt_buf_free(&b);
	return e == VT_ENOMEM ? e : VT_OK;
}

vt_err vt_verify_aged(struct vt_verify *v, uint64_t size, int64_t wait, bool *out_aged)
{
	const struct vt_trusted *t = v->before;

	*out_aged = wait == 0;
	for (size_t i = 0; i < t->nheads; i++)
		if (t->heads[i].size == size && t->heads[i].since <= v->job->now - wait)
			*out_aged = true;
	if (*out_aged)
		return VT_OK;
	if (size == v->at->head.at.size) {
		vt_err e = note_aged(v, &v->at->head.note, wait, out_aged);

		if (e || *out_aged)
			return e;
	}
	return history_aged(v, size, wait, out_aged);
}
