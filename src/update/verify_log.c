/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the verified tree, and how they point back at each other: states at the state before,
 * owners at the owners before, versions at the version before. Entries name others by leaf hash,
 * without saying where they are; the state entry that ends each checkpoint does say it of all that
 * was live before, so that looking back from an entry to the nearest state is enough.
 *
 * Why nothing can go back or run ahead: the tree only grows (step 5), so the index of the last
 * entry never falls, and a state counts as newer by its index alone. Versions then must agree: each
 * state is one more than the one it names as the one before, back to the one accepted here, as far
 * as VT_VERIFY_STATES_MAX; beyond that by a bound that needs no entry: between two states of a log
 * there are not more states than entries. So no state can claim a version that honest ones would
 * not reach.
 */
#include <inttypes.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "update/verify_internal.h"

vt_err vt_verify_entry(struct vt_verify *v, uint64_t index, enum vt_refusal r, const char *what,
	struct vt_logged **out)
{
	struct vt_logged *l = vt_arena_alloc(v->job->arena, sizeof *l);
	struct vt_entry_error why = {0};
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	const char *copy;
	vt_err e = l ? vt_tiles_entry(v->tiles, index, &b) : VT_ENOMEM;

	if (e) {
		vt_buf_free(&b);
		return vt_verify_refuse_file(v, e, what);
	}
	vt_merkle_leaf(vt_buf_span(&b), &l->leaf);
	copy = vt_arena_copy(v->job->arena, vt_buf_span(&b));
	l->bytes = vt_span_of(copy, b.n);
	l->index = index;
	vt_buf_free(&b);
	if (!copy)
		return VT_ENOMEM;
	e = vt_entry_parse(l->bytes, v->job->arena, &l->entry, &why);
	if (e == VT_ENOMEM)
		return e;
	if (e)
		return vt_verify_refuse(v, r, "%s (entry %" PRIu64 "), line %u: %s", what, index,
			why.line, why.cause ? why.cause : vt_err_text(e));
	*out = l;
	return VT_OK;
}

/* Looking back --------------------------------------------------------------------------------- */

struct search {
	struct vt_verify *v;
	const vt_hash *leaf;
	uint8_t hex[2 * VT_HASH_SIZE];
	bool found;
	uint64_t index;
};

static const char state_line[] = "vitrine/state/v1\n";

/* A state that names the leaf: where does it say that it is? */
static vt_err look_in_state(struct search *s, vt_span bytes)
{
	vt_arena a = VT_ARENA_INIT((size_t)1 << 20);
	struct vt_entry_error why;
	struct vt_entry e;
	vt_err err = vt_entry_parse(bytes, &a, &e, &why);

	if (!err && e.kind == VT_ENTRY_STATE) {
		const struct vt_state *t = &e.u.state;

		if (vt_hash_eq(&t->root, s->leaf)) {
			s->found = true;
			s->index = t->root_index;
		}
		for (size_t i = 0; i < t->nlive; i++) {
			if (vt_hash_eq(&t->live[i].leaf, s->leaf)) {
				s->found = true;
				s->index = t->live[i].index;
			}
		}
	}
	vt_arena_free(&a);
	return err == VT_ENOMEM ? err : VT_OK;
}

static vt_err look(void *ctx, uint64_t index, vt_span bytes)
{
	struct search *s = ctx;
	size_t at;
	vt_hash leaf;

	vt_merkle_leaf(bytes, &leaf);
	if (vt_hash_eq(&leaf, s->leaf)) {
		s->found = true;
		s->index = index;
		return VT_END;
	}
	if (vt_span_at(bytes, 0, state_line, sizeof state_line - 1) &&
		vt_span_find(bytes, 0, s->hex, sizeof s->hex, &at))
		return look_in_state(s, bytes);
	return VT_OK;
}

vt_err vt_verify_find(struct vt_verify *v, uint64_t before, const vt_hash *leaf, uint64_t *out)
{
	struct search s = {.v = v, .leaf = leaf};
	vt_buf hex = VT_BUF_INIT(sizeof s.hex);
	vt_err e = vt_hex_add(&hex, vt_span_of(leaf->b, sizeof leaf->b));
	vt_hash there;

	if (!e)
		memcpy(s.hex, hex.p, sizeof s.hex);
	vt_buf_free(&hex);
	for (unsigned i = 0; !e && !s.found && before > 0 && i < VT_VERIFY_BACK_BUNDLES; i++) {
		uint64_t first = (before - 1) / VT_TILE_WIDTH * VT_TILE_WIDTH;

		e = vt_tiles_each_entry(v->tiles, first, before, look, &s);
		if (e == VT_END && s.found)
			e = VT_OK;
		else if (e)
			return vt_verify_refuse_file(v, e, "entries of the log");
		before = first;
	}
	if (e)
		return e;
	if (!s.found)
		return VT_END;
	e = vt_tiles_get(v->tiles, 0, s.index, &there);
	if (e == VT_EARG || (!e && !vt_hash_eq(&there, leaf)))
		return VT_END; /* the state lied, or means another tree */
	if (e)
		return vt_verify_refuse_file(v, e, "hashes of the log");
	*out = s.index;
	return VT_OK;
}

