/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a statement: hostile bytes, even when they are signed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"
#include "report/statement_parts.h"

static const vt_span empty = {.p = (const uint8_t *)"", .n = 0};

void vt_statement_fail(struct vt_statement_reader *r, const char *where, const char *cause)
{
	if (r->e)
		return;
	r->e = VT_EFORMAT;
	(void)snprintf(r->why->where, sizeof r->why->where, "%s", where);
	(void)snprintf(r->why->cause, sizeof r->why->cause, "%s", cause);
}

static vt_span keep(struct vt_statement_reader *r, const void *p, size_t n)
{
	char *copy = vt_arena_copy(&r->s->arena, vt_span_of(p, n));

	if (copy)
		return vt_span_of(copy, n);
	if (!r->e)
		r->e = VT_ENOMEM;
	return empty;
}

/* A string, or {"base64": "..."} for bytes that are no text. */
static vt_span text_of(struct vt_statement_reader *r, const json_t *v, const char *key)
{
	const json_t *b = json_object_get(v, "base64");
	uint8_t *p;
	size_t n;

	if (json_is_string(v))
		return keep(r, json_string_value(v), json_string_length(v));
	if (!json_is_string(b)) {
		vt_statement_fail(r, key, "a text is missing");
		return empty;
	}
	n = json_string_length(b);
	p = vt_arena_alloc(&r->s->arena, n + 1);
	if (!p) {
		if (!r->e)
			r->e = VT_ENOMEM;
		return empty;
	}
	if (!vt_base64_get(vt_span_of(json_string_value(b), n), p, n, &n)) {
		vt_statement_fail(r, key, "no base 64");
		return empty;
	}
	return vt_span_of(p, n);
}

vt_span vt_statement_text(struct vt_statement_reader *r, const json_t *o, const char *key)
{
	return text_of(r, json_object_get(o, key), key);
}

vt_span vt_statement_some(struct vt_statement_reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return v ? text_of(r, v, key) : empty;
}

uint64_t vt_statement_number(struct vt_statement_reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_integer(v) && json_integer_value(v) >= 0)
		return (uint64_t)json_integer_value(v);
	vt_statement_fail(r, key, "a number is missing");
	return 0;
}

int64_t vt_statement_time(struct vt_statement_reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	int64_t t = 0;

	if (!json_is_string(v) ||
		!vt_time_parse_utc(vt_span_of(json_string_value(v), json_string_length(v)), &t))
		vt_statement_fail(r, key, "a time is missing");
	return t;
}

bool vt_statement_flag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

const json_t *vt_statement_list(struct vt_statement_reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_array(v))
		vt_statement_fail(r, key, "a list is missing");
	return v;
}

const json_t *vt_statement_object(struct vt_statement_reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_object(v))
		vt_statement_fail(r, key, "an object is missing");
	return v;
}

static void *room(struct vt_statement_reader *r, size_t n, size_t size)
{
	void *p = vt_arena_array(&r->s->arena, n + 1, size);

	if (!p && !r->e)
		r->e = VT_ENOMEM;
	return p;
}

struct vt_strings_of vt_statement_strings(
	struct vt_statement_reader *r, const json_t *o, const char *key)
{
	const json_t *list = vt_statement_list(r, o, key);
	size_t n = json_array_size(list);
	vt_span *v = room(r, n, sizeof *v);

	for (size_t i = 0; i < n && !r->e; i++)
		v[i] = text_of(r, json_array_get(list, i), key);
	return (struct vt_strings_of){r->e ? 0 : n, v};
}

static void read_exceptions(struct vt_statement_reader *r, const json_t *o)
{
	const json_t *list = vt_statement_list(r, o, "exceptions");
	size_t n = json_array_size(list);
	struct vt_exception *v = room(r, n, sizeof *v);

	for (size_t i = 0; i < n && !r->e; i++) {
		const json_t *x = json_array_get(list, i);
		vt_span expires = vt_statement_some(r, x, "expires");

		v[i] = (struct vt_exception){.id = vt_statement_text(r, x, "id"),
			.approver = vt_statement_text(r, x, "approver"),
			.reason = vt_statement_text(r, x, "reason"),
			.mitigation = vt_statement_text(r, x, "mitigation"),
			.scope = vt_statement_text(r, x, "scope"),
			.products = vt_statement_strings(r, x, "products"),
			.expires = VT_DAY_NONE};
		if (expires.n && !vt_day_parse(expires, &v[i].expires))
			vt_statement_fail(r, "expires", "no date");
	}
	r->s->directive.exceptions = v;
	r->s->directive.nexceptions = r->e ? 0 : n;
}

static void read_directive(struct vt_statement_reader *r, const json_t *o)
{
	struct vt_directive *d = &r->s->directive;
	const json_t *scope = vt_statement_object(r, o, "scope");
	const json_t *required = vt_statement_list(r, o, "required");
	uint64_t threshold = vt_statement_number(r, o, "threshold");

	d->id = vt_statement_text(r, o, "id");
	d->version = vt_statement_text(r, o, "version");
	d->title = vt_statement_text(r, o, "title");
	d->issuer = vt_statement_text(r, o, "issuer");
	d->sha256 = vt_statement_text(r, o, "sha256");
	r->s->in.directive_position = vt_statement_text(r, o, "position");
	if (!vt_day_parse(vt_statement_text(r, o, "judgedOn"), &r->s->in.on))
		vt_statement_fail(r, "judgedOn", "no date");
	d->branded = vt_statement_flag(scope, "branded");
	d->embedded = vt_statement_flag(scope, "embedded");
	d->services = vt_statement_flag(scope, "services");
	d->hardware = vt_statement_flag(scope, "hardware");
	for (size_t i = 0; i < json_array_size(required) && !r->e; i++) {
		enum vt_area a;

		if (vt_area_find(text_of(r, json_array_get(required, i), "required"), &a))
			d->required[a] = true;
		else
			vt_statement_fail(r, "required", "an area that is not known");
	}
	if (threshold > 10000)
		vt_statement_fail(r, "threshold", "more than all");
	d->threshold = (unsigned)(threshold <= 10000 ? threshold : 0);
	d->issued = d->effective = VT_DAY_NONE;
	read_exceptions(r, o);
}

