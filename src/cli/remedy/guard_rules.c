/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remedy/guard_rules.h"

#include "base/num.h"
#include "cli/inventory/rules.h"

#define PATTERN_MAX 4096

/* Is this rule good enough to stop a program by? */
static bool denies(const struct vt_guarding *g, const struct vt_catalogue_rule *r)
{
	if (!vt_guard_covers(g, &g->catalogue.products[r->product]))
		return false;
	if (r->embedded && !g->directive.d.embedded)
		return false;
	return g->s->strict || !r->source.memory;
}

static void hex(vt_buf *b, vt_span s, vt_err *e)
{
	for (size_t i = 0; i < s.n && !*e; i++)
		*e = s.p[i] == '*' ? vt_buf_addf(b, "{0-64}") : vt_buf_addf(b, "%02x", s.p[i]);
}

static bool plain(vt_span glob, size_t *out_letters)
{
	*out_letters = 0;
	for (size_t i = 0; i < glob.n; i++) {
		if (memchr("?[]\\", glob.p[i], 4))
			return false;
		*out_letters += glob.p[i] != '*';
	}
	return true;
}

/* ELF files (target 6): the string in their tables, or the note of their build id. */
static vt_err pattern(vt_span glob, bool build_id, vt_arena *a, vt_span *out)
{
	vt_buf b = VT_BUF_INIT(PATTERN_MAX);
	size_t letters;
	vt_err e = VT_OK;

	*out = (vt_span){0};
	if (!plain(glob, &letters) || letters < 6)
		return VT_OK;
	/* the note's owner is "GNU"; the id is hexadecimal already */
	e = vt_buf_addf(&b, "6:*:%s",
		build_id ? "0300000047"
			   "4e5500"
			 : "00");
	if (!e && build_id)
		e = vt_buf_add(&b, glob.p, glob.n);
	else
		hex(&b, glob, &e);
	if (!e && !build_id)
		e = vt_buf_addf(&b, "00");
	if (!e) {
		out->p = (const uint8_t *)vt_arena_copy(a, vt_buf_span(&b));
		out->n = out->p ? b.n : 0;
		if (!out->p)
			e = VT_ENOMEM;
	}
	vt_buf_free(&b);
	return e;
}

struct rules {
	vt_arena *a;
	struct vt_catalogue_rule *v;
	uint32_t *index;
	size_t n, cap;
};

static void add(struct rules *r, const struct vt_catalogue_rule *from, vt_span signature)
{
	if (r->n == r->cap)
		return;
	r->v[r->n] = *from;
	r->v[r->n].kind = VT_FACT_CONTENT;
	if (signature.n) {
		r->v[r->n].signature_format = vt_span_str("ndb");
		r->v[r->n].signature = signature;
	}
	r->index[r->n] = (uint32_t)r->n;
	r->n++;
}

static vt_err executable(struct rules *r, const struct vt_catalogue_rule *from)
{
	const struct vt_rule_term *t = &from->terms[0];
	vt_span signature;
	vt_err e = VT_OK;

	/* several terms together are more than a pattern can say */
	if (from->nterms != 1 || (t->attr != VT_ATTR_SONAME && t->attr != VT_ATTR_BUILD_ID))
		return VT_OK;
	for (size_t i = 0; i < t->globs.n && !e; i++) {
		e = pattern(t->globs.v[i], t->attr == VT_ATTR_BUILD_ID, r->a, &signature);
		if (!e && signature.n)
			add(r, from, signature);
	}
	return e;
}

vt_err vt_guard_rules(struct vt_guarding *g, vt_arena *a, int *out_fd)
{
	const struct vt_catalogue *c = &g->catalogue;
	struct rules r = {.a = a, .cap = c->nrules * 8 + 64};
	struct vt_catalogue only = *c;
	char sha256[65];
	vt_err e = VT_OK;

	r.v = vt_arena_array(a, r.cap, sizeof *r.v);
	r.index = vt_arena_array(a, r.cap, sizeof *r.index);
	if (!r.v || !r.index)
		return VT_ENOMEM;
	for (size_t i = 0; i < c->nrules && !e; i++) {
		if (!denies(g, &c->rules[i]))
			continue;
		if (c->rules[i].kind == VT_FACT_CONTENT)
			add(&r, &c->rules[i], (vt_span){0});
		else if (c->rules[i].kind == VT_FACT_EXECUTABLE)
			e = executable(&r, &c->rules[i]);
	}
	only.rules = r.v;
	only.nrules = r.n;
	only.by_kind[VT_FACT_CONTENT] = r.index;
	only.by_kind_n[VT_FACT_CONTENT] = r.n;
	*out_fd = -1;
	return e || !r.n ? e : vt_rules_compile(VT_GUARD_COMMAND, &only, out_fd, sha256);
}

static vt_span last_name(vt_span path)
{
	size_t at = path.n;

	while (at && path.p[at - 1] != '/')
		at--;
	return vt_span_of(path.p + at, path.n - at);
}

/* All terms are about its path or, if that is enough, its name. */
static bool by_place(const struct vt_guarding *g, const struct vt_catalogue_rule *r, vt_span path)
{
	bool path_said = false, holds = r->nterms > 0;

	for (size_t i = 0; i < r->nterms && holds; i++) {
		const struct vt_rule_term *t = &r->terms[i];
		vt_span v = t->attr == VT_ATTR_PATH ? path : last_name(path);
		bool one = false;

		if (t->attr != VT_ATTR_PATH && t->attr != VT_ATTR_NAME)
			return false;
		path_said |= t->attr == VT_ATTR_PATH;
		for (size_t k = 0; k < t->globs.n && !one; k++)
			one = vt_glob_match(t->globs.v[k], v, t->fold);
		holds = one;
	}
	return holds && (path_said || g->s->strict);
}

vt_span vt_guard_path_rule(struct vt_guarding *g, vt_span path)
{
	const struct vt_catalogue *c = &g->catalogue;

	for (size_t i = 0; i < c->nproducts; i++) {
		const struct vt_product *p = &c->products[i];

		if (!vt_guard_covers(g, p))
			continue;
		for (size_t k = 0; k < p->prefixes.n; k++)
			if (vt_span_at(path, 0, p->prefixes.v[k].p, p->prefixes.v[k].n) &&
				vt_span_at(path, p->prefixes.v[k].n, "/", 1))
				return p->prefixes.v[k];
	}
	for (size_t i = 0; i < c->nrules; i++) {
		const struct vt_catalogue_rule *r = &c->rules[i];

		if ((r->kind == VT_FACT_EXECUTABLE || r->kind == VT_FACT_FILE) && denies(g, r) &&
			by_place(g, r, path))
			return r->id;
	}
	return (vt_span){0};
}
