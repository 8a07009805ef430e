/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/service/heads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "proc/service/evidence.h"
#include "proc/service/journal.h"
#include "proc/service/say.h"
#include "store/folder.h"
#include "tlog/note.h"
#include "tlog/witness.h"

#define TEXT "text/plain; charset=utf-8"
#define SIZE_TYPE "text/x.tlog.size"
#define LINE_MAX_BYTES ((size_t)1 << 10)
/* Parsed notes are kilobytes: functions that have one don't share a frame. */
#define OWN_FRAME __attribute__((noinline))

struct log {
	pthread_mutex_t lock;
	size_t slot;
	struct vt_witnessed seen; /* what the next head must follow; durable once `ticket` is */
	uint64_t time, ticket;
	vt_buf line; /* the cosignature of `seen` at `time` */
	struct vt_evidence_count evidence;
};

struct vt_heads {
	const struct vt_service_config *c;
	const struct vt_signer *signer;
	vt_clock_fn *clock;
	int dir;
	struct vt_journal *journal;
	struct log *logs;
	pthread_mutex_t time_lock;
	uint64_t time; /* of the newest cosignature */
	atomic_bool broken;
};

uint64_t vt_service_clock(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_REALTIME, &t) || t.tv_sec < 0 ? 0 : (uint64_t)t.tv_sec;
}

bool vt_heads_broken(const struct vt_heads *h)
{
	return atomic_load(&h->broken);
}

vt_err vt_note_keep_lines(vt_buf *b, const struct vt_note *note, const struct vt_key *key)
{
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < note->nlines; i++) {
		const struct vt_note_line *l = &note->lines[i];

		if (memcmp(l->id, key->id, sizeof l->id) != 0 ||
			!vt_span_eq(l->name, vt_span_str(key->name)))
			continue;
		e = vt_buf_addf(b, "\xe2\x80\x94 %.*s %.*s\n", (int)l->name.n,
			(const char *)l->name.p, (int)l->base64.n, (const char *)l->base64.p);
	}
	return e;
}

vt_err vt_note_keep(vt_buf *b, const struct vt_note *note, const struct vt_key *key)
{
	vt_err e = vt_buf_add(b, note->text.p, note->text.n);

	if (!e)
		e = vt_buf_add_u8(b, '\n');
	return e ? e : vt_note_keep_lines(b, note, key);
}

vt_err vt_heads_time(struct vt_heads *h, uint64_t *out)
{
	uint64_t now = h->clock();
	vt_err e = VT_OK;

	(void)pthread_mutex_lock(&h->time_lock);
	if (now >= h->time)
		h->time = now;
	else if (h->time - now > h->c->clock_step_s)
		e = VT_EAGAIN;
	*out = h->time;
	(void)pthread_mutex_unlock(&h->time_lock);
	return e;
}

/* What the journal has of a log. Its key signed it when it was written down. */
static vt_err restore(struct vt_heads *h, size_t i)
{
	struct log *l = &h->logs[i];
	const struct vt_key *key = &h->c->logs[i].key;
	struct vt_journal_record r;
	struct vt_note note;
	struct vt_checkpoint at;
	vt_err e = vt_journal_slot(h->journal, vt_span_str(key->name), &l->slot);

	if (e)
		return e;
	(void)pthread_mutex_init(&l->lock, NULL);
	l->evidence = (struct vt_evidence_count){-1, -1};
	l->line.max = LINE_MAX_BYTES;
	vt_merkle_empty(&l->seen.root);
	r = vt_journal_last(h->journal, l->slot);
	if (r.note.n == 0)
		return VT_OK;
	e = vt_note_parse(r.note, &note);
	if (!e)
		e = vt_checkpoint_parse(note.text, &at);
	if (e)
		return e;
	l->seen = (struct vt_witnessed){at.size, at.root};
	l->time = r.time;
	return h->signer ? vt_note_keep_lines(&l->line, &note, &h->signer->key) : VT_OK;
}

