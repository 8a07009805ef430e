/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking for cosignatures (c2sp.org/tlog-witness, c2sp.org/tlog-mirror). A witness answers with its
 * own; a mirror takes the checkpoint, fetches the entries by itself, and signs when it has them:
 * an add-entries request for no entries asks whether it is that far.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/publish/pending.h"
#include "cli/where.h"
#include "site/fetcher.h"
#include "tlog/lines.h"
#include "tlog/note.h"
#include "tlog/witness.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define RETRIES 3
#define PAUSE_MS 500

vt_err vt_note_cosigned(vt_buf *io_note, const struct vt_key *k, vt_span lines, bool *out_any)
{
	vt_buf joined = VT_BUF_INIT(VT_NOTE_MAX), kept = VT_BUF_INIT(VT_NOTE_MAX);
	struct vt_note note;
	uint64_t time;
	vt_err e = vt_note_parse(vt_buf_span(io_note), &note);

	*out_any = false;
	if (!e)
		e = vt_buf_add(&kept, note.text.p, note.text.n);
	if (!e)
		e = vt_buf_add(&kept, "\n", 1);
	for (size_t i = 0; i < note.nlines && !e; i++)
		if (memcmp(note.lines[i].id, k->id, sizeof k->id) != 0 ||
			!vt_span_eq(note.lines[i].name, vt_span_str(k->name)))
			e = vt_buf_addf(&kept, "\u2014 %.*s %.*s\n", (int)note.lines[i].name.n,
				(const char *)note.lines[i].name.p, (int)note.lines[i].base64.n,
				(const char *)note.lines[i].base64.p);
	if (!e)
		e = vt_buf_add(&joined, note.text.p, note.text.n);
	if (!e)
		e = vt_buf_add(&joined, "\n", 1);
	if (!e)
		e = vt_buf_add(&joined, lines.p, lines.n);
	/* only this key's lines are taken from an answer, and only if they verify */
	if (!e && vt_note_parse(vt_buf_span(&joined), &note) == VT_OK &&
		vt_note_verify(&note, k, &time) == VT_SIGNED_YES) {
		for (size_t i = 0; i < note.nlines && !e; i++) {
			if (memcmp(note.lines[i].id, k->id, sizeof k->id) != 0 ||
				!vt_span_eq(note.lines[i].name, vt_span_str(k->name)))
				continue;
			e = vt_buf_addf(&kept, "\u2014 %s %.*s\n", k->name,
				(int)note.lines[i].base64.n, (const char *)note.lines[i].base64.p);
			*out_any = true;
			break;
		}
	}
	if (!e && *out_any) {
		vt_buf_free(io_note);
		*io_note = kept;
		kept = (vt_buf){0};
	}
	vt_buf_free(&kept);
	vt_buf_free(&joined);
	return e;
}

struct visit {
	struct vt_cosign *c;
	struct vt_fetcher *f;
	const struct vt_policy_name *who;
	const vt_buf *note;
	vt_buf answer;
	unsigned status;
};

static vt_err post(struct visit *v, const char *what, const char *type, vt_span body)
{
	vt_span prefix = v->who->url;
	char *url = NULL;
	vt_err e;

	while (prefix.n && prefix.p[prefix.n - 1] == '/')
		prefix.n--;
	if (asprintf(&url, "%.*s/%s", (int)prefix.n, (const char *)prefix.p, what) < 0)
		return VT_ENOMEM;
	vt_buf_clear(&v->answer);
	e = vt_fetcher_post(v->f, url, type, body, ANSWER_MAX, &v->status, &v->answer);
	free(url);
	return e;
}

static vt_err add_checkpoint(struct visit *v, uint64_t old_size)
{
	struct vt_add_checkpoint r = {.old_size = old_size, .note = vt_buf_span(v->note)};
	vt_buf body = VT_BUF_INIT(VT_WITNESS_REQUEST_MAX);
	vt_err e = VT_OK;

	if (old_size > 0 && old_size < v->c->size)
		e = vt_merkle_prove_consistent(
			vt_logdir_get, v->c->log, old_size, v->c->size, &r.proof);
	if (!e)
		e = vt_add_checkpoint_write(&body, &r);
	if (!e)
		e = post(v, "add-checkpoint", "text/plain", vt_buf_span(&body));
	vt_buf_free(&body);
	return e;
}

/* "<size>" LF: where the other side stands. */
static bool their_size(const struct visit *v, uint64_t *out)
{
	vt_span s = vt_buf_span(&v->answer);

	return s.n > 1 && s.p[s.n - 1] == '\n' && vt_decimal_get(vt_span_of(s.p, s.n - 1), out) &&
		*out <= v->c->size;
}

