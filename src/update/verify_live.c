/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is live: each entry in the log, of the kind it is said to be, signed by the owners of its
 * time, of a version that follows; and which of it has been public for long enough.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/num.h"
#include "update/verify_internal.h"
#include "update/verify_plan.h"

static const char *kind_name(const struct vt_logged *l)
{
	return vt_entry_word(l->entry.kind);
}

/* Two entries that are versions of the same thing. */
static bool same_set(const struct vt_logged *a, const struct vt_logged *b)
{
	return a->entry.kind == b->entry.kind &&
		vt_span_eq(a->entry.u.content.name, b->entry.u.content.name);
}

static bool is_set(const struct vt_logged *l)
{
	return l->entry.kind == VT_ENTRY_CONTENT || l->entry.kind == VT_ENTRY_DIRECTIVE;
}

/* Does `w` take back this version? */
static bool takes_back(
	const struct vt_logged *w, enum vt_entry_kind kind, vt_span name, uint64_t version)
{
	const struct vt_withdraw *d = &w->entry.u.withdraw;

	return w->entry.kind == VT_ENTRY_WITHDRAW && d->what == kind && d->version == version &&
		vt_span_eq(d->name, name);
}

bool vt_live_withdrawn(
	const struct vt_live_list *live, enum vt_entry_kind kind, vt_span name, uint64_t version)
{
	for (size_t i = 0; i < live->n; i++)
		if (takes_back(live->v[i], kind, name, version))
			return true;
	return false;
}

/* A set may not carry what changes how other sets are read. */
static bool files_ok(const struct vt_content *c)
{
	static const char tail[] = ".withdrawn";

	for (size_t i = 0; i < c->nfiles; i++) {
		vt_span n = c->files[i].name;

		if (n.n >= sizeof tail - 1 &&
			vt_span_at(n, n.n - (sizeof tail - 1), tail, sizeof tail - 1))
			return false;
	}
	return true;
}

static vt_err load_one(struct vt_verify *v, const struct vt_live *live, struct vt_logged **out)
{
	vt_err e = vt_verify_entry(v, live->index, VT_REFUSED_CONTENT, "a live entry", out);
	const struct vt_logged *l;

	if (e)
		return e;
	l = *out;
	if (!vt_hash_eq(&l->leaf, &live->leaf) || l->entry.kind != live->kind)
		return vt_verify_refuse(v, VT_REFUSED_STATE,
			"entry %" PRIu64 " is not the %s that the state says", live->index,
			vt_entry_word(live->kind));
	if (is_set(l) && !files_ok(&l->entry.u.content))
		return vt_verify_refuse(v, VT_REFUSED_CONTENT,
			"entry %" PRIu64 " carries a list of withdrawn rules", live->index);
	return vt_verify_signed(v, l, VT_REFUSED_CONTENT, kind_name(l));
}

/* Step 8 for a state: at most one version of a set, none that is taken back. */
static vt_err load_live(
	struct vt_verify *v, const struct vt_logged *state, struct vt_live_list *out)
{
	const struct vt_state *s = &state->entry.u.state;

	out->n = 0;
	for (size_t i = 0; i < s->nlive; i++) {
		vt_err e = s->live[i].index < state->index
			? load_one(v, &s->live[i], &out->v[i])
			: vt_verify_refuse(
				  v, VT_REFUSED_STATE, "a live entry comes after its state");

		if (e)
			return e;
		out->n++;
	}
	for (size_t i = 0; i < out->n; i++) {
		const struct vt_logged *l = out->v[i];

		if (!is_set(l))
			continue;
		for (size_t j = i + 1; j < out->n; j++)
			if (same_set(l, out->v[j]))
				return vt_verify_refuse(v, VT_REFUSED_STATE,
					"two versions of a set are live: entries %" PRIu64
					" and %" PRIu64,
					l->index, out->v[j]->index);
		if (vt_live_withdrawn(out, l->entry.kind, l->entry.u.content.name,
			    l->entry.u.content.version))
			return vt_verify_refuse(v, VT_REFUSED_STATE,
				"a withdrawn version is live: entry %" PRIu64, l->index);
	}
	return VT_OK;
}

