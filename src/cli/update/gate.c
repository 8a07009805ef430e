/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The review gate: what a person must approve before it applies. An approval is for what a plan
 * makes of scans, not for the state that asks for it, so that a publisher's newer state with the
 * same content does not undo it.
 */
#include <string.h>

#include "base/base64.h"
#include "cli/update/update.h"

vt_err vt_update_digest(const struct vt_plan *p, char out[VT_DIGEST_TEXT])
{
	vt_buf b = VT_BUF_INIT(VT_DIGEST_TEXT);
	vt_hash h;
	vt_err e = vt_plan_digest(p, &h);

	if (!e)
		e = vt_hex_add(&b, vt_span_of(h.b, sizeof h.b));
	if (!e)
		(void)snprintf(out, VT_DIGEST_TEXT, "%.*s", (int)b.n, (const char *)b.p);
	vt_buf_free(&b);
	return e;
}

bool vt_update_approved(
	const struct vt_updates *u, const struct vt_plan *p, const struct vt_setting_row **out_row)
{
	char digest[VT_DIGEST_TEXT];
	const struct vt_setting_row *r;

	if (vt_update_digest(p, digest))
		return false;
	r = vt_settings_find(u->settings, VT_SETTING_APPROVED, vt_span_str(digest));
	if (out_row)
		*out_row = r;
	return r != NULL;
}

static const struct vt_plan_set *directive_in_use(const struct vt_updates *u, vt_span name)
{
	for (size_t i = 0; u->has_applied && i < u->applied.nsets; i++) {
		const struct vt_plan_set *s = &u->applied.sets[i];

		if (s->kind == VT_ENTRY_DIRECTIVE && vt_span_eq(s->chain[0]->name, name))
			return s;
	}
	return NULL;
}

static bool same_version(const struct vt_plan_set *a, const struct vt_plan_set *b)
{
	const struct vt_content *x = a->chain[a->nchain - 1], *y = b->chain[b->nchain - 1];

	if (x->version != y->version || x->nfiles != y->nfiles)
		return false;
	for (size_t i = 0; i < x->nfiles; i++)
		if (!vt_span_eq(x->files[i].name, y->files[i].name) ||
			!vt_hash_eq(&x->files[i].sha256, &y->files[i].sha256))
			return false;
	return true;
}

/* The plan with directives as they are in use; what is new in them waits. */
static vt_err without_new_directives(struct vt_updates *u, struct vt_plan *out, bool *out_waits)
{
	*out = u->plan;
	out->nsets = 0;
	out->sets = vt_arena_array(&u->arena, u->plan.nsets + 1, sizeof *out->sets);
	if (!out->sets)
		return VT_ENOMEM;
	for (size_t i = 0; i < u->plan.nsets; i++) {
		const struct vt_plan_set *s = &u->plan.sets[i], *now = s;

		if (s->kind == VT_ENTRY_DIRECTIVE) {
			now = directive_in_use(u, s->chain[0]->name);
			if (!now || !same_version(s, now))
				*out_waits = true;
		}
		if (now)
			out->sets[out->nsets++] = *now;
	}
	return VT_OK;
}

vt_err vt_update_gate(
	struct vt_updates *u, struct vt_plan *out, bool *out_waits, enum vt_refusal *out_refusal)
{
	const vt_span any = {0};
	bool hold = vt_settings_find(u->settings, VT_SETTING_HOLD, any) != NULL;

	*out = u->plan;
	*out_waits = false;
	*out_refusal = VT_REFUSED_NOT;
	if ((u->config.approve == VT_APPROVE_NONE && !hold) ||
		vt_update_approved(u, &u->plan, NULL))
		return VT_OK;
	if (!vt_updates_changes(u, &u->plan))
		return VT_OK; /* nothing to approve */
	if (hold || u->config.approve == VT_APPROVE_ALL) {
		*out_refusal = VT_REFUSED_HELD;
		return VT_OK;
	}
	return without_new_directives(u, out, out_waits);
}
