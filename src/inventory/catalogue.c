/* SPDX-License-Identifier: Apache-2.0 */
/* Reads catalogues (docs/formats/catalogue.md), and puts several together. */
#include "inventory/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "inventory/catalogue_parse.h"
#include "inventory/doc.h"
#include "inventory/narrow.h"

#define PRODUCTS_MAX 16384
#define RULES_MAX 65536
#define STRINGS_MAX 256

static int compare(vt_span a, vt_span b)
{
	size_t n = vt_min_size(a.n, b.n);
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static int by_product_id(const void *a, const void *b)
{
	return compare(((const struct vt_product *)a)->id, ((const struct vt_product *)b)->id);
}

static int by_rule_id(const void *a, const void *b)
{
	return compare(((const struct vt_catalogue_rule *)a)->id,
		((const struct vt_catalogue_rule *)b)->id);
}

/* A list of texts of which each must be narrow enough. */
static struct vt_strings_of narrow_texts(
	struct vt_doc *d, const json_t *o, const char *key, const char *check(vt_span))
{
	struct vt_strings_of s = vt_doc_texts(d, o, key, STRINGS_MAX);

	for (size_t i = 0; i < s.n && !d->e; i++) {
		const char *why = check(s.v[i]);
		size_t outer, mark;

		if (!why)
			continue;
		outer = vt_doc_enter(d, key);
		mark = vt_doc_enter_at(d, i);
		vt_doc_fail(d, VT_EFORMAT, "%s", why);
		vt_doc_leave(d, mark);
		vt_doc_leave(d, outer);
	}
	return s;
}

static void read_removal(struct vt_doc *d, const json_t *o, struct vt_product *p)
{
	static const char *const keys[] = {"!text", "url", NULL};
	const json_t *j = d->e ? NULL : json_object_get(o, "removal");
	size_t mark;

	if (!j)
		return;
	mark = vt_doc_enter(d, "removal");
	if (vt_doc_object(d, j, keys)) {
		p->removal = vt_doc_text(d, j, "text");
		p->removal_url = vt_doc_text(d, j, "url");
	}
	vt_doc_leave(d, mark);
}

static void read_product(
	struct vt_doc *d, const json_t *j, const struct vt_sources *s, struct vt_product *p)
{
	static const char *const keys[] = {"!id", "!name", "!entity", "!category", "aliases", "cpe",
		"purl", "swid", "prefixes", "units", "accounts", "removal", "assessable", "note",
		"!source", "!confidence", NULL};

	if (!vt_doc_object(d, j, keys))
		return;
	p->id = vt_doc_id(d, j, "id");
	p->name = vt_doc_text(d, j, "name");
	p->entity = vt_doc_id(d, j, "entity");
	p->category = vt_doc_id(d, j, "category");
	p->aliases = narrow_texts(d, j, "aliases", vt_narrow_alias);
	p->cpe = narrow_texts(d, j, "cpe", vt_narrow_cpe);
	p->purl = narrow_texts(d, j, "purl", vt_narrow_purl);
	p->swid = narrow_texts(d, j, "swid", vt_narrow_alias);
	p->prefixes = narrow_texts(d, j, "prefixes", vt_narrow_prefix);
	p->units = narrow_texts(d, j, "units", vt_narrow_unit);
	p->accounts = narrow_texts(d, j, "accounts", vt_narrow_account);
	read_removal(d, j, p);
	p->assessable = vt_doc_bool(d, j, "assessable", true);
	(void)vt_doc_text(d, j, "note");
	p->source = vt_doc_provenance(d, j, s);
}

static void read_products(
	struct vt_doc *d, const json_t *top, const struct vt_sources *s, struct vt_catalogue *c)
{
	size_t n, outer = vt_doc_enter(d, "products");
	const json_t *list;

	vt_doc_leave(d, outer);
	list = vt_doc_list(d, top, "products", PRODUCTS_MAX, &n);
	c->products = vt_doc_array(d, n, sizeof *c->products);
	outer = vt_doc_enter(d, "products");
	for (size_t i = 0; i < n && !d->e; i++) {
		size_t mark = vt_doc_enter_at(d, i);

		read_product(d, json_array_get(list, i), s, &c->products[i]);
		vt_doc_leave(d, mark);
	}
	if (d->e)
		return;
	c->nproducts = n;
	qsort(c->products, n, sizeof *c->products, by_product_id);
	for (size_t i = 1; i < n; i++)
		if (vt_span_eq(c->products[i].id, c->products[i - 1].id))
			vt_doc_fail(d, VT_EFORMAT, "two products have the id \"%.*s\"",
				(int)c->products[i].id.n, (const char *)c->products[i].id.p);
	vt_doc_leave(d, outer);
}

static bool find_product(const struct vt_catalogue *c, vt_span id, uint32_t *out)
{
	size_t low = 0, high = c->nproducts;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare(c->products[mid].id, id);

		if (order == 0) {
			*out = (uint32_t)mid;
			return true;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

const struct vt_product *vt_catalogue_product(const struct vt_catalogue *c, vt_span id)
{
	uint32_t i;

	return find_product(c, id, &i) ? &c->products[i] : NULL;
}

static void read_rules(
	struct vt_doc *d, const json_t *top, const struct vt_sources *s, struct vt_catalogue *c)
{
	size_t n, outer;
	const json_t *list = vt_doc_list(d, top, "rules", RULES_MAX, &n);

	c->rules = vt_doc_array(d, n, sizeof *c->rules);
	outer = vt_doc_enter(d, "rules");
	for (size_t i = 0; i < n && !d->e; i++) {
		size_t mark = vt_doc_enter_at(d, i);
		vt_span product = {0};

		vt_catalogue_rule_read(d, json_array_get(list, i), s, &c->rules[i], &product);
		if (!d->e && !find_product(c, product, &c->rules[i].product)) {
			(void)vt_doc_enter(d, "product");
			vt_doc_fail(d, VT_EFORMAT, "there is no product of that id");
		}
		vt_doc_leave(d, mark);
	}
	if (d->e)
		return;
	c->nrules = n;
	qsort(c->rules, n, sizeof *c->rules, by_rule_id);
	for (size_t i = 1; i < n; i++)
		if (vt_span_eq(c->rules[i].id, c->rules[i - 1].id))
			vt_doc_fail(d, VT_EFORMAT, "two rules have the id \"%.*s\"",
				(int)c->rules[i].id.n, (const char *)c->rules[i].id.p);
	vt_doc_leave(d, outer);
}

vt_err vt_catalogue_index(struct vt_catalogue *c, vt_arena *a)
{
	uint32_t *next[VT_FACT_KINDS];

	memset(c->by_kind_n, 0, sizeof c->by_kind_n);
	for (size_t i = 0; i < c->nrules; i++)
		c->by_kind_n[c->rules[i].kind]++;
	for (size_t k = 0; k < VT_FACT_KINDS; k++) {
		next[k] = vt_arena_array(a, c->by_kind_n[k] + 1, sizeof **next);
		if (!next[k])
			return VT_ENOMEM;
		c->by_kind[k] = next[k];
	}
	for (size_t i = 0; i < c->nrules; i++)
		*next[c->rules[i].kind]++ = (uint32_t)i;
	return VT_OK;
}

vt_err vt_catalogue_parse(
	vt_span json, vt_arena *a, struct vt_catalogue *out, struct vt_doc_error *why)
{
	static const char *const keys[] = {"!format", "!id", "!version", "!title", "note",
		"!sources", "!products", "!rules", NULL};
	struct vt_catalogue c = {0};
	struct vt_sources sources;
	struct vt_doc d;
	json_t *top;
	vt_err e = vt_doc_load(&d, json, VT_CATALOGUE_MAX, a, why, &top);

	if (e)
		return e;
	vt_doc_format(&d, top, "vitrine/catalogue", 1);
	(void)vt_doc_object(&d, top, keys);
	c.id = vt_doc_id(&d, top, "id");
	c.version = vt_doc_id(&d, top, "version");
	c.title = vt_doc_text(&d, top, "title");
	(void)vt_doc_text(&d, top, "note");
	c.sha256 = vt_doc_sha256(&d, json);
	vt_doc_sources(&d, top, &sources);
	read_products(&d, top, &sources, &c);
	read_rules(&d, top, &sources, &c);
	e = d.e;
	json_decref(top);
	if (!e)
		e = vt_catalogue_index(&c, a);
	if (!e)
		*out = c;
	return e;
}

/* Several as one ------------------------------------------------------------------------------- */

static vt_err name_joined(
	const struct vt_catalogue *v, size_t n, vt_arena *a, struct vt_catalogue *c)
{
	vt_buf id = VT_BUF_INIT(65536), version = VT_BUF_INIT(65536), hashes = VT_BUF_INIT(65536);
	struct vt_doc_error ignored;
	struct vt_doc d = {.a = a, .why = &ignored};
	vt_err e = VT_OK;

	for (size_t i = 0; i < n && !e; i++) {
		const char *plus = i ? "+" : "";

		e = vt_buf_addf(&id, "%s%.*s", plus, (int)v[i].id.n, (const char *)v[i].id.p);
		if (!e)
			e = vt_buf_addf(&version, "%s%.*s", plus, (int)v[i].version.n,
				(const char *)v[i].version.p);
		if (!e)
			e = vt_buf_addf(
				&hashes, "%.*s\n", (int)v[i].sha256.n, (const char *)v[i].sha256.p);
	}
	if (!e) {
		c->id = vt_doc_copy(&d, vt_buf_span(&id));
		c->version = vt_doc_copy(&d, vt_buf_span(&version));
		c->sha256 = vt_doc_sha256(&d, vt_buf_span(&hashes));
		c->title = n ? v[0].title : (vt_span){0};
		e = d.e;
	}
	vt_buf_free(&id);
	vt_buf_free(&version);
	vt_buf_free(&hashes);
	return e;
}

static vt_err refuse_twice(struct vt_doc_error *why, const char *what, vt_span id)
{
	snprintf(why->where, sizeof why->where, "%.*s", (int)vt_min_size(id.n, 100),
		(const char *)id.p);
	snprintf(why->cause, sizeof why->cause, "%s of that id are in two catalogues", what);
	return VT_EARG;
}

vt_err vt_catalogue_join(const struct vt_catalogue *v, size_t n, vt_arena *a,
	struct vt_catalogue *out, struct vt_doc_error *why)
{
	struct vt_catalogue c = {0};
	vt_err e;

	if (n == 1) {
		*out = v[0];
		return VT_OK;
	}
	for (size_t i = 0; i < n; i++) {
		c.nproducts += v[i].nproducts;
		c.nrules += v[i].nrules;
	}
	c.products = vt_arena_array(a, c.nproducts + 1, sizeof *c.products);
	c.rules = vt_arena_array(a, c.nrules + 1, sizeof *c.rules);
	if (!c.products || !c.rules)
		return VT_ENOMEM;
	c.nproducts = c.nrules = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].nproducts; k++)
			c.products[c.nproducts++] = v[i].products[k];
	qsort(c.products, c.nproducts, sizeof *c.products, by_product_id);
	for (size_t i = 1; i < c.nproducts; i++)
		if (vt_span_eq(c.products[i].id, c.products[i - 1].id))
			return refuse_twice(why, "products", c.products[i].id);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].nrules; k++) {
			struct vt_catalogue_rule r = v[i].rules[k];

			/* it is there: it was looked up when the document was read */
			(void)find_product(&c, v[i].products[r.product].id, &r.product);
			c.rules[c.nrules++] = r;
		}
	qsort(c.rules, c.nrules, sizeof *c.rules, by_rule_id);
	for (size_t i = 1; i < c.nrules; i++)
		if (vt_span_eq(c.rules[i].id, c.rules[i - 1].id))
			return refuse_twice(why, "rules", c.rules[i].id);
	e = name_joined(v, n, a, &c);
	if (!e)
		e = vt_catalogue_index(&c, a);
	if (!e)
		*out = c;
	return e;
}