/* Ids are names in globs: they may not be patterns. */
static bool id_ok(vt_span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] >= 0x7f || memchr("*?[]\\", id.p[i], 5))
			return false;
	return id.n != 0;
}

static int order(vt_span a, vt_span b)
{
	int c = memcmp(a.p, b.p, vt_min_size(a.n, b.n));

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static void read_products(struct vt_statement_reader *r, const json_t *o)
{
	const json_t *list = vt_statement_list(r, o, "products");
	size_t n = json_array_size(list);
	struct vt_product *v = room(r, n, sizeof *v);
	uint8_t *covered = room(r, n, 1);
	vt_span *ids = room(r, n, sizeof *ids);
	struct vt_covered *c = room(r, 1, sizeof *c);

	for (size_t i = 0; i < n && !r->e; i++) {
		const json_t *p = json_array_get(list, i);

		v[i] = (struct vt_product){.id = vt_statement_text(r, p, "id"),
			.name = vt_statement_text(r, p, "name"),
			.entity = vt_statement_text(r, p, "entity"),
			.category = vt_statement_text(r, p, "category"),
			.assessable = vt_statement_flag(p, "assessable"),
			.prefixes = vt_statement_strings(r, p, "prefixes")};
		covered[i] = vt_statement_flag(p, "covered");
		if (!id_ok(v[i].id) || (i && order(v[i - 1].id, v[i].id) >= 0))
			vt_statement_fail(r, "products", "ids are wrong, or not in order");
		if (covered[i] && !r->e)
			ids[c->products.n++] = v[i].id;
	}
	if (r->e)
		return;
	c->products.v = ids;
	c->name = empty;
	r->s->catalogue.products = v;
	r->s->catalogue.nproducts = n;
	r->s->covered = vt_span_of(covered, n);
	r->s->directive.covered = c;
	r->s->directive.ncovered = c->products.n ? 1 : 0;
}

static void read_predicate(struct vt_statement_reader *r, const json_t *p)
{
	struct vt_report_input *in = &r->s->in;
	const json_t *d = vt_statement_object(r, p, "directive");

	in->time = vt_statement_time(r, p, "issued");
	in->challenge = vt_statement_some(r, p, "challenge");
	in->organisation = vt_statement_some(r, p, "organisation");
	in->contact = vt_statement_some(r, p, "contact");
	in->reviewers = vt_statement_strings(r, p, "reviewers");
	if (!r->e)
		read_directive(r, d);
	if (!r->e)
		read_products(r, p);
	for (size_t i = 0; i < VT_COUNT(vt_statement_runs) && !r->e; i++) {
		const json_t *o = json_object_get(p, vt_statement_runs[i]);

		if (json_is_object(o))
			vt_statement_read_run(r, o, i);
		else if (i == 0 || !json_is_null(o))
			vt_statement_fail(r, vt_statement_runs[i], "a run is missing");
	}
	in->directive = &r->s->directive;
	in->catalogue = &r->s->catalogue;
}

static vt_err read_root(struct vt_statement_reader *r, const json_t *root)
{
	const char *type = json_string_value(json_object_get(root, "_type"));
	const char *predicate = json_string_value(json_object_get(root, "predicateType"));

	if (!type || !predicate) {
		vt_statement_fail(r, "", "no in-toto statement");
		return r->e;
	}
	if (strcmp(type, VT_STATEMENT_TYPE) != 0 || strcmp(predicate, VT_PREDICATE_TYPE) != 0) {
		(void)snprintf(r->why->where, sizeof r->why->where, "predicateType");
		(void)snprintf(r->why->cause, sizeof r->why->cause,
			"a statement of another kind than this program reads");
		return VT_EVERSION;
	}
	read_predicate(r, vt_statement_object(r, root, "predicate"));
	return r->e;
}

vt_err vt_statement_read(vt_span payload, struct vt_statement **out, struct vt_doc_error *why)
{
	struct vt_statement *s = calloc(1, sizeof *s);
	struct vt_statement_reader r = {.s = s, .why = why};
	json_error_t error;
	json_t *root;
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	*why = (struct vt_doc_error){0};
	s->arena.max = VT_STATEMENT_MEMORY;
	root = json_loadb((const char *)payload.p, payload.n, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		vt_statement_fail(&r, "", error.text);
		e = r.e;
	} else {
		e = read_root(&r, root);
	}
	json_decref(root);
	if (e)
		vt_statement_free(s);
	else
		*out = s;
	return e;
}

void vt_statement_free(struct vt_statement *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < VT_COUNT(s->surveys); i++)
		vt_survey_free(s->surveys[i]);
	vt_arena_free(&s->arena);
	free(s);
}
