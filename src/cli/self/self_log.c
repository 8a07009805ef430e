/* SPDX-License-Identifier: Apache-2.0 */
/* The release of the program in a log, the owners who signed it, and the rebuilders. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/self/self.h"
#include "tlog/proof.h"

static vt_err fail(struct vt_self *f, vt_err e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static vt_err fail(struct vt_self *f, vt_err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->why, sizeof f->why, fmt, ap);
	va_end(ap);
	return e;
}

/* What reading entries of the place failed with. */
static vt_err fail_place(struct vt_self *f, const struct vt_log_place *p, vt_err e)
{
	if (e == VT_ENOMEM || e == VT_OK || f->why[0])
		return e;
	if (e == VT_EUNSUPPORTED)
		return fail(f, VT_ECHECKSUM, "an entry of the log is malformed");
	vt_log_place_why(p, e, f->why);
	return e == VT_ECHECKSUM ? e : VT_END;
}

/* Rebuilders ----------------------------------------------------------------------------------- */

/* The first file of the release that the attest has otherwise, or has not. */
static const struct vt_entry_file *other_file(const struct vt_release *r, const struct vt_attest *t)
{
	for (size_t i = 0; i < r->nfiles; i++) {
		size_t k = 0;

		while (k < t->nfiles && !vt_span_eq(t->files[k].name, r->files[i].name))
			k++;
		if (k == t->nfiles || !vt_hash_eq(&t->files[k].sha256, &r->files[i].sha256))
			return &r->files[i];
	}
	return NULL;
}

static vt_err add_attest(
	struct vt_self *f, const struct vt_seen *s, const struct vt_key *by, vt_span name)
{
	const struct vt_entry_file *other = other_file(&f->release->e.u.release, &s->e.u.attest);
	struct vt_self_attest *v, a = {.index = s->index, .checked = by != NULL};

	if (f->nattests == VT_COUNT(f->strings))
		return VT_OK; /* more than anybody reads */
	v = reallocarray(f->attests, f->nattests + 1, sizeof *v);
	if (!v)
		return VT_ENOMEM;
	f->attests = v;
	if (other) {
		char *copy = strndup((const char *)other->name.p, other->name.n);

		if (!copy)
			return VT_ENOMEM;
		f->strings[f->nattests] = copy;
		a.differs = copy;
	}
	memcpy(a.who, name.p, vt_min_size(name.n, VT_KEY_NAME_MAX));
	v[f->nattests++] = a;
	return VT_OK;
}

/* An attest about the release; who of the root's rebuilders signed it? */
static vt_err see_attest(struct vt_self *f, const struct vt_seen *s, const struct vt_seen *root)
{
	const struct vt_root *r = root ? &root->e.u.root : NULL;
	vt_span origin = vt_span_str(f->log);
	vt_err e = VT_OK;

	if (!vt_hash_eq(&s->e.u.attest.release, &f->release->leaf))
		return VT_OK;
	for (size_t i = 0; r && i < r->nrebuilders && !e; i++) {
		const struct vt_key *k = &r->rebuilders[i];
		unsigned n = 0;

		if (vt_entry_signers(&s->e, origin, k, 1, &n) == VT_OK && n > 0)
			e = add_attest(f, s, k, vt_span_str(k->name));
	}
	for (size_t i = 0; !r && i < s->e.nsigs && !e; i++)
		e = add_attest(f, s, NULL, s->e.sigs[i].name);
	return e;
}

/* From a place --------------------------------------------------------------------------------- */

struct walk {
	struct vt_self *f;
	const struct vt_seen *root; /* in force while entries are read; owned by `own` if new */
	struct vt_seen *own;
};

static bool begins_with(vt_span bytes, const char *kind)
{
	return vt_span_at(bytes, 0, kind, strlen(kind));
}

/* Entries behind the release: attests, and roots that follow. */
static vt_err see_later(void *ctx, uint64_t index, vt_span bytes)
{
	struct walk *w = ctx;
	struct vt_seen *s;
	const char *why;
	vt_err e;

	if (!begins_with(bytes, "vitrine/attest/v1\n") && !begins_with(bytes, "vitrine/root/v1\n"))
		return VT_OK;
	e = vt_seen_new(index, bytes, &s, &why);
	if (e)
		return e == VT_EFORMAT ? VT_OK : e;
	if (s->e.kind == VT_ENTRY_ATTEST) {
		e = see_attest(w->f, s, w->root);
		vt_seen_free(s);
		return e;
	}
	if (vt_root_follows(&w->root->e, &w->root->leaf, &s->e, vt_span_str(w->f->log), &why)) {
		vt_seen_free(s);
		return fail(w->f, VT_ECHECKSUM, "the owners' keys of entry %" PRIu64 ": %s", index,
			why);
	}
	vt_seen_free(w->own);
	w->own = s;
	w->root = s;
	return VT_OK;
}