vt_err vt_heads_open(const struct vt_service_config *c, const struct vt_signer *signer, int dir,
	vt_clock_fn *clock, struct vt_heads **out)
{
	struct vt_heads *h = calloc(1, sizeof *h);
	vt_err e;

	if (!h)
		return VT_ENOMEM;
	h->c = c;
	h->signer = signer;
	h->dir = dir;
	h->clock = clock;
	(void)pthread_mutex_init(&h->time_lock, NULL);
	h->logs = calloc(c->nlogs + 1, sizeof *h->logs);
	e = h->logs ? vt_journal_open(dir, &h->journal) : VT_ENOMEM;
	for (size_t i = 0; !e && i < c->nlogs; i++)
		e = restore(h, i);
	if (e) {
		vt_heads_close(h);
		return e;
	}
	h->time = vt_journal_time(h->journal);
	*out = h;
	return VT_OK;
}

void vt_heads_close(struct vt_heads *h)
{
	if (!h)
		return;
	for (size_t i = 0; h->logs && i < h->c->nlogs; i++)
		vt_buf_free(&h->logs[i].line);
	free(h->logs);
	vt_journal_close(h->journal);
	free(h);
}

static void say(struct vt_reply *out, unsigned status, const char *text)
{
	out->status = status;
	out->type = TEXT;
	vt_buf_clear(&out->body);
	if (vt_buf_addf(&out->body, "%s\n", text))
		vt_buf_clear(&out->body);
}

/* The request was signed by the log and yet is not followed: is it worth keeping? Log locked. */
static OWN_FRAME void keep(struct vt_heads *h, size_t i, const struct vt_add_checkpoint *r,
	vt_span body, unsigned status, bool conflict)
{
	struct log *l = &h->logs[i];
	const struct vt_key *key = &h->c->logs[i].key;
	struct vt_head head;
	struct vt_evidence ev = {
		.time = h->clock(), .origin = vt_span_str(key->name), .request = body};
	bool kept;

	if (status != 409 && status != 422)
		return;
	if (vt_head_parse(r->note, key, &head))
		return;
	ev.fork = l->seen.size && head.at.size == l->seen.size &&
		!vt_hash_eq(&head.at.root, &l->seen.root);
	if (conflict && !ev.fork)
		return;
	ev.known = vt_journal_last(h->journal, l->slot).note;
	if (vt_evidence_keep(h->dir, &l->evidence, &ev, &kept))
		vt_say("cannot keep evidence against %s", key->name);
	else if (kept && ev.fork)
		vt_say("FORK: %s signed two heads of size %llu; both are kept in evidence",
			key->name, (unsigned long long)head.at.size);
	else if (kept)
		vt_say("%s: a head without a proof that the log only grew; kept in evidence",
			key->name);
}

/* Makes `now` the log's state and its record; the log is locked. */
static vt_err advance(struct vt_heads *h, size_t i, const struct vt_note *note,
	const struct vt_witnessed *now, uint64_t time)
{
	struct log *l = &h->logs[i];
	vt_buf record = VT_BUF_INIT(VT_JOURNAL_NOTE_MAX), line = VT_BUF_INIT(LINE_MAX_BYTES);
	uint64_t ticket;
	vt_err e = vt_note_keep(&record, note, &h->c->logs[i].key);

	if (!e && h->signer)
		e = vt_note_sign(&line, h->signer, note->text, time);
	if (!e)
		e = vt_buf_add(&record, line.p, line.n);
	if (!e)
		e = vt_journal_put(h->journal, l->slot, time, vt_buf_span(&record), &ticket);
	if (!e) {
		vt_buf old = l->line;

		l->seen = *now;
		l->time = time;
		l->ticket = ticket;
		l->line = line;
		line = old;
	}
	vt_buf_free(&record);
	vt_buf_free(&line);
	return e;
}

