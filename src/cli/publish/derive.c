/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/publish/derive.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"

const struct vt_entry *vt_proposal_root(const struct vt_proposal *p)
{
	if (p->nfresh > 0 && p->fresh[0].e.kind == VT_ENTRY_ROOT)
		return &p->fresh[0].e;
	return p->has_base ? &p->root.e : NULL;
}

bool vt_withdraws(const struct vt_withdraw *w, const struct vt_entry *e, uint64_t index)
{
	if (w->what != e->kind || w->what == VT_WITHDRAW_RULE)
		return false;
	if (e->kind == VT_ENTRY_RELEASE)
		return w->version == index;
	return (e->kind == VT_ENTRY_CONTENT || e->kind == VT_ENTRY_DIRECTIVE) &&
		w->version == e->u.content.version && vt_span_eq(w->name, e->u.content.name);
}

static bool live_as(const struct vt_state *s, const struct vt_item *i)
{
	for (size_t k = 0; k < s->nlive; k++)
		if (s->live[k].index == i->index && s->live[k].kind == i->e.kind &&
			vt_hash_eq(&s->live[k].leaf, &i->leaf))
			return true;
	return false;
}

/* The root and the state that it builds on: signed, and what is said to be live is. */
static vt_err base_sound(struct vt_proposal *p)
{
	const struct vt_state *s = &p->state.e.u.state;
	const struct vt_root *r = &p->root.e.u.root;
	unsigned n;

	if (p->size == 0)
		return p->has_base || p->nlive || p->nback || p->nlift || p->nfresh == 0 ||
				p->fresh[0].e.kind != VT_ENTRY_ROOT
			? VT_EFORMAT
			: VT_OK;
	if (!p->has_base || p->root.e.kind != VT_ENTRY_ROOT || p->state.e.kind != VT_ENTRY_STATE ||
		p->state.index != p->size - 1 || s->root_index != p->root.index ||
		!vt_hash_eq(&s->root, &p->root.leaf) || s->nlive != p->nlive || p->time < s->time)
		return VT_EFORMAT;
	if (vt_entry_signers(&p->state.e, p->origin, r->keys, r->nkeys, &n) || n < r->threshold)
		return VT_EFORMAT;
	for (size_t i = 0; i < p->nlive; i++)
		if (!live_as(s, &p->live[i]) || (i && p->live[i].index <= p->live[i - 1].index))
			return VT_EFORMAT;
	return VT_OK;
}

static vt_err derive(struct vt_proposal *p, vt_buf *out);

vt_err vt_proposal_sound(struct vt_proposal *p)
{
	vt_buf text = VT_BUF_INIT(VT_ENTRY_MAX);
	const char *why;
	vt_err e = base_sound(p);

	if (!e && p->expires <= p->time)
		e = VT_EFORMAT;
	for (size_t i = 0; i < p->nfresh && !e; i++) {
		const struct vt_item *f = &p->fresh[i];

		if (f->index != p->size + i || f->e.kind == VT_ENTRY_STATE ||
			(i && f->e.kind == VT_ENTRY_ROOT))
			e = VT_EFORMAT;
	}
	for (size_t i = 0; i < p->nback && !e; i++)
		if (p->back[i].index >= p->size)
			e = VT_EFORMAT;
	if (!e && p->has_final) {
		/* the state is what follows from the rest, and nothing else */
		for (size_t i = 0; i < p->nfresh && !e; i++)
			e = vt_proposal_entry_done(p, i, &why) ? VT_OK : VT_EFORMAT;
		if (!e)
			e = derive(p, &text);
		if (!e &&
			(p->final.index != p->size + p->nfresh ||
				!vt_span_eq(vt_buf_span(&text), p->final.e.text)))
			e = VT_EFORMAT;
	}
	vt_buf_free(&text);
	return e;
}

/* Signatures ----------------------------------------------------------------------------------- */