/* From the log's first root to that which was in force for the release. */
static vt_err see_root(void *ctx, uint64_t index, vt_span bytes)
{
	struct walk *w = ctx;
	struct vt_seen *s;
	const char *why;
	vt_err e;

	if (!begins_with(bytes, "vitrine/root/v1\n"))
		return VT_OK;
	e = vt_seen_new(index, bytes, &s, &why);
	if (e)
		return e == VT_EFORMAT ? fail(w->f, VT_ECHECKSUM, "a root is malformed: %s", why)
				       : e;
	if (vt_root_follows(w->own ? &w->own->e : NULL, w->own ? &w->own->leaf : NULL, &s->e,
		    vt_span_str(w->f->log), &why)) {
		vt_seen_free(s);
		return fail(w->f, VT_ECHECKSUM, "the owners' keys of entry %" PRIu64 ": %s", index,
			why);
	}
	vt_seen_free(w->own);
	w->own = s;
	return VT_OK;
}

static vt_err check_first(struct vt_self *f, struct vt_audit *a, const vt_hash *first)
{
	struct walk w = {.f = f};
	vt_hash leaf;
	vt_err e = vt_tiles_get(a->tiles, 0, 0, &leaf);

	if (!e && !vt_hash_eq(&leaf, first))
		e = fail(f, VT_ECHECKSUM, "the log's first root is not the one to be believed");
	if (!e)
		e = vt_tiles_each_entry(a->tiles, 0, f->root->index + 1, see_root, &w);
	if (!e && (!w.own || !vt_hash_eq(&w.own->leaf, &f->root->leaf)))
		e = fail(f, VT_ECHECKSUM, "the owners' keys don't go back to the first root");
	vt_seen_free(w.own);
	return e;
}

/* The state that was published together with entry `index`, and the root that it names. */
static vt_err find_root(struct vt_self *f, struct vt_audit *a, uint64_t index)
{
	struct vt_seen *s = NULL;
	vt_err e = VT_OK;

	while (!e && ++index < f->size) {
		vt_seen_free(s);
		s = NULL;
		e = vt_audit_load(a, index, &s);
		if (!e && s->e.kind == VT_ENTRY_STATE)
			break;
	}
	if (!e && (!s || s->e.kind != VT_ENTRY_STATE))
		e = fail(f, VT_ECHECKSUM, "no state comes after the release");
	if (!e)
		e = vt_audit_load(a, s->e.u.state.root_index, &f->root);
	if (!e &&
		(f->root->e.kind != VT_ENTRY_ROOT ||
			!vt_hash_eq(&f->root->leaf, &s->e.u.state.root)))
		e = fail(f, VT_ECHECKSUM, "the state after the release names no root");
	vt_seen_free(s);
	return e;
}

static vt_err check_signed(
	struct vt_self *f, const struct vt_seen *root, const struct vt_seen *s, const char *what)
{
	const struct vt_root *r = &root->e.u.root;
	unsigned n = 0;

	if (vt_entry_signers(&s->e, vt_span_str(f->log), r->keys, r->nkeys, &n) || n < r->threshold)
		return fail(f, VT_ECHECKSUM, "%s is signed by %u of the %u owners that it takes",
			what, n, r->threshold);
	return VT_OK;
}

/* The live release of that name: of this program's version, else the newest. */
static vt_err find_release(struct vt_self *f, struct vt_audit *a, const struct vt_seen *state)
{
	const struct vt_state *s = &state->e.u.state;
	vt_span name = vt_span_str(f->s->name), version = vt_span_str(VITRINE_VERSION);
	vt_err e = VT_OK;

	for (size_t i = s->nlive; i-- > 0 && !e;) {
		struct vt_seen *x = NULL;

		if (s->live[i].kind != VT_ENTRY_RELEASE)
			continue;
		e = vt_audit_load(a, s->live[i].index, &x);
		if (!e &&
			(x->e.kind != VT_ENTRY_RELEASE || !vt_hash_eq(&x->leaf, &s->live[i].leaf)))
			e = fail(f, VT_ECHECKSUM, "entry %" PRIu64 " is not the release",
				s->live[i].index);
		if (!e && vt_span_eq(x->e.u.release.name, name) &&
			(!f->release || vt_span_eq(x->e.u.release.version, version))) {
			vt_seen_free(f->release);
			f->release = x;
			x = NULL;
		}
		vt_seen_free(x);
	}
	if (!e && !f->release)
		e = fail(f, VT_END, "no release of %s is live in the log", f->s->name);
	f->live = !e;
	return e;
}

static vt_err look_through(
	struct vt_self *f, struct vt_audit *a, const vt_hash *first, struct vt_seen **out_state)
{
	struct walk w = {.f = f};
	vt_err e = vt_audit_load(a, f->size - 1, out_state);
	const struct vt_seen *state = *out_state;