static vt_err add_be(vt_buf *b, uint64_t v, unsigned bytes)
{
	vt_err e = VT_OK;

	while (bytes-- > 0 && !e)
		e = vt_buf_add_u8(b, (uint8_t)(v >> (8 * bytes)));
	return e;
}

/* An upload of no entries up to `size`. */
static vt_err add_no_entries(struct visit *v)
{
	vt_buf body = VT_BUF_INIT(4096);
	size_t n = strlen(v->c->h->log.name);
	vt_err e = add_be(&body, n, 2);

	if (!e)
		e = vt_buf_add(&body, v->c->h->log.name, n);
	if (!e)
		e = add_be(&body, v->c->size, 8);
	if (!e)
		e = add_be(&body, v->c->size, 8);
	if (!e)
		e = add_be(&body, 0, 2);
	if (!e)
		e = post(v, "add-entries", "application/octet-stream", vt_buf_span(&body));
	vt_buf_free(&body);
	return e;
}

static void say(const struct visit *v, const char *what)
{
	fprintf(stderr, "%s: %.*s: ", v->c->h->command, (int)v->who->name.n,
		(const char *)v->who->name.p);
	if (v->status)
		fprintf(stderr, "%s (HTTP status %u)\n", what, v->status);
	else
		fprintf(stderr, "%s: %s\n", what, vt_fetcher_why(v->f));
}

/* Waits for a mirror to have all entries. */
static vt_err wait_for_mirror(struct visit *v, vt_buf *io_note, bool *out_any)
{
	struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	vt_err e = VT_OK;

	for (uint32_t waited = 0;; waited += PAUSE_MS) {
		e = add_no_entries(v);
		if (e)
			return e;
		if (v->status == 200)
			return vt_note_cosigned(
				io_note, &v->who->key, vt_buf_span(&v->answer), out_any);
		if ((v->status != 409 && v->status != 202) || waited >= v->c->wait_ms)
			return VT_OK;
		(void)nanosleep(&pause, NULL);
	}
}

static vt_err visit(struct visit *v, vt_buf *io_note, bool *out_any)
{
	uint64_t old = v->c->old_size;
	vt_err e = VT_OK;

	for (unsigned i = 0; i < RETRIES; i++) {
		v->status = 0;
		e = add_checkpoint(v, old);
		if (e || v->status != 409 || !their_size(v, &old))
			break;
	}
	if (!e && v->status == 200) {
		e = vt_note_cosigned(io_note, &v->who->key, vt_buf_span(&v->answer), out_any);
		if (!e && !*out_any)
			e = wait_for_mirror(v, io_note, out_any);
	}
	if (e == VT_ENOMEM)
		return e;
	if (!*out_any)
		say(v, e ? "no answer" : "no cosignature");
	return VT_OK;
}

static vt_err start(const struct vt_cosign *c, struct vt_fetcher **out)
{
	struct vt_fetcher_config f = {.ledger = c->ledger};
	char *updater = NULL, *state = NULL, *ledger = NULL;
	vt_err e = vt_where_program("vitrine-updater", &updater);

	if (e) {
		vt_complain(c->h->command, "vitrine-updater",
			"not where it should be, next to vitrine");
		return e;
	}
	f.updater = updater;
	if (!f.ledger) {
		e = vt_where_state(&state);
		if (!e && asprintf(&ledger, "%s/egress", state) < 0)
			e = VT_ENOMEM;
		f.ledger = ledger;
	}
	if (!e)
		e = vt_fetcher_start(&f, out);
	if (e)
		vt_complain_err(c->h->command, f.ledger ? f.ledger : "egress ledger", e);
	free(updater);
	free(state);
	free(ledger);
	return e;
}

vt_err vt_cosign_all(struct vt_cosign *c, vt_buf *io_note, vt_note_save *save, void *ctx)
{
	const struct vt_policy *p = c->h->policy;
	struct vt_fetcher *f = NULL;
	struct vt_note note;
	uint64_t time;
	vt_err e = VT_OK;

	for (size_t i = 0; i < p->nnames && !e; i++) {
		struct visit v = {.c = c, .who = &p->names[i], .answer = VT_BUF_INIT(ANSWER_MAX)};
		bool any = false;

		if (v.who->group || !v.who->url.n)
			continue;
		e = vt_note_parse(vt_buf_span(io_note), &note);
		if (!e && vt_note_verify(&note, &v.who->key, &time) == VT_SIGNED_YES)
			continue;
		if (!e && !f)
			e = start(c, &f);
		v.f = f;
		v.note = io_note;
		if (!e)
			e = visit(&v, io_note, &any);
		if (!e && any)
			e = save(ctx, vt_buf_span(io_note));
		vt_buf_free(&v.answer);
	}
	vt_fetcher_stop(f);
	return e;
}
