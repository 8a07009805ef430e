/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine publish commit. Each step can be done again: the proposal is kept first; chunks, bundles
 * and tiles lie behind what readers see; the checkpoint is kept before anybody is shown it; the
 * public one is replaced last.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "cli/publish/pending.h"
#include "cli/publish/proposal.h"
#include "crypto/sign.h"
#include "publish/chunks.h"
#include "store/folder.h"
#include "tlog/note.h"

#define COMMAND "vitrine publish commit"
#define PROPOSAL "pending/proposal"
#define NOTE "pending/checkpoint"

struct settings {
	struct vt_passphrase pass;
	const char *ledger;
	uint32_t wait_ms;
	bool refresh;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "refresh", NULL, VT_OPTION_FLAG, offsetof(struct settings, refresh),
		"only get new cosignatures for what is published", NULL},
	{0, "wait", "TIME", VT_OPTION_TIME, offsetof(struct settings, wait_ms),
		"how long mirrors may take to fetch (60 s)", NULL},
	{0, "ledger", "DIR", VT_OPTION_STRING, offsetof(struct settings, ledger),
		"the egress ledger to write", NULL},
	VT_PASSPHRASE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine publish commit DIR [PROPOSAL...] [OPTION]...\n"
		 "Checks that all have signed, appends the entries, and publishes the checkpoint "
		 "once "
		 "the\nquorum of the policy has cosigned it. Several copies of a proposal are "
		 "merged.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "What was interrupted, or waits for cosignatures, goes on with 'commit DIR'.\n"
		 "Exit status: 0 published, 1 the quorum is not met yet, 2 an error.\n",
};

static vt_err fail(struct vt_house *h, const char *place, vt_err e)
{
	vt_complain_err(h->command, place, e);
	return e;
}

/* Taking the proposal -------------------------------------------------------------------------- */

static vt_err load(const char *path, vt_buf *bytes, struct vt_proposal **out)
{
	vt_err e = vt_slurp(COMMAND, path, VT_PROPOSAL_MAX, bytes);

	if (!e) {
		e = vt_proposal_read(vt_buf_span(bytes), out);
		if (e)
			vt_complain(
				COMMAND, path, "not a proposal, or one that contradicts itself");
	}
	return e;
}

static vt_err check(struct vt_house *h, const struct vt_proposal *p)
{
	const char *why;

	if (!vt_span_eq(p->origin, vt_span_str(h->log.name))) {
		vt_complain(COMMAND, "proposal", "for another log");
		return VT_EARG;
	}
	if (p->size != h->size || !vt_hash_eq(&p->head, &h->hash) ||
		(h->size &&
			(!vt_hash_eq(&p->root.leaf, &h->root.leaf) ||
				!vt_hash_eq(&p->state.leaf, &h->state.leaf)))) {
		vt_complain(COMMAND, "proposal",
			"the log has grown since it was made: propose again, and sign that");
		return VT_EARG;
	}
	if (!vt_proposal_done(p, &why)) {
		vt_complain(COMMAND, "proposal", "not complete: %s", why);
		return VT_EARG;
	}
	return VT_OK;
}

/* From files: merged, checked, kept. */
static vt_err take(struct vt_house *h, const struct vt_strings *files)
{
	vt_buf first = {0}, more = {0}, b = VT_BUF_INIT(VT_PROPOSAL_MAX);
	struct vt_proposal *p = NULL, *other = NULL;
	vt_err e = load(files->v[1], &first, &p);

	for (size_t i = 2; i < files->n && !e; i++) {
		e = load(files->v[i], &more, &other);
		if (!e) {
			e = vt_proposal_merge(p, other);
			if (e)
				vt_complain(COMMAND, files->v[i], "a copy of another proposal");
		}
		vt_proposal_free(other);
		other = NULL;
		vt_buf_free(&more);
	}
	if (!e)
		e = check(h, p);
	if (!e)
		e = vt_proposal_write(&b, p);
	if (!e) {
		e = vt_store_write(h->priv, PROPOSAL, vt_buf_span(&b));
		if (e)
			e = fail(h, "private/" PROPOSAL, e);
	}
	vt_proposal_free(p);
	vt_buf_free(&first);
	vt_buf_free(&b);
	return e;
}

/* Chunks --------------------------------------------------------------------------------------- */