vt_err vt_verify_version_before(
	struct vt_verify *v, const struct vt_logged *l, struct vt_logged **out)
{
	const struct vt_content *c = &l->entry.u.content;
	uint64_t index;
	vt_err e;

	if (!c->previous.set)
		return c->version == 1
			? VT_END
			: vt_verify_refuse(v, VT_REFUSED_CONTENT,
				  "entry %" PRIu64 " names no version before it", l->index);
	e = vt_verify_find(v, l->index, &c->previous.hash, &index);
	if (e == VT_END)
		return vt_verify_refuse(v, VT_REFUSED_CONTENT,
			"the version before entry %" PRIu64 " is not in the log", l->index);
	if (!e)
		e = vt_verify_entry(v, index, VT_REFUSED_CONTENT, "a version before", out);
	if (e)
		return e;
	if (index >= l->index || !same_set(*out, l) ||
		(*out)->entry.u.content.version != c->version - 1)
		return vt_verify_refuse(v, VT_REFUSED_CONTENT,
			"version %" PRIu64 " of entry %" PRIu64
			" does not follow the one that it names as the one before",
			c->version, l->index);
	return vt_verify_signed(v, *out, VT_REFUSED_CONTENT, kind_name(*out));
}

/*
 * Versions can't run ahead: there are not more of a set than entries, from the first or from the
 * one that was seen here. That bound needs no entry, so it holds however far back that one is.
 */
static vt_err check_pace(
	struct vt_verify *v, const struct vt_logged *l, const struct vt_trusted_set *t)
{
	uint64_t version = l->entry.u.content.version;

	if (version <= l->index &&
		(!t || version <= t->version ||
			(l->index > t->index && version - t->version <= l->index - t->index)))
		return VT_OK;
	return vt_verify_refuse(v, VT_REFUSED_CONTENT,
		"the log is too short for version %" PRIu64 " of entry %" PRIu64, version,
		l->index);
}

/* Each version names the one before it, back to the one that was seen here. */
static vt_err check_row(
	struct vt_verify *v, const struct vt_logged *l, const struct vt_trusted_set *t)
{
	struct vt_logged *before;
	vt_err e = VT_OK;

	for (unsigned i = 0; !e && i < VT_PLAN_CHAIN_MAX; i++) {
		const struct vt_content *c = &l->entry.u.content;

		if (t && c->version == t->version)
			return vt_hash_eq(&l->leaf, &t->leaf)
				? VT_OK
				: vt_verify_refuse(v, VT_REFUSED_CONTENT,
					  "the versions of a set don't go back to the one seen "
					  "before: entries %" PRIu64 " and %" PRIu64,
					  l->index, t->index);
		e = vt_verify_version_before(v, l, &before);
		if (!t || (!e && c->version < t->version))
			break; /* a new machine; or an older version in place of a withdrawn one */
		l = before;
	}
	return e == VT_END ? VT_OK : e;
}

/* The version of a live set against the highest one seen here, and against those before it. */
static vt_err check_version(
	struct vt_verify *v, const struct vt_live_list *live, const struct vt_logged *l)
{
	const struct vt_content *c = &l->entry.u.content;
	const struct vt_trusted_set *t = vt_trusted_set_of(v->before, l->entry.kind, c->name);
	vt_err e;

	if (t && t->version == c->version && vt_hash_eq(&t->leaf, &l->leaf))
		return VT_OK;
	if (t && c->version == t->version)
		return vt_verify_refuse(v, VT_REFUSED_CONTENT,
			"version %" PRIu64 " of a set is another one than before: entries %" PRIu64
			" and %" PRIu64,
			c->version, t->index, l->index);
	if (t && c->version < t->version && !vt_live_withdrawn(live, t->kind, t->name, t->version))
		return vt_verify_refuse(v, VT_REFUSED_CONTENT,
			"a set goes back from version %" PRIu64 " to %" PRIu64
			" though the former is not withdrawn",
			t->version, c->version);
	if (t && c->previous.set && vt_hash_eq(&c->previous.hash, &t->leaf) &&
		c->version == t->version + 1)
		return VT_OK;
	e = check_pace(v, l, t);
	return e ? e : check_row(v, l, t);
}

