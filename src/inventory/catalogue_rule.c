/* SPDX-License-Identifier: Apache-2.0 */
/* One rule of a catalogue's document: its terms, folder names or signature, and whether it says
 * enough to speak of one product. */
#include <string.h>

#include "base/num.h"
#include "inventory/catalogue_parse.h"
#include "inventory/narrow.h"

#define NAMES_MAX 64

static void read_globs(struct vt_doc *d, const json_t *match, const char *key,
	enum vt_fact_kind kind, struct vt_rule_term *t)
{
	size_t outer;

	t->globs = vt_doc_texts(d, match, key, VT_RULE_GLOBS_MAX);
	outer = vt_doc_enter(d, key);
	if (t->globs.n == 0)
		vt_doc_fail(d, VT_EFORMAT, "no globs: nothing would match");
	for (size_t i = 0; i < t->globs.n && !d->e; i++) {
		const char *why = vt_narrow_term(kind, t->attr, t->globs.v[i]);
		size_t mark = vt_doc_enter_at(d, i);

		if (why)
			vt_doc_fail(d, VT_EFORMAT, "%s", why);
		vt_doc_leave(d, mark);
	}
	vt_doc_leave(d, outer);
}

/* "match": an object of lists of globs by attribute. */
static void read_match(struct vt_doc *d, const json_t *j, struct vt_catalogue_rule *r)
{
	const json_t *match = json_object_get(j, "match");
	size_t mark = vt_doc_enter(d, "match");
	bool identifies = false;
	const char *key;
	json_t *v;

	if (!json_is_object(match))
		vt_doc_fail(d, VT_EFORMAT, "missing, or not an object");
	else if (json_object_size(match) > VT_RULE_TERMS_MAX)
		vt_doc_fail(d, VT_EFORMAT, "more than %d attributes", VT_RULE_TERMS_MAX);
	if (d->e)
		return;
	json_object_foreach((json_t *)(uintptr_t)match, key, v)
	{
		struct vt_rule_term *t = &r->terms[r->nterms];
		size_t inner;

		if (!vt_attr_find(vt_span_str(key), &t->attr)) {
			inner = vt_doc_enter(d, key);
			vt_doc_fail(d, VT_EFORMAT, "there is no attribute of that name");
			vt_doc_leave(d, inner);
			break;
		}
		read_globs(d, match, key, r->kind, t);
		identifies = identifies || vt_narrow_identifies(t->attr);
		r->nterms++;
		if (d->e)
			break;
	}
	if (!identifies)
		vt_doc_fail(d, VT_EFORMAT,
			"none of its attributes says what a thing is: it would match what is "
			"nobody's product");
	vt_doc_leave(d, mark);
}

static void read_fold(struct vt_doc *d, const json_t *j, struct vt_catalogue_rule *r)
{
	struct vt_strings_of s = vt_doc_texts(d, j, "fold", VT_RULE_TERMS_MAX);

	for (size_t i = 0; i < s.n && !d->e; i++) {
		size_t k = 0, outer, mark;

		while (k < r->nterms &&
			!vt_span_eq(s.v[i], vt_span_str(vt_attr_word(r->terms[k].attr))))
			k++;
		if (k < r->nterms) {
			r->terms[k].fold = true;
			continue;
		}
		outer = vt_doc_enter(d, "fold");
		mark = vt_doc_enter_at(d, i);
		vt_doc_fail(d, VT_EFORMAT, "not an attribute of this rule");
		vt_doc_leave(d, mark);
		vt_doc_leave(d, outer);
	}
}

/* "names" and "least": what is in one folder. */
static void read_folder(struct vt_doc *d, const json_t *j, struct vt_catalogue_rule *r)
{
	size_t mark;

	r->names = vt_doc_texts(d, j, "names", NAMES_MAX);
	r->least = (unsigned)vt_doc_number(d, j, "least", 3, NAMES_MAX);
	mark = vt_doc_enter(d, "names");
	for (size_t i = 0; i < r->names.n && !d->e; i++) {
		const char *why = vt_narrow_folder_name(r->names.v[i]);
		size_t inner = vt_doc_enter_at(d, i);

		if (why)
			vt_doc_fail(d, VT_EFORMAT, "%s", why);
		vt_doc_leave(d, inner);
	}
	if (r->least > r->names.n)
		vt_doc_fail(d, VT_EFORMAT, "fewer names than \"least\" asks for");
	vt_doc_leave(d, mark);
}