/* From the stage, or as they are there already; in any case these bytes. */
static vt_err publish_chunk(struct vt_house *h, const struct vt_chunk *c)
{
	char chunk[VT_CHUNK_PATH_SIZE], path[VT_CHUNK_PATH_SIZE + 6];
	vt_buf packed = VT_BUF_INIT(VT_CHUNK_PACKED_MAX), raw = VT_BUF_INIT(VT_CHUNK_RAW_MAX);
	vt_err e;

	(void)vt_chunk_path(&c->sha256, chunk);
	(void)snprintf(path, sizeof path, "stage/%s", chunk);
	e = vt_store_read(h->pub, chunk, c->packed, &packed);
	if (!e)
		e = vt_chunk_unpack(c, vt_buf_span(&packed), &raw);
	if (e) {
		vt_buf_clear(&packed);
		vt_buf_clear(&raw);
		e = vt_store_read(h->priv, path, c->packed, &packed);
		if (!e)
			e = vt_chunk_unpack(c, vt_buf_span(&packed), &raw);
		if (!e)
			e = vt_store_put(h->pub, chunk, vt_buf_span(&packed));
		if (e)
			e = fail(h, path, e);
	}
	vt_buf_free(&packed);
	vt_buf_free(&raw);
	return e;
}

static vt_err publish_chunks(struct vt_house *h, const struct vt_proposal *p)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < p->nfresh && !e; i++) {
		const struct vt_content *c = &p->fresh[i].e.u.content;

		if (p->fresh[i].e.kind != VT_ENTRY_CONTENT &&
			p->fresh[i].e.kind != VT_ENTRY_DIRECTIVE)
			continue;
		for (size_t k = 0; k < c->nfull && !e; k++)
			e = publish_chunk(h, &c->full[k]);
		for (size_t k = 0; k < c->ndelta && !e; k++)
			e = publish_chunk(h, &c->delta[k]);
	}
	if (!e && vt_store_sync(h->pub))
		e = fail(h, "public/chunk", VT_EIO);
	return e;
}

/* The checkpoint ------------------------------------------------------------------------------- */

static vt_err append(struct vt_house *h, const struct vt_proposal *p, struct vt_logdir *l)
{
	vt_err e = VT_OK;

	for (size_t i = 0; i < p->nfresh && !e; i++)
		e = vt_logdir_add(l, vt_buf_span(&p->fresh[i].bytes));
	if (!e)
		e = vt_logdir_add(l, vt_buf_span(&p->final.bytes));
	if (!e)
		e = vt_logdir_flush(l);
	return e ? fail(h, "public/tile", e) : VT_OK;
}

static vt_err write_note(
	struct vt_house *h, const struct settings *s, const struct vt_checkpoint *at, vt_buf *out)
{
	struct vt_signer signer;
	char *path = NULL;
	vt_err e;

	if (asprintf(&path, "%s/private/log.key", h->path) < 0)
		return VT_ENOMEM;
	e = vt_signer_open(&s->pass, COMMAND, path, &signer);
	free(path);
	if (e)
		return e;
	e = vt_checkpoint_write(out, at);
	if (!e) {
		vt_buf text = VT_BUF_INIT(VT_NOTE_MAX);

		e = vt_buf_add(&text, out->p, out->n);
		if (!e)
			e = vt_buf_add(out, "\n", 1);
		if (!e)
			e = vt_note_sign(out, &signer, vt_buf_span(&text), 0);
		vt_buf_free(&text);
	}
	vt_wipe(&signer, sizeof signer);
	return e;
}

/* The checkpoint of the pending proposal: as an earlier run kept it, else a new one. */
static vt_err pending_note(
	struct vt_house *h, const struct settings *s, const struct vt_logdir *l, vt_buf *out)
{
	struct vt_checkpoint at = {.origin = vt_span_str(h->log.name)};
	struct vt_head head;
	vt_err e;

	vt_logdir_head(l, &at.size, &at.root);
	e = vt_store_read(h->priv, NOTE, VT_NOTE_MAX, out);
	if (!e && vt_head_parse(vt_buf_span(out), &h->log, &head) == VT_OK &&
		head.at.size == at.size && vt_hash_eq(&head.at.root, &at.root))
		return VT_OK;
	if (!e) {
		vt_complain(COMMAND, "private/" NOTE,
			"not the checkpoint of the proposal beside it; a log must not fork: look "
			"which of them others have seen");
		return VT_EFORMAT;
	}
	if (e != VT_END)
		return fail(h, "private/" NOTE, e);
	e = write_note(h, s, &at, out);
	if (!e && vt_store_write(h->priv, NOTE, vt_buf_span(out)))
		e = fail(h, "private/" NOTE, VT_EIO);
	return e;
}

