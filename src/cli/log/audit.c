/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log/audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/log/log.h"

#define ENTRY_MEMORY ((size_t)4 << 20)

static const struct {
	const char *word, *sentence;
} alerts[] = {
#define VT_LOG_ALERT(ID, word, what) {word, what},
#include "cli/log/alerts.def"
#undef VT_LOG_ALERT
};

const char *vt_log_alert_word(enum vt_log_alert a)
{
	return alerts[a].word;
}

const char *vt_log_alert_sentence(enum vt_log_alert a)
{
	return alerts[a].sentence;
}

/* Entries -------------------------------------------------------------------------------------- */

void vt_seen_free(struct vt_seen *s)
{
	if (!s)
		return;
	vt_buf_free(&s->bytes);
	vt_arena_free(&s->a);
	free(s);
}

vt_err vt_seen_new(uint64_t index, vt_span bytes, struct vt_seen **out, const char **why)
{
	struct vt_entry_error wrong = {0};
	struct vt_seen *s = calloc(1, sizeof *s);
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	s->index = index;
	s->bytes = (vt_buf)VT_BUF_INIT(VT_ENTRY_MAX);
	s->a = (vt_arena)VT_ARENA_INIT(ENTRY_MEMORY);
	e = vt_buf_add(&s->bytes, bytes.p, bytes.n);
	if (!e) {
		vt_merkle_leaf(vt_buf_span(&s->bytes), &s->leaf);
		e = vt_entry_parse(vt_buf_span(&s->bytes), &s->a, &s->e, &wrong);
	}
	if (e) {
		vt_seen_free(s);
		*why = wrong.cause ? wrong.cause : vt_err_text(e);
		return e == VT_ENOMEM ? e : VT_EFORMAT;
	}
	*out = s;
	return VT_OK;
}

const char *vt_audit_title(const struct vt_seen *s, char out[VT_AUDIT_TITLE_MAX])
{
	vt_log_entry_title(&s->e, out);
	return out;
}

bool vt_audit_is_set(const struct vt_entry *e)
{
	return e->kind == VT_ENTRY_CONTENT || e->kind == VT_ENTRY_DIRECTIVE;
}

void vt_audit_tell(struct vt_audit *a, enum vt_log_alert what, uint64_t index, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	a->tell(a->ctx, what, index, text);
}

vt_err vt_audit_load(struct vt_audit *a, uint64_t index, struct vt_seen **out)
{
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	const char *why;
	vt_err e = vt_tiles_entry(a->tiles, index, &b);

	if (!e) {
		e = vt_seen_new(index, vt_buf_span(&b), out, &why);
		if (e == VT_EFORMAT)
			e = VT_EUNSUPPORTED;
	}
	vt_buf_free(&b);
	return e;
}

void vt_audit_free(struct vt_audit *a)
{
	for (size_t i = 0; i < a->nlive; i++)
		vt_seen_free(a->live[i]);
	vt_seen_free(a->root);
	vt_seen_free(a->state);
	free(a->sets);
	a->root = a->state = NULL;
	a->sets = NULL;
	a->nlive = a->nsets = 0;
}

static vt_err again(struct vt_audit *a, enum vt_entry_kind kind, uint64_t index,
	const vt_hash *leaf, struct vt_seen **out)
{
	struct vt_seen *s;
	vt_err e = vt_audit_load(a, index, &s);

	if (e)
		return e == VT_EUNSUPPORTED ? VT_EARG : e;
	if (s->e.kind != kind || !vt_hash_eq(&s->leaf, leaf)) {
		vt_seen_free(s);
		return VT_EARG;
	}
	*out = s;
	return VT_OK;
}

vt_err vt_audit_resume(struct vt_audit *a, bool has_root, uint64_t root_index, const vt_hash *root,
	bool has_state, uint64_t state_index, const vt_hash *state)
{
	vt_err e = VT_OK;

	if (has_root)
		e = again(a, VT_ENTRY_ROOT, root_index, root, &a->root);
	if (!e && has_state)
		e = again(a, VT_ENTRY_STATE, state_index, state, &a->state);
	return !e && has_state ? vt_audit_load_live(a) : e;
}

/* Sets ----------------------------------------------------------------------------------------- */