static bool enough(const struct vt_proposal *p, const struct vt_entry *e, const char **out_why)
{
	const struct vt_entry *root = vt_proposal_root(p);
	bool attest = e->kind == VT_ENTRY_ATTEST;
	const struct vt_root *r;
	unsigned n;

	*out_why = "there is no root";
	if (!root)
		return false;
	r = &root->u.root;
	*out_why = "a signature does not verify";
	if (vt_entry_signers(e, p->origin, attest ? r->rebuilders : r->keys,
		    attest ? r->nrebuilders : r->nkeys, &n))
		return false;
	*out_why = attest ? "no rebuilder has signed" : "too few owners have signed";
	return n >= (attest ? 1 : r->threshold);
}

bool vt_proposal_entry_done(const struct vt_proposal *p, size_t i, const char **out_why)
{
	const struct vt_entry *e = &p->fresh[i].e;

	if (e->kind != VT_ENTRY_ROOT)
		return enough(p, e, out_why);
	return vt_root_follows(p->has_base ? &p->root.e : NULL, p->has_base ? &p->root.leaf : NULL,
		       e, p->origin, out_why) == VT_OK;
}

bool vt_proposal_done(const struct vt_proposal *p, const char **out_why)
{
	for (size_t i = 0; i < p->nfresh; i++)
		if (!vt_proposal_entry_done(p, i, out_why))
			return false;
	*out_why = "the state is not written yet";
	return p->has_final && enough(p, &p->final.e, out_why);
}

vt_err vt_add_signature(struct vt_proposal *p, struct vt_item *to, const struct vt_entry_sig *s)
{
	uint8_t bytes[sizeof s->id + sizeof s->sig];
	vt_buf b = VT_BUF_INIT(VT_ENTRY_MAX);
	struct vt_entry_error why;
	bool placed = false;
	vt_err e = vt_buf_add(&b, to->e.text.p, to->e.text.n);

	for (size_t i = 0; i <= to->e.nsigs && !e; i++) {
		const struct vt_entry_sig *at = i < to->e.nsigs ? &to->e.sigs[i] : NULL;

		if (!placed &&
			(!at ||
				memcmp(s->name.p, at->name.p, vt_min_size(s->name.n, at->name.n)) <
					0 ||
				(vt_span_at(at->name, 0, s->name.p, s->name.n)))) {
			placed = true;
			i--;
			at = s;
		}
		if (!at)
			break;
		memcpy(bytes, at->id, sizeof at->id);
		memcpy(bytes + sizeof at->id, at->sig, sizeof at->sig);
		e = vt_buf_addf(&b, "sig %.*s ", (int)at->name.n, (const char *)at->name.p);
		if (!e)
			e = vt_base64_add(&b, vt_span_of(bytes, sizeof bytes));
		if (!e)
			e = vt_buf_add(&b, "\n", 1);
	}
	if (e) {
		vt_buf_free(&b);
		return e;
	}
	vt_buf_free(&to->bytes);
	to->bytes = b;
	vt_merkle_leaf(vt_buf_span(&b), &to->leaf);
	return vt_entry_parse(vt_buf_span(&to->bytes), &p->a, &to->e, &why);
}

/* The state ------------------------------------------------------------------------------------ */

struct living {
	size_t n;
	const struct vt_item *v[2 * VT_ENTRY_LIVE_MAX + VT_PROPOSAL_ENTRIES_MAX];
};

static void bury(struct living *l, size_t i)
{
	memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof *l->v);
	l->n--;
}

/* Is `old` over when `now` comes? */
static bool replaces(const struct vt_item *now, const struct vt_item *old)
{
	bool set = now->e.kind == VT_ENTRY_CONTENT || now->e.kind == VT_ENTRY_DIRECTIVE;

	if (now->e.kind == VT_ENTRY_WITHDRAW)
		return vt_withdraws(&now->e.u.withdraw, &old->e, old->index);
	if (set && old->e.kind == now->e.kind)
		return vt_span_eq(old->e.u.content.name, now->e.u.content.name);
	if (now->e.kind == VT_ENTRY_RELEASE && old->e.kind == VT_ENTRY_RELEASE)
		return vt_span_eq(old->e.u.release.name, now->e.u.release.name);
	/* a withdrawn version is history once a newer one is there */
	return set && old->e.kind == VT_ENTRY_WITHDRAW && old->e.u.withdraw.what == now->e.kind &&
		old->e.u.withdraw.version < now->e.u.content.version &&
		vt_span_eq(old->e.u.withdraw.name, now->e.u.content.name);
}