static vt_err save_pending(void *ctx, vt_span note)
{
	return vt_store_write(((struct vt_house *)ctx)->priv, NOTE, note);
}

static vt_err enough(struct vt_house *h, vt_span note, bool *out)
{
	struct vt_note parsed;
	uint64_t time;
	vt_err e = vt_note_parse(note, &parsed);

	if (!e)
		e = vt_policy_check(h->policy, h->policy->quorum, &parsed, out, &time);
	if (e)
		vt_complain(COMMAND, "checkpoint", "a cosignature does not verify");
	return e;
}

static void say_missing(const struct vt_house *h, vt_span note)
{
	struct vt_note parsed;
	uint64_t time;

	fprintf(stderr, COMMAND ": the policy's quorum is not met; nothing new is public yet.\n");
	if (vt_note_parse(note, &parsed))
		return;
	for (size_t i = 0; i < h->policy->nnames; i++) {
		const struct vt_policy_name *n = &h->policy->names[i];

		if (!n->group && vt_note_verify(&parsed, &n->key, &time) != VT_SIGNED_YES)
			fprintf(stderr, COMMAND ": missing: %.*s (%s)\n", (int)n->name.n,
				(const char *)n->name.p, n->key.name);
	}
	fputs(COMMAND ": 'vitrine publish commit DIR' asks again\n", stderr);
}

/* Is a draft one of the entries that are in the log now? Others were prepared later. */
static bool used(struct vt_house *h, const struct vt_proposal *p, const char *name)
{
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	bool found = false;

	if (vt_draft_read(h, name, &b) == VT_OK)
		for (size_t i = 0; i < p->nfresh; i++)
			found |= vt_span_eq(p->fresh[i].e.text, vt_buf_span(&b));
	vt_buf_free(&b);
	return found;
}

static vt_err unstage(struct vt_house *h, const struct vt_chunk *v, size_t n)
{
	char chunk[VT_CHUNK_PATH_SIZE], path[VT_CHUNK_PATH_SIZE + 6];
	vt_err e = VT_OK;

	for (size_t i = 0; i < n && !e; i++) {
		(void)snprintf(path, sizeof path, "stage/%s", vt_chunk_path(&v[i].sha256, chunk));
		e = vt_store_remove(h->priv, path);
	}
	return e;
}

/* What was used up goes; then the public checkpoint is the only one. */
static vt_err clean(struct vt_house *h, const struct vt_proposal *p)
{
	struct vt_strings names;
	vt_err e = vt_draft_list(h, &names);

	for (size_t i = 0; i < names.n && !e; i++)
		if (used(h, p, names.v[i]))
			e = vt_draft_remove(h, names.v[i]);
	vt_strings_free_all(&names);
	for (size_t i = 0; i < p->nfresh && !e; i++) {
		const struct vt_content *c = &p->fresh[i].e.u.content;

		if (p->fresh[i].e.kind != VT_ENTRY_CONTENT &&
			p->fresh[i].e.kind != VT_ENTRY_DIRECTIVE)
			continue;
		e = unstage(h, c->full, c->nfull);
		if (!e)
			e = unstage(h, c->delta, c->ndelta);
	}
	if (!e)
		e = vt_store_remove(h->priv, NOTE);
	return e ? e : vt_store_remove(h->priv, PROPOSAL);
}

static vt_err publish(struct vt_house *h, uint64_t size, vt_span note, bool history)
{
	char path[64];
	vt_err e = VT_OK;

	(void)snprintf(path, sizeof path, "history/%" PRIu64, size);
	if (history)
		e = vt_store_write(h->pub, path, note);
	if (!e)
		e = vt_store_write(h->pub, "checkpoint", note);
	return e ? fail(h, "public/checkpoint", e) : VT_OK;
}

static vt_err finish(struct vt_house *h, const struct settings *s, const struct vt_proposal *p,
	bool *out_published)
{
	struct vt_logdir *l = NULL;
	vt_buf note = VT_BUF_INIT(VT_NOTE_MAX);
	vt_err e = vt_logdir_open(h->pub, h->size, &l);
	uint64_t size;
	vt_hash root;

	if (e)
		return fail(h, "public/tile", e);
	e = append(h, p, l);
	if (!e)
		e = pending_note(h, s, l, &note);
	if (!e) {
		struct vt_cosign c = {.h = h,
			.old_size = h->size,
			.log = l,
			.ledger = s->ledger,
			.wait_ms = s->wait_ms};

		vt_logdir_head(l, &c.size, &root);
		e = vt_cosign_all(&c, &note, save_pending, h);
	}
	if (!e)
		e = enough(h, vt_buf_span(&note), out_published);
	vt_logdir_head(l, &size, &root);
	if (!e && *out_published)
		e = publish(h, size, vt_buf_span(&note), true);
	if (!e && *out_published)
		e = clean(h, p);
	else if (!e)
		say_missing(h, vt_buf_span(&note));
	if (!e && *out_published)
		printf("published: %" PRIu64 " entries\n", size);
	vt_logdir_close(l);
	vt_buf_free(&note);
	return e;
}