/* The log is locked; *out_ticket is what to wait for before a 200 is given. */
static OWN_FRAME void decide(struct vt_heads *h, size_t i, const struct vt_add_checkpoint *r,
	vt_span body, struct vt_reply *out, uint64_t *out_ticket)
{
	struct log *l = &h->logs[i];
	struct vt_witnessed now;
	struct vt_note note;
	bool conflict, same;
	uint64_t time = 0;
	vt_err e;

	out->status = vt_witness_decide(r, &h->c->logs[i].key, &l->seen, &now, &conflict);
	if (out->status != 200) {
		keep(h, i, r, body, out->status, conflict);
		if (out->status == 409 && conflict) {
			out->type = SIZE_TYPE;
			if (vt_buf_addf(&out->body, "%llu\n", (unsigned long long)l->seen.size))
				say(out, 500, "out of memory");
			return;
		}
		say(out, out->status,
			out->status == 400           ? "the request is not well-formed"
				: out->status == 403 ? "not signed by the log's key"
				: out->status == 409 ? "another root of the same size is known"
						     : "the log is not proven to have only grown");
		return;
	}
	if (vt_heads_time(h, &time)) {
		say(out, 500, "the clock went back: nothing is signed");
		vt_say("the clock is behind the last cosignature; nothing is signed until it is "
		       "right");
		return;
	}
	/* the same cosignature of the same second was given, or is about to be */
	same = now.size == l->seen.size && vt_hash_eq(&now.root, &l->seen.root) && l->time == time;
	if (!same || (h->signer && !l->line.n)) {
		e = vt_note_parse(r->note, &note);
		if (!e)
			e = advance(h, i, &note, &now, time);
		if (e) {
			atomic_store(&h->broken, e == VT_EIO || atomic_load(&h->broken));
			say(out, 500, "the state cannot be written");
			return;
		}
	}
	out->type = TEXT;
	if (vt_buf_add(&out->body, l->line.p, l->line.n))
		say(out, 500, "out of memory");
	*out_ticket = l->ticket;
}

/* Which log a request is about; false if it is not well-formed. */
static OWN_FRAME bool find_log(const struct vt_heads *h, vt_span signed_note, size_t *out)
{
	struct vt_checkpoint at;
	struct vt_note note;

	if (vt_note_parse(signed_note, &note) || vt_checkpoint_parse(note.text, &at))
		return false;
	*out = vt_service_log_find(h->c, at.origin);
	return true;
}

void vt_heads_add(struct vt_heads *h, vt_span body, struct vt_reply *out)
{
	struct vt_add_checkpoint r;
	uint64_t ticket = 0;
	size_t i;

	*out = (struct vt_reply){.body = VT_BUF_INIT(VT_JOURNAL_NOTE_MAX)};
	if (vt_add_checkpoint_parse(body, &r) || !find_log(h, r.note, &i)) {
		say(out, 400, "the request is not well-formed");
		return;
	}
	if (i == VT_SERVICE_LOGS_MAX) {
		say(out, 404, "the log is not known here");
		return;
	}
	(void)pthread_mutex_lock(&h->logs[i].lock);
	decide(h, i, &r, body, out, &ticket);
	(void)pthread_mutex_unlock(&h->logs[i].lock);
	if (out->status == 200 && vt_journal_wait(h->journal, ticket)) {
		atomic_store(&h->broken, true);
		say(out, 500, "the state cannot be written");
	}
}

unsigned vt_heads_offer(
	struct vt_heads *h, uint64_t old_size, const struct vt_proof *proof, vt_span note)
{
	struct vt_add_checkpoint r = {.old_size = old_size, .proof = *proof, .note = note};
	vt_buf body = VT_BUF_INIT(VT_WITNESS_REQUEST_MAX);
	struct vt_reply reply;
	unsigned status = 500;

	if (!vt_add_checkpoint_write(&body, &r)) {
		vt_heads_add(h, vt_buf_span(&body), &reply);
		status = reply.status;
		vt_buf_free(&reply.body);
	}
	vt_buf_free(&body);
	return status;
}

vt_err vt_heads_latest(struct vt_heads *h, size_t log, vt_buf *out)
{
	struct log *l = &h->logs[log];
	struct vt_journal_record r;
	uint64_t ticket;
	vt_err e;

	(void)pthread_mutex_lock(&l->lock);
	r = vt_journal_last(h->journal, l->slot);
	e = r.note.n ? vt_buf_add(out, r.note.p, r.note.n) : VT_END;
	ticket = l->ticket;
	(void)pthread_mutex_unlock(&l->lock);
	/* nobody sees what a power loss could still take back */
	return e ? e : vt_journal_wait(h->journal, ticket);
}

void vt_heads_state(struct vt_heads *h, size_t log, struct vt_witnessed *out)
{
	struct log *l = &h->logs[log];

	(void)pthread_mutex_lock(&l->lock);
	*out = l->seen;
	(void)pthread_mutex_unlock(&l->lock);
}
