/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules a fact satisfies, and the engine's share of the rules. */
#include <string.h>

#include "inventory/catalogue.h"

static bool term_holds(const struct vt_rule_term *t, const struct vt_fact *f)
{
	vt_span v = f->v[t->attr];

	if (v.n == 0)
		return false;
	for (size_t i = 0; i < t->globs.n; i++)
		if (vt_glob_match(t->globs.v[i], v, t->fold))
			return true;
	return false;
}

static bool holds(const struct vt_catalogue_rule *r, const struct vt_fact *f)
{
	/* rules without terms fire by their id only */
	if (r->nterms == 0)
		return vt_span_eq(f->v[VT_ATTR_RULE], r->id);
	for (size_t i = 0; i < r->nterms; i++)
		if (!term_holds(&r->terms[i], f))
			return false;
	return true;
}

void vt_catalogue_match(
	const struct vt_catalogue *c, const struct vt_fact *f, vt_catalogue_hit_fn *fn, void *ctx)
{
	for (size_t i = 0; i < c->by_kind_n[f->kind]; i++) {
		const struct vt_catalogue_rule *r = &c->rules[c->by_kind[f->kind][i]];

		if (holds(r, f))
			fn(ctx, r);
	}
}

vt_err vt_catalogue_signatures(const struct vt_catalogue *c, const char *format, vt_buf *out)
{
	/* hashes come first on their lines, names on the others */
	bool hash = strcmp(format, "hdb") == 0 || strcmp(format, "hsb") == 0;
	const char *mark = strcmp(format, "ldb") == 0 ? ";" : ":";
	vt_err e = VT_OK;

	for (size_t i = 0; i < c->by_kind_n[VT_FACT_CONTENT] && !e; i++) {
		const struct vt_catalogue_rule *r = &c->rules[c->by_kind[VT_FACT_CONTENT][i]];
		vt_span first = hash ? r->signature : r->id, second = hash ? r->id : r->signature;
		/* a hash of any size needs the functionality level that has those */
		bool any = hash && r->signature.n && r->signature.p[r->signature.n - 1] == '*';

		if (!vt_span_eq(r->signature_format, vt_span_str(format)))
			continue;
		e = vt_buf_addf(out, "%.*s%s%.*s%s\n", (int)first.n, (const char *)first.p, mark,
			(int)second.n, (const char *)second.p, any ? ":73" : "");
	}
	return e;
}
