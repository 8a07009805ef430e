/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/review.h"

#include <inttypes.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/text.h"

/* States that are valid for longer leave a machine that gets no newer one unwarned for as long. */
#define LONG_STATE (INT64_C(31) * 86400)

static void put_label(FILE *f, const char *label, vt_span text)
{
	fprintf(f, "  %s: ", label);
	vt_put_visible(f, text);
	fputc('\n', f);
}

static void put_hash(FILE *f, const vt_hash *h)
{
	for (size_t i = 0; i < sizeof h->b; i++)
		fprintf(f, "%02x", h->b[i]);
}

static void put_key(FILE *f, const char *what, const struct vt_key *k)
{
	vt_buf b = VT_BUF_INIT(1024);

	fprintf(f, "  %s", what);
	if (vt_key_write(&b, k) == VT_OK)
		vt_put_visible(f, vt_buf_span(&b));
	fputc('\n', f);
	vt_buf_free(&b);
}

static void put_names(FILE *f, const struct vt_key *k, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", f);
		vt_put_visible(f, vt_span_str(k[i].name));
	}
}

static void put_files(FILE *f, const struct vt_entry_file *v, size_t n, bool sizes)
{
	for (size_t i = 0; i < n; i++) {
		fputs("  file: ", f);
		vt_put_visible(f, v[i].name);
		if (sizes)
			fprintf(f, ", %" PRIu64 " bytes", v[i].size);
		if (v[i].lines)
			fprintf(f, ", %" PRIu64 " lines", v[i].lines);
		fputs(", SHA-256 ", f);
		put_hash(f, &v[i].sha256);
		fputc('\n', f);
	}
}

static void put_chunks(FILE *f, const char *what, const struct vt_chunk *v, size_t n)
{
	uint64_t raw = 0, packed = 0;

	for (size_t i = 0; i < n; i++) {
		raw += v[i].raw;
		packed += v[i].packed;
	}
	if (n)
		fprintf(f, "  %s: %" PRIu64 " bytes, %" PRIu64 " to transfer\n", what, raw, packed);
}

static vt_err review_content(
	const struct vt_review *r, const struct vt_entry *e, struct vt_review_counts *counts)
{
	const struct vt_content *c = &e->u.content;
	FILE *f = r->to;

	fprintf(f, e->kind == VT_ENTRY_DIRECTIVE ? "DIRECTIVE " : "content ");
	vt_put_visible(f, c->name);
	fprintf(f, ", version %" PRIu64 "\n", c->version);
	if (c->note.n)
		put_label(f, "note", c->note);
	put_files(f, c->files, c->nfiles, true);
	put_chunks(f, "full", c->full, c->nfull);
	put_chunks(f, "delta", c->delta, c->ndelta);
	if (c->ndelta)
		fprintf(f, "  what changes since version %" PRIu64 ":\n", c->from);
	else if (r->delta.n)
		fputs("  what changes since the version before, which this one does not say "
		      "itself:\n",
			f);
	if (r->delta.n)
		return vt_review_delta(r, counts);
	if (r->payload.n) {
		fputs("  all of it:\n", f);
		return vt_review_payload(r, c, counts);
	}
	fputs("  the rules are not at hand: only the files' hashes were seen\n", f);
	return VT_OK;
}

static const struct vt_key *key_of(const struct vt_key *keys, size_t n, const struct vt_key *k)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(keys[i].pub, k->pub, sizeof k->pub) == 0)
			return &keys[i];
	return NULL;
}

/* Keys that come, stay and go; `what` is "key" or "rebuilder". */
static void put_keys(FILE *f, const char *what, const struct vt_key *old, size_t nold,
	const struct vt_key *now, size_t nnow)
{
	char label[64];

	for (size_t i = 0; i < nnow; i++) {
		const struct vt_key *before = key_of(old, nold, &now[i]);

		(void)snprintf(label, sizeof label, "%s %s: ", before ? " " : "+ NEW", what);
		put_key(f, label, &now[i]);
		if (before && strcmp(before->name, now[i].name) != 0) {
			fputs("      RENAMED: it was ", f);
			vt_put_visible(f, vt_span_str(before->name));
			fputc('\n', f);
		}
	}
	for (size_t i = 0; i < nold; i++) {
		if (key_of(now, nnow, &old[i]))
			continue;
		(void)snprintf(label, sizeof label, "- %s GOES: ", what);
		put_key(f, label, &old[i]);
	}
}

