/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX: components in components, services, and what compositions say of their completeness.
 */
#include <stdio.h>

#include "base/num.h"
#include "report/sbom_parts.h"

#define STACK_MAX 256 /* components in components */

static void entity(struct vt_sbom_reader *r, struct vt_sbom_item *i, const json_t *o)
{
	if (json_is_object(o))
		vt_sbom_maker(i, vt_sbom_text(r, o, "name"));
	else if (json_is_string(o))
		vt_sbom_maker(i, vt_sbom_keep(r, vt_span_str(json_string_value(o))));
}

static void makers(struct vt_sbom_reader *r, struct vt_sbom_item *i, const json_t *o)
{
	static const char *const keys[] = {
		"supplier", "manufacturer", "manufacture", "publisher", "author", "provider"};
	const json_t *authors = json_object_get(o, "authors");

	for (size_t k = 0; k < VT_COUNT(keys); k++)
		entity(r, i, json_object_get(o, keys[k]));
	for (size_t k = 0; k < json_array_size(authors); k++)
		entity(r, i, json_array_get(authors, k));
}

/* What else was found out about its identity. */
static void evidence(struct vt_sbom_reader *r, struct vt_sbom_item *i, const json_t *o)
{
	const json_t *list = json_object_get(json_object_get(o, "evidence"), "identity");

	for (size_t k = 0; k < json_array_size(list); k++) {
		const json_t *v = json_array_get(list, k);
		const char *field = json_string_value(json_object_get(v, "field"));

		if (field && strcmp(field, "cpe") == 0)
			vt_sbom_cpe(i, vt_sbom_text(r, v, "concludedValue"));
		else if (field && strcmp(field, "purl") == 0 && !i->purl.n)
			i->purl = vt_sbom_text(r, v, "concludedValue");
	}
}

static void component(struct vt_sbom_reader *r, const json_t *o, bool whole)
{
	struct vt_sbom_item *i = vt_sbom_add(r);

	if (!i)
		return;
	if (!json_is_object(o) || !json_is_string(json_object_get(o, "name"))) {
		vt_sbom_fail(r, VT_EFORMAT, "components", "a component without a name");
		return;
	}
	i->whole = whole;
	i->ref = vt_sbom_text(r, o, "bom-ref");
	i->name = vt_sbom_text(r, o, "name");
	i->version = vt_sbom_text(r, o, "version");
	i->purl = vt_sbom_text(r, o, "purl");
	vt_sbom_cpe(i, vt_sbom_text(r, o, "cpe"));
	makers(r, i, o);
	vt_sbom_maker(i, vt_sbom_text(r, o, "group"));
	evidence(r, i, o);
}

struct level {
	const json_t *list;
	size_t at;
};

static void push(struct vt_sbom_reader *r, struct level *stack, size_t *n, const json_t *list)
{
	if (!json_array_size(list))
		return;
	if (*n == STACK_MAX)
		vt_sbom_fail(r, VT_ELIMIT, "components", "nested deeper than is read");
	else
		stack[(*n)++] = (struct level){.list = list};
}

/* Depth first, without recursion. */
static void components(struct vt_sbom_reader *r, const json_t *list)
{
	struct level stack[STACK_MAX];
	size_t n = 0;

	push(r, stack, &n, list);
	while (n && !r->e) {
		struct level *top = &stack[n - 1];
		const json_t *o;

		if (top->at == json_array_size(top->list)) {
			n--;
			continue;
		}
		o = json_array_get(top->list, top->at++);
		component(r, o, false);
		push(r, stack, &n, json_object_get(o, "components"));
		push(r, stack, &n, json_object_get(o, "services"));
	}
}

/* One word for all: "incomplete" and its kinds, "unknown" and "not_specified" are all no claim. */
static void compositions(struct vt_sbom_reader *r, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list) && !r->e; i++) {
		vt_span word = vt_sbom_text(r, json_array_get(list, i), "aggregate");

		if (vt_span_eq(word, vt_span_str("complete"))) {
			if (r->s->claim == VT_SBOM_SAYS_NOTHING)
				r->s->claim = VT_SBOM_SAYS_COMPLETE;
		} else if (r->s->claim != VT_SBOM_SAYS_INCOMPLETE) {
			r->s->claim = VT_SBOM_SAYS_INCOMPLETE;
			r->s->claim_text = word.n ? word : vt_span_str("(no word)");
		}
	}
}

void vt_sbom_cyclonedx(struct vt_sbom_reader *r, const json_t *root)
{
	static const char *const versions[] = {"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"};
	static const char *const names[] = {"CycloneDX 1.2", "CycloneDX 1.3", "CycloneDX 1.4",
		"CycloneDX 1.5", "CycloneDX 1.6", "CycloneDX 1.7"};
	const char *version = json_string_value(json_object_get(root, "specVersion"));
	const json_t *metadata = json_object_get(root, "metadata");
	const json_t *whole = json_object_get(metadata, "component");
	size_t i = 0;

	while (i < VT_COUNT(versions) && (!version || strcmp(version, versions[i]) != 0))
		i++;
	if (i == VT_COUNT(versions)) {
		vt_sbom_fail(r, VT_EUNSUPPORTED, "specVersion", "a version that is not read");
		return;
	}
	r->s->format = names[i];
	if (whole) {
		component(r, whole, true);
		/* who made the document's product */
		if (!r->e)
			makers(r, &r->s->items[r->s->n - 1], metadata);
		components(r, json_object_get(whole, "components"));
	}
	components(r, json_object_get(root, "components"));
	components(r, json_object_get(root, "services"));
	compositions(r, json_object_get(root, "compositions"));
	if (!r->e && r->s->n == 0)
		vt_sbom_fail(r, VT_EFORMAT, "components", "it lists nothing");
}
