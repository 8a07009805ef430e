/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a state says is live: each entry there and of that kind, at most one version of a set, none
 * that is taken back; and what was live before and is no longer.
 */
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "cli/log/audit.h"
#include "cli/publish/derive.h"

/* Those that stay live are not read again. */
static struct vt_seen *known(const struct vt_audit *a, const struct vt_live *l)
{
	for (size_t i = 0; i < a->nlive; i++)
		if (a->live[i] && a->live[i]->index == l->index &&
			vt_hash_eq(&a->live[i]->leaf, &l->leaf))
			return a->live[i];
	return NULL;
}

vt_err vt_audit_load_live(struct vt_audit *a)
{
	const struct vt_state *s = &a->state->e.u.state;
	vt_err e = VT_OK;

	for (size_t i = 0; i < s->nlive && !e; i++) {
		struct vt_seen *x = NULL;

		if (s->live[i].index < a->state->index)
			e = vt_audit_load(a, s->live[i].index, &x);
		if (e == VT_EUNSUPPORTED)
			e = VT_OK; /* told when it came */
		if (x && x->e.kind == s->live[i].kind && vt_hash_eq(&x->leaf, &s->live[i].leaf))
			a->live[a->nlive++] = x;
		else
			vt_seen_free(x);
	}
	return e;
}

/* By a withdrawal that the list has? */
static bool taken_back(struct vt_seen *const *v, size_t n, const struct vt_seen *x)
{
	for (size_t i = 0; i < n; i++)
		if (v[i]->e.kind == VT_ENTRY_WITHDRAW &&
			vt_withdraws(&v[i]->e.u.withdraw, &x->e, x->index))
			return true;
	return false;
}

static bool same_thing(const struct vt_entry *a, const struct vt_entry *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == VT_ENTRY_RELEASE)
		return vt_span_eq(a->u.release.name, b->u.release.name);
	return vt_audit_is_set(a) && vt_span_eq(a->u.content.name, b->u.content.name);
}

static void check_list(
	struct vt_audit *a, const struct vt_seen *state, struct vt_seen *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (taken_back(v, n, v[i]))
			vt_audit_tell(a, VT_LOG_STATE, state->index,
				"entry %" PRIu64 " is live, but withdrawn", v[i]->index);
		for (size_t k = 0; k < i; k++)
			if (vt_audit_is_set(&v[i]->e) && same_thing(&v[i]->e, &v[k]->e))
				vt_audit_tell(a, VT_LOG_STATE, state->index,
					"two versions of a set are live: entries %" PRIu64
					" and %" PRIu64,
					v[k]->index, v[i]->index);
	}
}

/* Is a withdrawal history because a newer version of what it took back is live? */
static bool overtaken(const struct vt_withdraw *w, struct vt_seen *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct vt_entry *e = &v[i]->e;

		if (e->kind != w->what)
			continue;
		if (vt_audit_is_set(e) && vt_span_eq(e->u.content.name, w->name) &&
			e->u.content.version > w->version)
			return true;
		if (e->kind == VT_ENTRY_RELEASE && vt_span_eq(e->u.release.name, w->name) &&
			v[i]->index > w->version)
			return true;
	}
	return false;
}

/* `was` was live before, and is not in the list. */
static void check_gone(struct vt_audit *a, const struct vt_seen *state, struct vt_seen *const *v,
	size_t n, const struct vt_seen *was)
{
	char title[VT_AUDIT_TITLE_MAX];

	(void)vt_audit_title(was, title);
	if (was->e.kind == VT_ENTRY_WITHDRAW) {
		if (!overtaken(&was->e.u.withdraw, v, n))
			vt_audit_tell(a, VT_LOG_GONE, state->index,
				"a withdrawal ends: entry %" PRIu64 ", %s", was->index, title);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!same_thing(&v[i]->e, &was->e))
			continue;
		if (v[i]->index < was->index && !taken_back(v, n, was))
			vt_audit_tell(a, VT_LOG_STATE, state->index,
				"goes back from %s to entry %" PRIu64
				" though the former is not withdrawn",
				title, v[i]->index);
		return;
	}
	if (!taken_back(v, n, was))
		vt_audit_tell(a, VT_LOG_GONE, state->index,
			"%s is no longer live, though nothing takes its place and nothing "
			"withdraws it",
			title);
}

vt_err vt_audit_live(struct vt_audit *a, const struct vt_seen *state)
{
	const struct vt_state *s = &state->e.u.state;
	struct vt_seen *v[VT_ENTRY_LIVE_MAX];
	bool fresh[VT_ENTRY_LIVE_MAX] = {false};
	vt_err e = VT_OK;
	size_t n = 0;

	for (size_t i = 0; i < s->nlive && !e; i++) {
		struct vt_seen *x = known(a, &s->live[i]);

		fresh[n] = !x;
		if (!x && s->live[i].index < state->index)
			e = vt_audit_load(a, s->live[i].index, &x);
		if (e == VT_EUNSUPPORTED)
			e = VT_OK;
		if (!e && x && x->e.kind == s->live[i].kind &&
			vt_hash_eq(&x->leaf, &s->live[i].leaf)) {
			v[n++] = x;
			continue;
		}
		if (fresh[n])
			vt_seen_free(x);
		if (!e)
			vt_audit_tell(a, VT_LOG_STATE, state->index,
				"entry %" PRIu64 " is not what it says is live", s->live[i].index);
	}
	if (e) {
		for (size_t i = 0; i < n; i++)
			if (fresh[i])
				vt_seen_free(v[i]);
		return e;
	}
	check_list(a, state, v, n);
	for (size_t i = 0; i < a->nlive; i++) {
		size_t k = 0;

		while (k < n && v[k] != a->live[i])
			k++;
		if (k < n)
			continue;
		check_gone(a, state, v, n, a->live[i]);
		vt_seen_free(a->live[i]);
	}
	memcpy(a->live, v, n * sizeof *v);
	a->nlive = n;
	return VT_OK;
}
