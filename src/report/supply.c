/* SPDX-License-Identifier: Apache-2.0 */
#include "report/supply.h"

#include "base/num.h"
#include "inventory/name/cpe.h"
#include "inventory/name/purl.h"
#include "inventory/name/wild.h"

struct matching {
	const struct vt_sbom_item *i;
	const struct vt_directive *d;
	const struct vt_catalogue *c;
	struct vt_supply_match best;
};

const char *vt_supply_weight_word(enum vt_supply_weight w)
{
	static const char *const words[] = {
		"nothing", "embedded, not addressed", "candidate", "found"};

	return (unsigned)w < VT_COUNT(words) ? words[w] : "?";
}

static void offer(
	struct matching *m, enum vt_supply_weight w, const char *by, vt_span what, vt_span product)
{
	if (w > m->best.weight)
		m->best = (struct vt_supply_match){w, by, what, product};
}

/* NISTIR 7696: the pattern is the source, what the list says the target. */
static void try_cpe(struct matching *m, vt_span pattern, vt_span product)
{
	struct vt_cpe source, target;

	if (!m->i->ncpe || vt_cpe_parse(pattern, &source))
		return;
	for (size_t k = 0; k < m->i->ncpe; k++) {
		enum vt_cpe_relation r;

		if (vt_cpe_parse(m->i->cpe[k], &target))
			continue;
		r = vt_cpe_compare(&source, &target);
		if (r == VT_CPE_EQUAL || r == VT_CPE_SUPERSET)
			offer(m, VT_SUPPLY_FOUND, "cpe", pattern, product);
		else if (r != VT_CPE_DISJOINT)
			offer(m, VT_SUPPLY_CANDIDATE, "cpe", pattern, product);
	}
}

/* "pkg:deb/" of both: most pairs need no parsing. */
static bool same_type(vt_span a, vt_span b)
{
	size_t n = 0;

	while (n < a.n && a.p[n] != '/')
		n++;
	return n == a.n || n >= b.n || vt_same_name(vt_span_of(a.p, n), vt_span_of(b.p, n)) ||
		vt_span_at(b, 4, "/", 1);
}

static void try_purl(struct matching *m, vt_span pattern, vt_span product)
{
	struct vt_purl source;
	struct vt_purl target;
	bool unsure = false;

	if (!m->i->purl.n || !same_type(pattern, m->i->purl) || vt_purl_parse(pattern, &source) ||
		vt_purl_parse(m->i->purl, &target))
		return;
	if (vt_purl_match(&source, &target, &unsure))
		offer(m, VT_SUPPLY_FOUND, "purl", pattern, product);
	else if (unsure)
		offer(m, VT_SUPPLY_CANDIDATE, "purl", pattern, product);
}

static bool is_letter(uint8_t c)
{
	return c >= 0x80 || (vt_lower(c) >= 'a' && vt_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* Does the name stand in `s` as words of their own? */
static bool has_words(vt_span s, vt_span name)
{
	for (size_t at = 0; name.n && name.n <= s.n && at <= s.n - name.n; at++) {
		size_t end = at + name.n;

		if (vt_same_name(vt_span_of(s.p + at, name.n), name) &&
			(at == 0 || !is_letter(s.p[at - 1])) &&
			(end == s.n || !is_letter(s.p[end])))
			return true;
	}
	return false;
}

static void try_maker(struct matching *m, vt_span name, vt_span entity)
{
	for (size_t k = 0; k < m->i->nmakers; k++) {
		if (vt_same_name(m->i->makers[k], name))
			offer(m, VT_SUPPLY_FOUND, "maker", name, entity);
		else if (has_words(m->i->makers[k], name))
			offer(m, VT_SUPPLY_CANDIDATE, "maker", name, entity);
	}
}

static void try_entities(struct matching *m)
{
	for (size_t e = 0; e < m->d->nentities; e++) {
		const struct vt_entity *v = &m->d->entities[e];

		try_maker(m, v->name, v->id);
		for (size_t k = 0; k < v->aliases.n; k++)
			try_maker(m, v->aliases.v[k], v->id);
	}
}

static void try_name(struct matching *m, vt_span name, vt_span product)
{
	if (name.n && vt_same_name(m->i->name, name))
		offer(m, VT_SUPPLY_CANDIDATE, "name", name, product);
}

static void try_product(struct matching *m, const struct vt_product *p)
{
	for (size_t k = 0; k < p->cpe.n; k++)
		try_cpe(m, p->cpe.v[k], p->id);
	for (size_t k = 0; k < p->purl.n; k++)
		try_purl(m, p->purl.v[k], p->id);
	try_name(m, p->name, p->id);
	for (size_t k = 0; k < p->aliases.n; k++)
		try_name(m, p->aliases.v[k], p->id);
}

/* A product that the directive expressly does not mean: its own names say so. */
static bool is_excluded(
	const struct vt_sbom_item *i, const struct vt_directive *d, const struct vt_catalogue *c)
{
	for (size_t k = 0; k < c->nproducts; k++) {
		struct matching m = {.i = i, .d = d, .c = c};
		bool named = false;

		for (size_t x = 0; x < d->exclusions.n && !named; x++)
			named = vt_same_name(d->exclusions.v[x], c->products[k].id);
		if (!named)
			continue;
		try_product(&m, &c->products[k]);
		if (m.best.weight)
			return true;
	}
	return false;
}

struct vt_supply_match vt_supply_match_item(
	const struct vt_sbom_item *i, const struct vt_directive *d, const struct vt_catalogue *c)
{
	struct matching m = {.i = i, .d = d, .c = c};

	if (is_excluded(i, d, c))
		return m.best;
	for (size_t k = 0; k < d->ncovered; k++) {
		const struct vt_covered *v = &d->covered[k];

		for (size_t n = 0; n < v->cpe.n; n++)
			try_cpe(&m, v->cpe.v[n], v->name);
		for (size_t n = 0; n < v->purl.n; n++)
			try_purl(&m, v->purl.v[n], v->name);
		try_name(&m, v->name, v->name);
	}
	for (size_t k = 0; k < c->nproducts; k++)
		if (vt_directive_covers(d, &c->products[k]))
			try_product(&m, &c->products[k]);
	try_entities(&m);
	/* A part of somebody else's product is embedded code. */
	if (m.best.weight && !i->whole && !d->embedded)
		m.best.weight = VT_SUPPLY_OUTSIDE;
	return m.best;
}
