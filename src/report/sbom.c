/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sbom_parts.h"

#include <stdio.h>

#include "report/json.h"

void vt_sbom_fail(struct vt_sbom_reader *r, vt_err e, const char *where, const char *cause)
{
	if (r->e)
		return;
	r->e = e;
	(void)snprintf(r->why->where, sizeof r->why->where, "%s", where);
	(void)snprintf(r->why->cause, sizeof r->why->cause, "%s", cause);
}

vt_span vt_sbom_keep(struct vt_sbom_reader *r, vt_span s)
{
	char *copy = vt_arena_copy(r->a, s);

	if (copy)
		return vt_span_of(copy, s.n);
	vt_sbom_fail(r, VT_ENOMEM, "", "not enough memory");
	return vt_span_of("", 0);
}

vt_span vt_sbom_text(struct vt_sbom_reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_string(v) || json_string_length(v) == 0)
		return vt_span_of("", 0);
	return vt_sbom_keep(r, vt_span_of(json_string_value(v), json_string_length(v)));
}

struct vt_sbom_item *vt_sbom_add(struct vt_sbom_reader *r)
{
	struct vt_sbom *s = r->s;

	if (r->e)
		return NULL;
	if (s->n == VT_SBOM_ITEMS_MAX) {
		vt_sbom_fail(r, VT_ELIMIT, "", "more components than are read");
		return NULL;
	}
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct vt_sbom_item *v = vt_arena_array(r->a, cap, sizeof *v);

		if (!v) {
			vt_sbom_fail(r, VT_ENOMEM, "", "not enough memory");
			return NULL;
		}
		if (s->n)
			memcpy(v, s->items, s->n * sizeof *v);
		s->items = v;
		s->cap = cap;
	}
	return &s->items[s->n++];
}

static void add_name(vt_span *v, size_t *n, bool *truncated, vt_span name)
{
	if (!name.n)
		return;
	if (*n == VT_SBOM_NAMES_MAX)
		*truncated = true;
	else
		v[(*n)++] = name;
}

void vt_sbom_maker(struct vt_sbom_item *i, vt_span name)
{
	add_name(i->makers, &i->nmakers, &i->truncated, name);
}

void vt_sbom_cpe(struct vt_sbom_item *i, vt_span name)
{
	add_name(i->cpe, &i->ncpe, &i->truncated, name);
}

static void read_json(struct vt_sbom_reader *r, vt_span text)
{
	json_error_t error;
	json_t *root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	const char *format = json_string_value(json_object_get(root, "bomFormat"));

	if (!root)
		vt_sbom_fail(r, VT_EFORMAT, "", error.text);
	else if (format && strcmp(format, "CycloneDX") == 0)
		vt_sbom_cyclonedx(r, root);
	else if (json_is_string(json_object_get(root, "spdxVersion")))
		vt_sbom_spdx(r, root);
	else
		vt_sbom_fail(r, VT_EUNSUPPORTED, "", "neither CycloneDX nor SPDX 2");
	json_decref(root);
}

static bool has_bom(vt_span s)
{
	return vt_span_at(s, 0, "\xef\xbb\xbf", 3);
}

vt_err vt_sbom_read(vt_span text, vt_arena *a, struct vt_sbom *out, struct vt_doc_error *why)
{
	struct vt_sbom s = {.format = "?", .claim_text = vt_span_of("", 0)};
	struct vt_sbom_reader r = {.a = a, .s = &s, .why = why};
	size_t i = 0, at;

	*why = (struct vt_doc_error){0};
	if (has_bom(text))
		text = vt_span_of(text.p + 3, text.n - 3);
	while (i < text.n && text.p[i] <= ' ')
		i++;
	if (text.n > VT_SBOM_MAX)
		vt_sbom_fail(&r, VT_ELIMIT, "", "larger than is read");
	else if (i < text.n && text.p[i] == '{')
		read_json(&r, text);
	else if (vt_span_find(text, 0, "SPDXVersion:", 12, &at))
		vt_sbom_tags(&r, text);
	else
		vt_sbom_fail(&r, VT_EUNSUPPORTED, "", "neither CycloneDX nor SPDX 2");
	if (!r.e)
		*out = s;
	return r.e;
}