/* "signature": {"format", "line"}. */
static void read_signature(struct vt_doc *d, const json_t *j, struct vt_catalogue_rule *r)
{
	static const char *const keys[] = {"!format", "!line", NULL};
	const json_t *o = json_object_get(j, "signature");
	size_t mark = vt_doc_enter(d, "signature");

	if (vt_doc_object(d, o, keys)) {
		const char *why;

		r->signature_format = vt_doc_text(d, o, "format");
		r->signature = vt_doc_text(d, o, "line");
		why = d->e ? NULL : vt_narrow_signature(r->signature_format, r->signature);
		if (why)
			vt_doc_fail(d, VT_EFORMAT, "%s", why);
	}
	vt_doc_leave(d, mark);
}

/* A signer or a hash: what nobody else's file can have by chance or imitation. */
static bool may_decide(const struct vt_catalogue_rule *r)
{
	if (r->kind == VT_FACT_CONTENT)
		return vt_span_eq(r->signature_format, vt_span_str("hdb")) ||
			vt_span_eq(r->signature_format, vt_span_str("hsb"));
	for (size_t i = 0; i < r->nterms; i++) {
		enum vt_attr a = r->terms[i].attr;

		if (a == VT_ATTR_SHA256 || a == VT_ATTR_SIGNER || a == VT_ATTR_SIGNER_ORG ||
			a == VT_ATTR_TEAM_ID || a == VT_ATTR_FINGERPRINT || a == VT_ATTR_BUILD_ID)
			return true;
	}
	return false;
}

static bool read_head(struct vt_doc *d, const json_t *j, struct vt_catalogue_rule *r)
{
	static const char *const usual[] = {"!id", "!product", "!kind", "!match", "fold",
		"decisive", "embedded", "note", "!source", "!confidence", NULL};
	static const char *const folder[] = {"!id", "!product", "!kind", "!names", "!least",
		"decisive", "embedded", "note", "!source", "!confidence", NULL};
	static const char *const content[] = {"!id", "!product", "!kind", "!signature", "decisive",
		"embedded", "note", "!source", "!confidence", NULL};
	vt_span word;
	size_t mark;

	if (!json_is_object(j)) {
		vt_doc_fail(d, VT_EFORMAT, "not an object");
		return false;
	}
	if (!json_object_get(j, "kind")) {
		vt_doc_fail(d, VT_EFORMAT, "the key \"kind\" is missing");
		return false;
	}
	word = vt_doc_text(d, j, "kind");
	mark = vt_doc_enter(d, "kind");
	if (!d->e && !vt_fact_find(word, &r->kind))
		vt_doc_fail(d, VT_EFORMAT, "there is no kind of fact of that name");
	vt_doc_leave(d, mark);
	return vt_doc_object(d, j,
		r->kind == VT_FACT_FOLDER            ? folder
			: r->kind == VT_FACT_CONTENT ? content
						     : usual);
}

void vt_catalogue_rule_read(struct vt_doc *d, const json_t *j, const struct vt_sources *s,
	struct vt_catalogue_rule *r, vt_span *out_product)
{
	size_t mark;

	if (!read_head(d, j, r))
		return;
	r->id = vt_doc_id(d, j, "id");
	*out_product = vt_doc_id(d, j, "product");
	if (r->kind == VT_FACT_FOLDER) {
		read_folder(d, j, r);
	} else if (r->kind == VT_FACT_CONTENT) {
		read_signature(d, j, r);
	} else {
		read_match(d, j, r);
		read_fold(d, j, r);
	}
	r->decisive = vt_doc_bool(d, j, "decisive", false);
	r->embedded = vt_doc_bool(d, j, "embedded", false);
	mark = vt_doc_enter(d, "decisive");
	if (r->decisive && !may_decide(r))
		vt_doc_fail(d, VT_EFORMAT, "only a signer or a hash decides alone");
	vt_doc_leave(d, mark);
	(void)vt_doc_text(d, j, "note");
	r->source = vt_doc_provenance(d, j, s);
}