/* Owners --------------------------------------------------------------------------------------- */

static vt_err take_root(struct vt_verify *v, uint64_t index, const vt_hash *leaf)
{
	struct vt_logged *l;
	const char *why = "";
	vt_err e;

	if (v->nroots == VT_VERIFY_ROOTS_MAX)
		return vt_verify_refuse(
			v, VT_REFUSED_ROOT, "more than %u changes of owners", VT_VERIFY_ROOTS_MAX);
	e = vt_verify_entry(v, index, VT_REFUSED_ROOT, "the owners' keys", &l);
	if (e)
		return e;
	if (!vt_hash_eq(&l->leaf, leaf) || l->entry.kind != VT_ENTRY_ROOT)
		return vt_verify_refuse(v, VT_REFUSED_ROOT,
			"entry %" PRIu64 " is not the owners' keys that are named", index);
	if (v->nroots > 0) {
		const struct vt_logged *next = v->roots[v->nroots - 1];

		e = next->index > index
			? vt_root_follows(&l->entry, &l->leaf, &next->entry, v->origin, &why)
			: VT_ECHECKSUM;
		if (e == VT_ENOMEM)
			return e;
		if (e)
			return vt_verify_refuse(v, VT_REFUSED_ROOT,
				"the owners' keys of version %" PRIu64
				" don't follow from those of version %" PRIu64 ": %s",
				next->entry.u.root.version, l->entry.u.root.version, why);
	}
	v->roots[v->nroots++] = l;
	return VT_OK;
}

/* The owners before roots[nroots - 1]. */
static vt_err root_before(struct vt_verify *v)
{
	const struct vt_logged *l = v->roots[v->nroots - 1];
	const struct vt_root *r = &l->entry.u.root;
	uint64_t index;
	vt_err e;

	if (!r->previous.set)
		return vt_verify_refuse(v, VT_REFUSED_ROOT,
			"the owners' keys go back to others than the policy's Root");
	e = vt_verify_find(v, l->index, &r->previous.hash, &index);
	if (e == VT_END)
		return vt_verify_refuse(v, VT_REFUSED_ROOT,
			"the owners' keys before those of version %" PRIu64 " are not in the log",
			r->version);
	return e ? e : take_root(v, index, &r->previous.hash);
}

/* From the owners that the state names back to those that this machine believes. */
static vt_err check_roots(struct vt_verify *v, const struct vt_state *s)
{
	const struct vt_trusted *t = v->before;
	bool known = t->has_root && vt_hash_eq(&t->anchor, &v->config->root);
	vt_hash accepted = v->config->root;
	const struct vt_root *r;
	vt_err e;

	if (known)
		vt_merkle_leaf(t->root, &accepted);
	if (t->has_root && s->root_index < t->root_index)
		return vt_verify_refuse(
			v, VT_REFUSED_ROOT, "the owners' keys are older than those seen before");
	e = take_root(v, s->root_index, &s->root);
	while (!e && !vt_hash_eq(&v->roots[v->nroots - 1]->leaf, &accepted))
		e = root_before(v);
	if (e)
		return e;
	/* the newest signed itself too; that is not checked by what follows it */
	r = &v->roots[0]->entry.u.root;
	e = vt_verify_signed(v, v->roots[0], VT_REFUSED_ROOT, "the owners' keys");
	if (!e && r->expires <= v->job->now) {
		char time[VT_TIME_SIZE];

		return vt_verify_refuse(v, VT_REFUSED_ROOT_EXPIRED,
			"the owners' keys expired at %s", vt_time_write(r->expires, time));
	}
	return e;
}

vt_err vt_verify_root_at(struct vt_verify *v, uint64_t index, const struct vt_logged **out)
{
	size_t i = 0;
	vt_err e = VT_OK;

	for (;;) {
		while (i < v->nroots && v->roots[i]->index > index)
			i++;
		if (i < v->nroots)
			break;
		e = root_before(v);
		if (e)
			return e;
	}
	*out = v->roots[i];
	return VT_OK;
}

vt_err vt_verify_signed(
	struct vt_verify *v, const struct vt_logged *l, enum vt_refusal r, const char *what)
{
	const struct vt_logged *root;
	unsigned n = 0;
	vt_err e = vt_verify_root_at(v, l->index, &root);