const struct vt_seen_set *vt_audit_set(
	const struct vt_audit *a, enum vt_entry_kind kind, vt_span name)
{
	for (size_t i = 0; i < a->nsets; i++)
		if (a->sets[i].kind == kind && vt_span_eq(vt_span_str(a->sets[i].name), name))
			return &a->sets[i];
	return NULL;
}

vt_err vt_audit_add_set(struct vt_audit *a, const struct vt_seen_set *s)
{
	struct vt_seen_set *v;

	for (size_t i = 0; i < a->nsets; i++) {
		if (a->sets[i].kind == s->kind && strcmp(a->sets[i].name, s->name) == 0) {
			a->sets[i] = *s;
			return VT_OK;
		}
	}
	v = reallocarray(a->sets, a->nsets + 1, sizeof *v);
	if (!v)
		return VT_ENOMEM;
	v[a->nsets++] = *s;
	a->sets = v;
	return VT_OK;
}

static vt_err see_version(struct vt_audit *a, const struct vt_seen *s)
{
	const struct vt_content *c = &s->e.u.content;
	const struct vt_seen_set *before = vt_audit_set(a, s->e.kind, c->name);
	struct vt_seen_set now = {
		.kind = s->e.kind, .version = c->version, .index = s->index, .leaf = s->leaf};

	if (c->version != (before ? before->version + 1 : 1) ||
		c->previous.set != (before != NULL) ||
		(before && !vt_hash_eq(&before->leaf, &c->previous.hash)))
		vt_audit_tell(a, VT_LOG_VERSION, s->index, "does not follow the version before");
	if (c->ndelta && (!before || c->from != before->version))
		vt_audit_tell(a, VT_LOG_VERSION, s->index,
			"its delta does not start from the version before");
	for (size_t i = 0; i < c->nfiles; i++) {
		vt_span n = c->files[i].name;

		if (n.n >= 10 && vt_span_at(n, n.n - 10, ".withdrawn", 10))
			vt_audit_tell(a, VT_LOG_CONTENT, s->index,
				"carries a list of withdrawn rules, which no set may");
	}
	memcpy(now.name, c->name.p, vt_min_size(c->name.n, VT_ENTRY_NAME_MAX));
	return vt_audit_add_set(a, &now);
}

/* Owners --------------------------------------------------------------------------------------- */

static void check_signed(struct vt_audit *a, const struct vt_seen *s)
{
	bool attest = s->e.kind == VT_ENTRY_ATTEST;
	const struct vt_root *root;
	unsigned n = 0, need;

	if (!a->root) {
		vt_audit_tell(a, VT_LOG_SIGNATURE, s->index, "there is no root before it");
		return;
	}
	root = &a->root->e.u.root;
	need = attest ? 1 : root->threshold;
	if (vt_entry_signers(&s->e, a->origin, attest ? root->rebuilders : root->keys,
		    attest ? root->nrebuilders : root->nkeys, &n))
		vt_audit_tell(a, VT_LOG_SIGNATURE, s->index, "a signature does not verify");
	else if (n < need)
		vt_audit_tell(
			a, VT_LOG_SIGNATURE, s->index, "signed by %u where %u are needed", n, need);
}

static bool has_key(const struct vt_key *v, size_t n, const struct vt_key *k)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(v[i].pub, k->pub, sizeof k->pub) == 0)
			return true;
	return false;
}

static void tell_keys(struct vt_audit *a, const struct vt_seen *s, const char *whose,
	const struct vt_key *old, size_t nold, const struct vt_key *now, size_t nnow)
{
	for (size_t i = 0; i < nnow; i++)
		if (!has_key(old, nold, &now[i]))
			vt_audit_tell(a, VT_LOG_NEW_KEY, s->index, "a new key of %s: %s", whose,
				now[i].name);
	for (size_t i = 0; i < nold; i++)
		if (!has_key(now, nnow, &old[i]))
			vt_audit_tell(a, VT_LOG_OWNERS, s->index, "a key of %s goes: %s", whose,
				old[i].name);
}