static void review_root(const struct vt_review *r, const struct vt_root *now)
{
	static const struct vt_root none;
	const struct vt_root *old = &none;
	char text[VT_TIME_SIZE];
	FILE *f = r->to;

	if (r->before && r->before->kind == VT_ENTRY_ROOT)
		old = &r->before->u.root;
	else if (r->root && r->root->kind == VT_ENTRY_ROOT)
		old = &r->root->u.root;
	fprintf(f, "ROOT version %" PRIu64 ": WHO THE OWNERS ARE\n", now->version);
	fprintf(f, "  expires: %s\n", vt_time_write(now->expires, text));
	fprintf(f, "  %u of %zu owners must sign from now on", now->threshold, now->nkeys);
	if (old->version && old->threshold != now->threshold)
		fprintf(f, "; %s: it was %u of %zu",
			now->threshold < old->threshold ? "FEWER" : "more", old->threshold,
			old->nkeys);
	fputc('\n', f);
	put_keys(f, "key", old->keys, old->nkeys, now->keys, now->nkeys);
	put_keys(f, "rebuilder", old->rebuilders, old->nrebuilders, now->rebuilders,
		now->nrebuilders);
	if (now->version > 1 && !old->version)
		fputs("  the root before is not at hand: keys that are new can't be told\n", f);
}

static void review_release(const struct vt_review *r, const struct vt_release *x)
{
	fputs("RELEASE of the program ", r->to);
	vt_put_visible(r->to, x->name);
	fputc('\n', r->to);
	put_label(r->to, "version", x->version);
	put_label(r->to, "source", x->source);
	if (x->buildinfo.set) {
		fputs("  buildinfo: SHA-256 ", r->to);
		put_hash(r->to, &x->buildinfo.hash);
		fputc('\n', r->to);
	} else {
		fputs("  NO BUILDINFO: nobody can repeat this build exactly\n", r->to);
	}
	put_files(r->to, x->files, x->nfiles, true);
}

static void review_attest(const struct vt_review *r, const struct vt_attest *x)
{
	fputs("attest: a rebuilder got these files from the sources of release ", r->to);
	put_hash(r->to, &x->release);
	fputc('\n', r->to);
	put_files(r->to, x->files, x->nfiles, false);
}

static void review_withdraw(const struct vt_review *r, const struct vt_withdraw *w)
{
	FILE *f = r->to;

	fputs("WITHDRAWS, at once and everywhere, ", f);
	if (w->what == VT_WITHDRAW_RULE) {
		fputs("one rule of ", f);
		vt_put_visible(f, w->name);
		fputc('/', f);
		vt_put_visible(f, w->file);
		fputs("\n  its line: SHA-256 ", f);
		put_hash(f, &w->line);
		fputc('\n', f);
	} else {
		fprintf(f,
			w->what == VT_ENTRY_RELEASE ? "release %" PRIu64 " of "
						    : "version %" PRIu64 " of ",
			w->version);
		fprintf(f, "%s ", vt_entry_word(w->what));
		vt_put_visible(f, w->name);
		fputc('\n', f);
	}
	put_label(f, "reason", w->reason);
}

static void put_live(FILE *f, char sign, const struct vt_live *l)
{
	fprintf(f, "  %c live: %s, entry %" PRIu64 ", ", sign, vt_entry_word(l->kind), l->index);
	put_hash(f, &l->leaf);
	fputs(sign == '-' ? " is NO LONGER LIVE\n" : "\n", f);
}

static bool has_live(const struct vt_state *s, const struct vt_live *l)
{
	for (size_t i = 0; s && i < s->nlive; i++)
		if (s->live[i].index == l->index && vt_hash_eq(&s->live[i].leaf, &l->leaf))
			return true;
	return false;
}