static void arrive(struct living *l, const struct vt_item *now)
{
	for (size_t i = l->n; i-- > 0;)
		if (replaces(now, l->v[i]))
			bury(l, i);
	if (now->e.kind != VT_ENTRY_ATTEST && now->e.kind != VT_ENTRY_ROOT)
		l->v[l->n++] = now;
}

static int by_index(const void *a, const void *b)
{
	const struct vt_item *x = *(const struct vt_item *const *)a;
	const struct vt_item *y = *(const struct vt_item *const *)b;

	return (x->index > y->index) - (x->index < y->index);
}

static void gather(const struct vt_proposal *p, struct living *l)
{
	l->n = 0;
	for (size_t i = 0; i < p->nlive; i++) {
		bool lifted = false;

		for (size_t k = 0; k < p->nlift; k++)
			lifted |= p->lift[k] == p->live[i].index &&
				p->live[i].e.kind == VT_ENTRY_WITHDRAW;
		if (!lifted)
			l->v[l->n++] = &p->live[i];
	}
	/* what comes back first: a new version in the same proposal takes its place */
	for (size_t i = 0; i < p->nfresh; i++)
		if (p->fresh[i].e.kind == VT_ENTRY_WITHDRAW)
			arrive(l, &p->fresh[i]);
	for (size_t i = 0; i < p->nback; i++)
		arrive(l, &p->back[i]);
	for (size_t i = 0; i < p->nfresh; i++)
		if (p->fresh[i].e.kind != VT_ENTRY_WITHDRAW)
			arrive(l, &p->fresh[i]);
	qsort(l->v, l->n, sizeof *l->v, by_index);
}

static vt_err derive(struct vt_proposal *p, vt_buf *out)
{
	struct vt_live *live = vt_arena_array(&p->a, VT_ENTRY_LIVE_MAX, sizeof *live);
	struct vt_entry e = {.kind = VT_ENTRY_STATE};
	struct vt_state *s = &e.u.state;
	struct living l;

	if (!live)
		return VT_ENOMEM;
	gather(p, &l);
	if (l.n > VT_ENTRY_LIVE_MAX)
		return VT_ELIMIT;
	for (size_t i = 0; i < l.n; i++)
		live[i] = (struct vt_live){l.v[i]->e.kind, l.v[i]->index, l.v[i]->leaf};
	s->version = p->has_base ? p->state.e.u.state.version + 1 : 1;
	s->previous.set = p->has_base;
	if (p->has_base)
		s->previous.hash = p->state.leaf;
	s->time = p->time;
	s->expires = p->expires;
	if (p->nfresh > 0 && p->fresh[0].e.kind == VT_ENTRY_ROOT) {
		s->root_index = p->fresh[0].index;
		s->root = p->fresh[0].leaf;
	} else {
		s->root_index = p->root.index;
		s->root = p->root.leaf;
	}
	s->live = live;
	s->nlive = l.n;
	return vt_entry_write(out, &e);
}

vt_err vt_proposal_settle(struct vt_proposal *p)
{
	vt_buf text = VT_BUF_INIT(VT_ENTRY_MAX);
	const char *why;
	vt_err e;

	if (p->has_final)
		return VT_OK;
	for (size_t i = 0; i < p->nfresh; i++)
		if (!vt_proposal_entry_done(p, i, &why))
			return VT_OK;
	e = derive(p, &text);
	if (!e) {
		p->has_final = true;
		e = vt_item_set(p, &p->final, p->size + p->nfresh, vt_buf_span(&text));
	}
	vt_buf_free(&text);
	return e;
}