static void check_root(struct vt_audit *a, const struct vt_seen *s)
{
	const struct vt_root *now = &s->e.u.root, *old;
	const char *why;

	if (vt_root_follows(a->root ? &a->root->e : NULL, a->root ? &a->root->leaf : NULL, &s->e,
		    a->origin, &why))
		vt_audit_tell(a, VT_LOG_ROOT, s->index, "%s", why);
	if (!a->root && s->index)
		vt_audit_tell(
			a, VT_LOG_ROOT, s->index, "the first root is not the log's first entry");
	if (!a->root)
		return;
	old = &a->root->e.u.root;
	tell_keys(a, s, "an owner", old->keys, old->nkeys, now->keys, now->nkeys);
	tell_keys(a, s, "a rebuilder", old->rebuilders, old->nrebuilders, now->rebuilders,
		now->nrebuilders);
	if (now->threshold != old->threshold)
		vt_audit_tell(a, VT_LOG_OWNERS, s->index,
			"%u owners must sign from now on; it was %u", now->threshold,
			old->threshold);
}

/* States, withdrawals, releases ---------------------------------------------------------------- */

static void check_state(struct vt_audit *a, const struct vt_seen *s)
{
	const struct vt_state *now = &s->e.u.state;
	const struct vt_state *old = a->state ? &a->state->e.u.state : NULL;

	if (now->version != (old ? old->version + 1 : 1) || now->previous.set != (old != NULL) ||
		(old && !vt_hash_eq(&now->previous.hash, &a->state->leaf)))
		vt_audit_tell(a, VT_LOG_STATE, s->index, "does not follow the state before");
	if (now->expires <= now->time || (old && now->time < old->time))
		vt_audit_tell(a, VT_LOG_STATE, s->index, "its times are not in order");
	if (!a->root || now->root_index != a->root->index ||
		!vt_hash_eq(&now->root, &a->root->leaf))
		vt_audit_tell(a, VT_LOG_STATE, s->index, "does not name the root in force");
}

static void tell_withdrawal(struct vt_audit *a, const struct vt_seen *s)
{
	const struct vt_withdraw *w = &s->e.u.withdraw;
	char title[VT_AUDIT_TITLE_MAX];

	vt_audit_tell(a, VT_LOG_WITHDRAWAL, s->index, "%s: %.*s", vt_audit_title(s, title),
		(int)vt_min_size(w->reason.n, 400), (const char *)w->reason.p);
}

/* The release that an attest names: among what is live, which is where it matters. */
static void check_attest(struct vt_audit *a, const struct vt_seen *s)
{
	const struct vt_attest *t = &s->e.u.attest;
	const struct vt_release *r = NULL;

	for (size_t i = 0; i < a->nlive; i++)
		if (a->live[i]->e.kind == VT_ENTRY_RELEASE &&
			vt_hash_eq(&a->live[i]->leaf, &t->release))
			r = &a->live[i]->e.u.release;
	for (size_t i = 0; r && i < t->nfiles; i++) {
		const struct vt_entry_file *f = &t->files[i];
		size_t k = 0;

		while (k < r->nfiles && !vt_span_eq(r->files[k].name, f->name))
			k++;
		if (k == r->nfiles || !vt_hash_eq(&r->files[k].sha256, &f->sha256))
			vt_audit_tell(a, VT_LOG_REBUILD, s->index,
				"got other bytes for %.*s than the release has", (int)f->name.n,
				(const char *)f->name.p);
	}
}

static void replace(struct vt_seen **place, struct vt_seen **io_seen, struct vt_seen **out_before)
{
	*out_before = *place;
	*place = *io_seen;
	*io_seen = NULL;
}

vt_err vt_audit_entry(struct vt_audit *a, struct vt_seen **io_seen, struct vt_seen **out_before)
{
	struct vt_seen *s = *io_seen;
	vt_err e = VT_OK;

	*out_before = NULL;
	if (s->e.kind != VT_ENTRY_ROOT)
		check_signed(a, s);
	switch (s->e.kind) {
	case VT_ENTRY_ROOT:
		check_root(a, s);
		replace(&a->root, io_seen, out_before);
		break;
	case VT_ENTRY_CONTENT:
	case VT_ENTRY_DIRECTIVE: e = see_version(a, s); break;
	case VT_ENTRY_WITHDRAW: tell_withdrawal(a, s); break;
	case VT_ENTRY_ATTEST: check_attest(a, s); break;
	case VT_ENTRY_STATE:
		check_state(a, s);
		e = vt_audit_live(a, s);
		if (!e)
			replace(&a->state, io_seen, out_before);
		break;
	case VT_ENTRY_RELEASE:
	case VT_ENTRY_KINDS: break;
	}
	return e;
}