static vt_err go_on(struct vt_house *h, const struct settings *s, bool *out_published)
{
	vt_buf b = VT_BUF_INIT(VT_PROPOSAL_MAX);
	struct vt_proposal *p = NULL;
	vt_err e = vt_store_read(h->priv, PROPOSAL, VT_PROPOSAL_MAX, &b);

	if (e == VT_END)
		vt_complain(COMMAND, h->path, "nothing is under way: name a signed proposal");
	else if (e)
		e = fail(h, "private/" PROPOSAL, e);
	if (!e)
		e = vt_proposal_read(vt_buf_span(&b), &p);
	if (!e && p->size + p->nfresh + 1 == h->size &&
		vt_hash_eq(&p->final.leaf, &h->state.leaf)) {
		/* stopped between the public checkpoint and cleaning up */
		e = clean(h, p);
		*out_published = true;
	} else if (!e) {
		e = check(h, p);
		if (!e)
			e = publish_chunks(h, p);
		if (!e)
			e = finish(h, s, p, out_published);
	}
	vt_proposal_free(p);
	vt_buf_free(&b);
	return e == VT_END ? VT_EARG : e;
}

/* Refresh -------------------------------------------------------------------------------------- */

static vt_err save_nothing(void *ctx, vt_span note)
{
	(void)ctx;
	(void)note;
	return VT_OK;
}

/* The same checkpoint, cosigned anew: from the log's signature alone. */
static vt_err refresh(struct vt_house *h, const struct settings *s, bool *out_published)
{
	struct vt_checkpoint at = {
		.origin = vt_span_str(h->log.name), .size = h->size, .root = h->hash};
	struct vt_logdir *l = NULL;
	vt_buf note = VT_BUF_INIT(VT_NOTE_MAX);
	vt_err e;

	if (h->size == 0) {
		vt_complain(COMMAND, h->path, "nothing is published yet");
		return VT_EARG;
	}
	e = vt_logdir_open(h->pub, h->size, &l);
	if (e)
		e = fail(h, "public/tile", e);
	if (!e)
		e = write_note(h, s, &at, &note);
	if (!e) {
		struct vt_cosign c = {.h = h,
			.old_size = h->size,
			.size = h->size,
			.log = l,
			.ledger = s->ledger,
			.wait_ms = s->wait_ms};

		e = vt_cosign_all(&c, &note, save_nothing, NULL);
	}
	if (!e)
		e = enough(h, vt_buf_span(&note), out_published);
	if (!e && *out_published)
		e = publish(h, h->size, vt_buf_span(&note), false);
	else if (!e)
		say_missing(h, vt_buf_span(&note));
	vt_logdir_close(l);
	vt_buf_free(&note);
	return e;
}

int vt_publish_cmd_commit(int argc, char **argv)
{
	struct settings s = {.wait_ms = 60000};
	struct vt_strings files = {0};
	struct vt_house h;
	bool published = false;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &files);

	if (!e && (files.n == 0 || (s.refresh && files.n > 1))) {
		fputs(COMMAND ": give DIR\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (e) {
		vt_strings_free(&files);
		return e == VT_END ? VT_EXIT_CLEAN : VT_EXIT_ERROR;
	}
	e = vt_house_open(&h, COMMAND, files.v[0]);
	if (!e && files.n > 1 && vt_store_has(h.priv, NOTE)) {
		vt_complain(COMMAND, h.path,
			"another commit is under way, and others may have seen it: 'commit DIR' "
			"without a proposal goes on with it");
		e = VT_EARG;
	}
	if (!e && s.refresh)
		e = refresh(&h, &s, &published);
	else if (!e && files.n > 1)
		e = take(&h, &files);
	if (!e && !s.refresh)
		e = go_on(&h, &s, &published);
	vt_house_close(&h);
	vt_strings_free(&files);
	return e ? VT_EXIT_ERROR : published ? VT_EXIT_CLEAN : VT_EXIT_FOUND;
}
