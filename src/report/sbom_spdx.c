/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SPDX 2.2 and 2.3 (ISO/IEC 5962), JSON and tag-value. Packages only; SPDX has no word for
 * "complete", but "NOASSERTION" as the end of a relationship says that it is not.
 */
#include <stdio.h>

#include "base/num.h"
#include "report/sbom_parts.h"

static const char *const prefixes[] = {"Organization:", "Person:", "Tool:"};

static bool starts(vt_span *s, const char *with)
{
	size_t n = strlen(with);

	if (!vt_span_at(*s, 0, with, n))
		return false;
	*s = vt_span_of(s->p + n, s->n - n);
	while (s->n && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = vt_span_of(s->p + 1, s->n - 1);
	return true;
}

/* "Organization: Name (mail)" */
static void maker(struct vt_sbom_item *i, vt_span s)
{
	size_t at;

	if (vt_span_eq(s, vt_span_str("NOASSERTION")) || vt_span_eq(s, vt_span_str("NONE")))
		return;
	for (size_t k = 0; k < VT_COUNT(prefixes); k++)
		if (starts(&s, prefixes[k]))
			break;
	if (s.n && s.p[s.n - 1] == ')' && vt_span_find(s, 0, " (", 2, &at))
		s.n = at;
	vt_sbom_maker(i, s);
}

static void reference(struct vt_sbom_item *i, vt_span type, vt_span locator)
{
	if (vt_span_eq(type, vt_span_str("cpe23Type")) ||
		vt_span_eq(type, vt_span_str("cpe22Type")))
		vt_sbom_cpe(i, locator);
	else if (vt_span_eq(type, vt_span_str("purl")) && !i->purl.n)
		i->purl = locator;
}

static void package(struct vt_sbom_reader *r, const json_t *o)
{
	const json_t *refs = json_object_get(o, "externalRefs");
	struct vt_sbom_item *i = vt_sbom_add(r);

	if (!i)
		return;
	if (!json_is_string(json_object_get(o, "name"))) {
		vt_sbom_fail(r, VT_EFORMAT, "packages", "a package without a name");
		return;
	}
	i->ref = vt_sbom_text(r, o, "SPDXID");
	i->name = vt_sbom_text(r, o, "name");
	i->version = vt_sbom_text(r, o, "versionInfo");
	maker(i, vt_sbom_text(r, o, "supplier"));
	maker(i, vt_sbom_text(r, o, "originator"));
	for (size_t k = 0; k < json_array_size(refs); k++) {
		const json_t *v = json_array_get(refs, k);

		reference(i, vt_sbom_text(r, v, "referenceType"),
			vt_sbom_text(r, v, "referenceLocator"));
	}
}

static void relation(struct vt_sbom_reader *r, vt_span from, vt_span kind, vt_span to)
{
	if (vt_span_eq(to, vt_span_str("NOASSERTION"))) {
		r->s->claim = VT_SBOM_SAYS_INCOMPLETE;
		r->s->claim_text = vt_span_str("NOASSERTION");
	}
	if (!vt_span_eq(kind, vt_span_str("DESCRIBES")))
		return;
	(void)from;
	for (size_t i = 0; i < r->s->n; i++)
		if (vt_span_eq(r->s->items[i].ref, to))
			r->s->items[i].whole = true;
}

static bool version_ok(struct vt_sbom_reader *r, vt_span v)
{
	if (vt_span_eq(v, vt_span_str("SPDX-2.2")))
		r->s->format = "SPDX 2.2";
	else if (vt_span_eq(v, vt_span_str("SPDX-2.3")))
		r->s->format = "SPDX 2.3";
	else
		vt_sbom_fail(r, VT_EUNSUPPORTED, "spdxVersion", "a version that is not read");
	return !r->e;
}

void vt_sbom_spdx(struct vt_sbom_reader *r, const json_t *root)
{
	const json_t *packages = json_object_get(root, "packages");
	const json_t *relations = json_object_get(root, "relationships");
	const json_t *describes = json_object_get(root, "documentDescribes");

	if (!version_ok(r, vt_sbom_text(r, root, "spdxVersion")))
		return;
	for (size_t i = 0; i < json_array_size(packages) && !r->e; i++)
		package(r, json_array_get(packages, i));
	for (size_t i = 0; i < json_array_size(relations) && !r->e; i++) {
		const json_t *v = json_array_get(relations, i);

		relation(r, vt_sbom_text(r, v, "spdxElementId"),
			vt_sbom_text(r, v, "relationshipType"),
			vt_sbom_text(r, v, "relatedSpdxElement"));
	}
	for (size_t i = 0; i < json_array_size(describes) && !r->e; i++) {
		const char *id = json_string_value(json_array_get(describes, i));

		if (id)
			relation(r, vt_span_str(""), vt_span_str("DESCRIBES"), vt_span_str(id));
	}
	if (!r->e && r->s->n == 0)
		vt_sbom_fail(r, VT_EFORMAT, "packages", "it lists nothing");
}

/* The next word of the line. */
static vt_span word(vt_span *s)
{
	size_t n = 0;
	vt_span out;

	while (s->n && s->p[0] == ' ')
		*s = vt_span_of(s->p + 1, s->n - 1);
	while (n < s->n && s->p[n] != ' ')
		n++;
	out = vt_span_of(s->p, n);
	*s = vt_span_of(s->p + n, s->n - n);
	return out;
}

static void tag(struct vt_sbom_reader *r, vt_span line, struct vt_sbom_item **at)
{
	if (starts(&line, "SPDXVersion:")) {
		(void)version_ok(r, line);
	} else if (starts(&line, "PackageName:")) {
		*at = vt_sbom_add(r);
		if (*at)
			(*at)->name = line;
	} else if (starts(&line, "Relationship:")) {
		vt_span from = word(&line), kind = word(&line);

		relation(r, from, kind, word(&line));
	} else if (!*at) {
		return;
	} else if (starts(&line, "SPDXID:")) {
		if (!(*at)->ref.n)
			(*at)->ref = line;
	} else if (starts(&line, "PackageVersion:")) {
		(*at)->version = line;
	} else if (starts(&line, "PackageSupplier:") || starts(&line, "PackageOriginator:")) {
		maker(*at, line);
	} else if (starts(&line, "ExternalRef:")) {
		vt_span type;

		(void)word(&line);
		type = word(&line);
		reference(*at, type, word(&line));
	} else if (starts(&line, "FileName:")) {
		*at = NULL; /* the SPDXID that follows is the file's */
	}
}

void vt_sbom_tags(struct vt_sbom_reader *r, vt_span text)
{
	struct vt_sbom_item *at = NULL;
	vt_span all = vt_sbom_keep(r, text);
	size_t from = 0, end;
	bool quoted = false;

	while (from < all.n && !r->e) {
		vt_span line;
		size_t mark;

		if (!vt_span_find(all, from, "\n", 1, &end))
			end = all.n;
		line = vt_span_of(all.p + from, end - from);
		from = end + 1;
		while (line.n && line.p[line.n - 1] <= ' ')
			line.n--;
		/* texts of many lines stand between <text> and </text> */
		if (!quoted)
			tag(r, line, &at);
		if (vt_span_find(line, 0, "<text>", 6, &mark))
			quoted = true;
		if (vt_span_find(line, 0, "</text>", 7, &mark))
			quoted = false;
	}
	if (!r->e && r->s->n == 0)
		vt_sbom_fail(r, VT_EFORMAT, "PackageName", "it lists nothing");
}