	if (!e) {
		const struct vt_root *k = &root->entry.u.root;

		e = vt_entry_signers(&l->entry, v->origin, k->keys, k->nkeys, &n);
		if (e == VT_ENOMEM)
			return e;
		if (!e && n >= k->threshold)
			return VT_OK;
		return vt_verify_refuse(v, r,
			"%s (entry %" PRIu64 ") is signed by %u of the %u owners that it takes%s",
			what, l->index, n, k->threshold, e ? ", and one signature is false" : "");
	}
	return e;
}

/* States --------------------------------------------------------------------------------------- */

vt_err vt_verify_state_before(struct vt_verify *v)
{
	const struct vt_logged *l = v->states[v->nstates - 1];
	const struct vt_state *s = &l->entry.u.state, *p;
	struct vt_logged *before;
	uint64_t index;
	vt_err e;

	if (!s->previous.set)
		return s->version == 1
			? VT_END
			: vt_verify_refuse(v, VT_REFUSED_STATE,
				  "state %" PRIu64 " names none before it", s->version);
	if (v->nstates == VT_VERIFY_STATES_MAX)
		return VT_END;
	e = vt_verify_find(v, l->index, &s->previous.hash, &index);
	if (e == VT_END)
		return vt_verify_refuse(v, VT_REFUSED_STATE,
			"the state before state %" PRIu64 " is not in the log", s->version);
	if (!e)
		e = vt_verify_entry(v, index, VT_REFUSED_STATE, "the state before", &before);
	if (e)
		return e;
	p = &before->entry.u.state;
	if (before->entry.kind != VT_ENTRY_STATE || index >= l->index ||
		p->version != s->version - 1 || p->time > s->time)
		return vt_verify_refuse(v, VT_REFUSED_STATE,
			"state %" PRIu64 " does not follow the one that it names as the one before",
			s->version);
	v->states[v->nstates++] = before;
	return VT_OK;
}

/* No state between that was accepted and the newest is skipped, or made up. */
static vt_err check_row(struct vt_verify *v)
{
	const struct vt_trusted_state *t = &v->before->state;
	const struct vt_logged *now = v->states[0];
	const struct vt_state *s = &now->entry.u.state;
	vt_err e = VT_OK;

	if (s->version > now->index + 1)
		return vt_verify_refuse(v, VT_REFUSED_STATE,
			"the log is too short for a state of version %" PRIu64, s->version);
	if (!v->before->has_state) {
		e = vt_verify_state_before(v);
		return e == VT_END ? VT_OK : e;
	}
	if (now->index > t->index &&
		(s->version <= t->version || s->version - t->version > now->index - t->index))
		return vt_verify_refuse(v, VT_REFUSED_STATE,
			"state %" PRIu64 " can't come after state %" PRIu64, s->version,
			t->version);
	while (!e && v->states[v->nstates - 1]->index > t->index)
		e = vt_verify_state_before(v);
	if (e)
		return e == VT_END && v->nstates == VT_VERIFY_STATES_MAX ? VT_OK : e;
	if (!vt_hash_eq(&v->states[v->nstates - 1]->leaf, &t->leaf))
		return vt_verify_refuse(
			v, VT_REFUSED_STATE, "the states don't go back to the one accepted before");
	return VT_OK;
}

static vt_err check_times(struct vt_verify *v, const struct vt_state *s)
{
	char time[VT_TIME_SIZE], now[VT_TIME_SIZE];

	(void)vt_time_write(v->job->now, now);
	if (s->time > v->job->now + v->config->max_future)
		return vt_verify_refuse(v, VT_REFUSED_STATE,
			"state %" PRIu64 " is of %s, now is %s", s->version,
			vt_time_write(s->time, time), now);
	if (s->expires <= v->job->now)
		return vt_verify_refuse(v, VT_REFUSED_EXPIRED,
			"state %" PRIu64 " expired at %s, now is %s", s->version,
			vt_time_write(s->expires, time), now);
	return VT_OK;
}

vt_err vt_verify_newest(struct vt_verify *v)
{
	struct vt_logged *l;
	vt_err e =
		vt_verify_entry(v, v->at->head.at.size - 1, VT_REFUSED_STATE, "the last entry", &l);

	if (e)
		return e;
	if (l->entry.kind != VT_ENTRY_STATE)
		return vt_verify_refuse(v, VT_REFUSED_STATE,
			"the last entry of the checkpoint says %s, not what is live",
			vt_entry_word(l->entry.kind));
	v->states[v->nstates++] = l;
	e = check_roots(v, &l->entry.u.state);
	if (!e)
		e = vt_verify_signed(v, l, VT_REFUSED_STATE, "the state");
	if (!e)
		e = check_row(v);
	return e ? e : check_times(v, &l->entry.u.state);
}