/*
 * Step 9. The newest state that has been public for long enough, in v->states; never one before
 * that which was chosen last. *out_at v->nstates: none.
 */
static vt_err choose_state(struct vt_verify *v, size_t *out_at)
{
	int64_t wait = v->config->cool_off, now = v->job->now;
	const struct vt_trusted *t = v->before;

	for (size_t i = 0;; i++) {
		const struct vt_logged *l;
		bool aged = false;
		vt_err e = VT_OK;

		if (i == v->nstates)
			e = vt_verify_state_before(v);
		*out_at = i;
		if (e)
			return e == VT_END ? VT_OK : e;
		l = v->states[i];
		if (t->has_chosen && l->index <= t->chosen.index)
			return VT_OK;
		/* no state is public before it is made: its own time saves asking */
		if (wait == 0 || l->entry.u.state.time <= now - wait)
			e = vt_verify_aged(v, l->index + 1, wait, &aged);
		if (e || aged)
			return e;
	}
}

static vt_err chosen_list(struct vt_verify *v, size_t at, const struct vt_live_list *newest,
	struct vt_live_list **out)
{
	vt_err e;

	*out = vt_arena_alloc(v->job->arena, sizeof **out);
	if (!*out)
		return VT_ENOMEM;
	if (at == 0) {
		**out = *newest;
		return VT_OK;
	}
	e = load_live(v, v->states[at], *out);
	if (!e && v->states[0]->entry.u.state.time)
		v->out->newer_waits = v->states[at - 1]->entry.u.state.time + v->config->cool_off;
	return e;
}

static vt_err trust_sets(struct vt_verify *v, const struct vt_live_list *live)
{
	struct vt_trusted *t = v->out->trusted;
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < live->n; i++) {
		const struct vt_logged *l = live->v[i];
		struct vt_trusted_set s = {
			.kind = l->entry.kind, .index = l->index, .leaf = l->leaf};

		if (!is_set(l))
			continue;
		s.name = l->entry.u.content.name;
		s.version = l->entry.u.content.version;
		e = vt_trusted_add_set(t, &s);
	}
	return e;
}

static struct vt_trusted_state as_state(const struct vt_logged *l)
{
	return (struct vt_trusted_state){.index = l->index,
		.version = l->entry.u.state.version,
		.leaf = l->leaf,
		.time = l->entry.u.state.time};
}

/* Steps 6 to 8 went well: this is what nothing goes behind any more. */
static vt_err trust(struct vt_verify *v, const struct vt_live_list *live)
{
	struct vt_trusted *t = v->out->trusted;

	t->has_root = t->has_state = true;
	t->anchor = v->config->root;
	t->root_index = v->roots[0]->index;
	t->root = v->roots[0]->bytes;
	t->state = as_state(v->states[0]);
	return trust_sets(v, live);
}

vt_err vt_verify_live(struct vt_verify *v)
{
	struct vt_live_list *live = vt_arena_alloc(v->job->arena, sizeof *live), *chosen;
	size_t at = 0;
	vt_err e = live ? load_live(v, v->states[0], live) : VT_ENOMEM;

	for (size_t i = 0; !e && i < live->n; i++)
		if (is_set(live->v[i]))
			e = check_version(v, live, live->v[i]);
	if (!e)
		e = trust(v, live);
	if (!e)
		e = choose_state(v, &at);
	if (e)
		return e;
	if (at == v->nstates)
		return vt_verify_refuse(v, VT_REFUSED_COOL_OFF,
			"no state of the log has been public for %" PRId64 " s",
			v->config->cool_off);
	e = chosen_list(v, at, live, &chosen);
	if (!e)
		e = vt_verify_plan(v, v->states[at], chosen, live);
	if (!e) {
		v->out->trusted->has_chosen = true;
		v->out->trusted->chosen = as_state(v->states[at]);
	}
	return e;
}