static void review_state(const struct vt_review *r, const struct vt_state *s)
{
	const struct vt_state *old =
		r->before && r->before->kind == VT_ENTRY_STATE ? &r->before->u.state : NULL;
	char from[VT_TIME_SIZE], until[VT_TIME_SIZE];

	fprintf(r->to, "state version %" PRIu64 " of %s, until %s\n", s->version,
		vt_time_write(s->time, from), vt_time_write(s->expires, until));
	if (s->expires - s->time > LONG_STATE)
		fprintf(r->to,
			"  VALID FOR LONG: %" PRId64 " days in which a machine that is kept from"
			" newer ones does not notice\n",
			(s->expires - s->time) / 86400);
	if (old && (old->root_index != s->root_index || !vt_hash_eq(&old->root, &s->root)))
		fputs("  ANOTHER ROOT is in force than before\n", r->to);
	fprintf(r->to, "  root: entry %" PRIu64 ", ", s->root_index);
	put_hash(r->to, &s->root);
	fputc('\n', r->to);
	for (size_t i = 0; i < s->nlive; i++)
		put_live(r->to, old && has_live(old, &s->live[i]) ? ' ' : '+', &s->live[i]);
	for (size_t i = 0; old && i < old->nlive; i++)
		if (!has_live(s, &old->live[i]))
			put_live(r->to, '-', &old->live[i]);
	if (s->nlive == 0)
		fputs("  NOTHING IS LIVE\n", r->to);
}

/* Who must sign, and who has: each key alone, so that a false signature has a name. */
static void put_signers(const struct vt_review *r, const struct vt_entry *e, const char *whose,
	unsigned threshold, const struct vt_key *keys, size_t nkeys)
{
	unsigned good = 0;

	fprintf(r->to, "  must be signed by %u of%s: ", threshold, whose);
	put_names(r->to, keys, nkeys);
	fputc('\n', r->to);
	for (size_t i = 0; r->origin.n && i < nkeys; i++) {
		unsigned n = 0;
		vt_err err = vt_entry_signers(e, r->origin, &keys[i], 1, &n);

		if (!err && !n)
			continue;
		fputs(err ? "  FALSE SIGNATURE in the name of " : "  signed by ", r->to);
		vt_put_visible(r->to, vt_span_str(keys[i].name));
		fputc('\n', r->to);
		good += n;
	}
	if (r->origin.n && good < threshold)
		fprintf(r->to, "  %u MORE must sign\n", threshold - good);
}

static void put_all_signers(const struct vt_review *r, const struct vt_entry *e)
{
	const struct vt_root *root =
		r->root && r->root->kind == VT_ENTRY_ROOT ? &r->root->u.root : NULL;

	if (e->kind == VT_ENTRY_ROOT)
		put_signers(r, e, " its own keys", e->u.root.threshold, e->u.root.keys,
			e->u.root.nkeys);
	if (root && e->kind == VT_ENTRY_ATTEST)
		put_signers(r, e, " the rebuilders", 1, root->rebuilders, root->nrebuilders);
	else if (root && (e->kind != VT_ENTRY_ROOT || e->u.root.version > 1))
		put_signers(r, e, " the owners", root->threshold, root->keys, root->nkeys);
	for (size_t i = 0; !root && e->kind != VT_ENTRY_ROOT && i < e->nsigs; i++)
		put_label(r->to, "a signature in the name of (not checked)", e->sigs[i].name);
}

vt_err vt_review(
	const struct vt_review *r, const struct vt_entry *e, struct vt_review_counts *out_counts)
{
	struct vt_review_counts counts = {0};
	vt_err err = VT_OK;

	switch (e->kind) {
	case VT_ENTRY_ROOT: review_root(r, &e->u.root); break;
	case VT_ENTRY_CONTENT:
	case VT_ENTRY_DIRECTIVE: err = review_content(r, e, &counts); break;
	case VT_ENTRY_RELEASE: review_release(r, &e->u.release); break;
	case VT_ENTRY_ATTEST: review_attest(r, &e->u.attest); break;
	case VT_ENTRY_WITHDRAW: review_withdraw(r, &e->u.withdraw); break;
	case VT_ENTRY_STATE: review_state(r, &e->u.state); break;
	case VT_ENTRY_KINDS: return VT_EARG;
	}
	if (err)
		return err;
	put_all_signers(r, e);
	if (ferror(r->to))
		return VT_EIO;
	*out_counts = counts;
	return VT_OK;
}