	if (!e && state->e.kind != VT_ENTRY_STATE)
		e = fail(f, VT_ECHECKSUM, "the log's last entry is not a state");
	if (!e)
		e = find_release(f, a, state);
	if (!e)
		e = find_root(f, a, f->release->index);
	if (!e && first)
		e = check_first(f, a, first);
	if (!e)
		e = check_signed(f, f->root, f->release, "the release");
	w.root = f->root;
	if (!e)
		e = vt_tiles_each_entry(a->tiles, f->release->index + 1, f->size, see_later, &w);
	if (!e &&
		(state->e.u.state.root_index != w.root->index ||
			!vt_hash_eq(&state->e.u.state.root, &w.root->leaf)))
		e = fail(f, VT_ECHECKSUM, "the state does not name the root in force");
	if (!e)
		e = check_signed(f, w.root, state, "the state");
	vt_seen_free(w.own);
	return e;
}

vt_err vt_self_from_place(struct vt_self *f, struct vt_log_place *p, const vt_hash *first_root)
{
	struct vt_audit a = {.tiles = p->tiles};
	struct vt_seen *state = NULL;
	vt_err e;

	(void)snprintf(f->log, sizeof f->log, "%s", p->at.log->name);
	f->size = p->at.head.at.size;
	f->head_time = p->at.time;
	if (f->size == 0)
		return fail(f, VT_END, "the log is empty");
	e = look_through(f, &a, first_root, &state);
	f->signed_by_owners = !e;
	if (!e)
		f->expires = state->e.u.state.expires;
	vt_seen_free(state);
	return fail_place(f, p, e);
}

/* From files ----------------------------------------------------------------------------------- */

/* An entry with its proof, both files of the caller's. */
static vt_err take_proven(struct vt_self *f, const struct vt_log_trust *t, const char *command,
	size_t i, struct vt_seen **out)
{
	vt_buf entry = VT_BUF_INIT(VT_LOG_FILE_MAX), proof = VT_BUF_INIT(VT_LOG_FILE_MAX);
	const char *name = f->s->entries.v[i], *why;
	struct vt_head head;
	uint64_t index, time = 0;
	bool enough;
	vt_err e = vt_log_read_file(command, name, &entry);

	if (!e)
		e = vt_log_read_file(command, f->s->proofs.v[i], &proof);
	if (!e &&
		vt_proof_file_check(vt_buf_span(&proof), vt_buf_span(&entry), t->p, &head,
			&index) != VT_PROOF_OK)
		e = fail(f, VT_ECHECKSUM,
			"%.200s does not prove that %.200s is in a log of the policy",
			f->s->proofs.v[i], name);
	if (!e && f->log[0] && !vt_span_eq(head.at.origin, vt_span_str(f->log)))
		e = fail(f, VT_ECHECKSUM, "%.200s is of another log", name);
	if (!e) {
		(void)snprintf(f->log, sizeof f->log, "%.*s", (int)head.at.origin.n,
			(const char *)head.at.origin.p);
		if (vt_policy_check(t->p, t->p->quorum, &head.note, &enough, &time) == VT_OK)
			f->head_time = vt_max_u64(f->head_time, time);
		f->size = vt_max_u64(f->size, head.at.size);
		e = vt_seen_new(index, vt_buf_span(&entry), out, &why);
		if (e == VT_EFORMAT)
			e = fail(f, VT_ECHECKSUM, "%.200s: %s", name, why);
	}
	vt_buf_free(&entry);
	vt_buf_free(&proof);
	return e;
}

/* Which of the entries is the release, which a root: the newest root before it counts. */
static vt_err sort_out(struct vt_self *f, struct vt_seen **v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i]->e.kind != VT_ENTRY_RELEASE)
			continue;
		if (f->release)
			return fail(f, VT_END, "more than one --entry is a release");
		f->release = v[i];
		v[i] = NULL;
		break;
	}
	if (!f->release)
		return fail(f, VT_END, "none of the --entry files is a release");
	for (size_t i = 0; i < n; i++) {
		if (!v[i] || v[i]->e.kind != VT_ENTRY_ROOT || v[i]->index > f->release->index ||
			(f->root && f->root->index > v[i]->index))
			continue;
		vt_seen_free(f->root);
		f->root = v[i];
		v[i] = NULL;
	}
	return VT_OK;
}

vt_err vt_self_from_proofs(struct vt_self *f, const struct vt_log_trust *t, const char *command)
{
	size_t n = f->s->entries.n;
	struct vt_seen **v = calloc(n, sizeof *v);
	vt_err e = v ? VT_OK : VT_ENOMEM;

	for (size_t i = 0; i < n && !e; i++)
		e = take_proven(f, t, command, i, &v[i]);
	if (!e)
		e = sort_out(f, v, n);
	if (!e && f->root) {
		e = check_signed(f, f->root, f->release, "the release");
		f->signed_by_owners = !e;
	}
	for (size_t i = 0; i < n && !e; i++)
		if (v[i] && v[i]->e.kind == VT_ENTRY_ATTEST)
			e = see_attest(f, v[i], f->root);
	for (size_t i = 0; v && i < n; i++)
		vt_seen_free(v[i]);
	free(v);
	return e;
}
