/* SPDX-License-Identifier: Apache-2.0 */
/* Reads directives (docs/formats/directive.md), but for their actions and where it all comes from,
 * which are in directive_parts.c. */
#include "inventory/directive.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "inventory/directive_parse.h"
#include "inventory/narrow.h"

#define ENTITIES_MAX 256
#define COVERED_MAX 1024
#define FIELDS_MAX 64
#define STRINGS_MAX 256
#define HOLIDAYS_MAX 4096
#define THRESHOLD_MIN 50 /* percent: below it "absent" would be an empty word */

const char *vt_verb_word(enum vt_verb v)
{
	static const char *const words[] = {
		[VT_VERB_IDENTIFY] = "identify",
		[VT_VERB_REPORT] = "report",
		[VT_VERB_PLAN] = "plan",
		[VT_VERB_REMOVE] = "remove",
		[VT_VERB_PREVENT] = "prevent",
		[VT_VERB_STATUS] = "status",
	};

	return (unsigned)v < VT_COUNT(words) ? words[v] : "?";
}

static void read_source(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	static const char *const keys[] = {"!url", "quote", "retrieved", "sha256", NULL};
	const json_t *o = d->e ? NULL : json_object_get(top, "source");
	size_t mark = vt_doc_enter(d, "source");

	if (vt_doc_object(d, o, keys)) {
		char day[VT_DAY_SIZE];
		vt_day retrieved = vt_doc_day(d, o, "retrieved");

		out->source_url = vt_doc_text(d, o, "url");
		out->source_quote = vt_doc_text(d, o, "quote");
		out->source_sha256 = vt_doc_text(d, o, "sha256");
		if (retrieved != VT_DAY_NONE)
			out->source_retrieved =
				vt_doc_copy(d, vt_span_str(vt_day_write(retrieved, day)));
	}
	vt_doc_leave(d, mark);
	for (size_t i = 0; i < out->source_sha256.n; i++) {
		uint8_t c = out->source_sha256.p[i];

		if (out->source_sha256.n != 64 ||
			!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			vt_doc_fail(
				d, VT_EFORMAT, "sha256 is not 64 lower-case hexadecimal digits");
	}
}

static void read_scope(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	static const char *const keys[] = {"!branded", "!embedded", "!services", "!hardware", NULL};
	const json_t *o = d->e ? NULL : json_object_get(top, "scope");
	size_t mark = vt_doc_enter(d, "scope");

	if (vt_doc_object(d, o, keys)) {
		out->branded = vt_doc_bool(d, o, "branded", false);
		out->embedded = vt_doc_bool(d, o, "embedded", false);
		out->services = vt_doc_bool(d, o, "services", false);
		out->hardware = vt_doc_bool(d, o, "hardware", false);
		if (!out->branded && !out->embedded && !out->services && !out->hardware)
			vt_doc_fail(d, VT_EFORMAT, "nothing is in scope");
	}
	vt_doc_leave(d, mark);
}

static void read_entities(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	static const char *const keys[] = {"!id", "!name", "aliases", "relation", NULL};
	size_t n, outer;
	const json_t *list = vt_doc_list(d, top, "entities", ENTITIES_MAX, &n);

	out->entities = vt_doc_array(d, n, sizeof *out->entities);
	outer = vt_doc_enter(d, "entities");
	for (size_t i = 0; i < n && !d->e; i++) {
		const json_t *o = json_array_get(list, i);
		size_t mark = vt_doc_enter_at(d, i);

		if (vt_doc_object(d, o, keys)) {
			struct vt_entity *to = &out->entities[out->nentities++];

			to->id = vt_doc_id(d, o, "id");
			to->name = vt_doc_text(d, o, "name");
			to->aliases = vt_doc_texts(d, o, "aliases", STRINGS_MAX);
			to->relation = vt_doc_text(d, o, "relation");
		}
		vt_doc_leave(d, mark);
	}
	vt_doc_leave(d, outer);
}

static void check_texts(
	struct vt_doc *d, const char *key, struct vt_strings_of s, const char *check(vt_span))
{
	size_t outer = vt_doc_enter(d, key);

	for (size_t i = 0; i < s.n && !d->e; i++) {
		const char *why = check(s.v[i]);
		size_t mark = vt_doc_enter_at(d, i);

		if (why)
			vt_doc_fail(d, VT_EFORMAT, "%s", why);
		vt_doc_leave(d, mark);
	}
	vt_doc_leave(d, outer);
}

static void read_one_covered(struct vt_doc *d, const json_t *o, struct vt_covered *to)
{
	to->name = vt_doc_text(d, o, "name");
	to->products = vt_doc_texts(d, o, "products", STRINGS_MAX);
	to->cpe = vt_doc_texts(d, o, "cpe", STRINGS_MAX);
	to->purl = vt_doc_texts(d, o, "purl", STRINGS_MAX);
	to->swid = vt_doc_texts(d, o, "swid", STRINGS_MAX);
	to->category = vt_doc_id(d, o, "category");
	check_texts(d, "products", to->products, vt_narrow_products);
	check_texts(d, "cpe", to->cpe, vt_narrow_cpe);
	check_texts(d, "purl", to->purl, vt_narrow_purl);
	check_texts(d, "swid", to->swid, vt_narrow_alias);
}

static void read_covered(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	static const char *const keys[] = {
		"!name", "products", "cpe", "purl", "swid", "category", "note", NULL};
	size_t n, outer;
	const json_t *list = vt_doc_list(d, top, "products", COVERED_MAX, &n);

	out->covered = vt_doc_array(d, n, sizeof *out->covered);
	outer = vt_doc_enter(d, "products");
	if (n == 0)
		vt_doc_fail(d, VT_EFORMAT, "no products: there would be nothing to look for");
	for (size_t i = 0; i < n && !d->e; i++) {
		const json_t *o = json_array_get(list, i);
		size_t mark = vt_doc_enter_at(d, i);

		if (vt_doc_object(d, o, keys)) {
			read_one_covered(d, o, &out->covered[out->ncovered++]);
			(void)vt_doc_text(d, o, "note");
		}
		vt_doc_leave(d, mark);
	}
	vt_doc_leave(d, outer);
}

static void read_fields(struct vt_doc *d, const json_t *top, const char *name,
	struct vt_report_field **out, size_t *out_n)
{
	static const char *const keys[] = {"!id", "!title", "key", NULL};
	size_t n, outer;
	const json_t *list = vt_doc_list(d, top, name, FIELDS_MAX, &n);

	*out = vt_doc_array(d, n, sizeof **out);
	*out_n = 0;
	outer = vt_doc_enter(d, name);
	for (size_t i = 0; i < n && !d->e; i++) {
		const json_t *o = json_array_get(list, i);
		size_t mark = vt_doc_enter_at(d, i);

		if (vt_doc_object(d, o, keys)) {
			struct vt_report_field *to = &(*out)[(*out_n)++];

			to->id = vt_doc_id(d, o, "id");
			to->title = vt_doc_text(d, o, "title");
			to->key = vt_doc_id(d, o, "key");
			for (size_t k = 0; k < i && !d->e; k++)
				if (vt_span_eq((*out)[k].id, to->id))
					vt_doc_fail(d, VT_EFORMAT, "its id is that of another");
		}
		vt_doc_leave(d, mark);
	}
	vt_doc_leave(d, outer);
}

static void read_holidays(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	static const char *const keys[] = {"us_federal", "dates", NULL};
	const json_t *o = d->e ? NULL : json_object_get(top, "holidays");
	struct vt_strings_of dates;
	size_t mark;
	vt_day *v;

	if (!o)
		return;
	mark = vt_doc_enter(d, "holidays");
	if (vt_doc_object(d, o, keys)) {
		out->holidays.us_federal = vt_doc_bool(d, o, "us_federal", false);
		dates = vt_doc_texts(d, o, "dates", HOLIDAYS_MAX);
		v = vt_doc_array(d, dates.n, sizeof *v);
		for (size_t i = 0; i < dates.n && !d->e; i++)
			if (!vt_day_parse(dates.v[i], &v[i]) || (i && v[i] <= v[i - 1]))
				vt_doc_fail(d, VT_EFORMAT,
					"dates/%zu: not a date, or not after the one before", i);
		out->holidays.n = d->e ? 0 : dates.n;
		out->holidays.v = v;
	}
	vt_doc_leave(d, mark);
}

static void read_required(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	struct vt_strings_of s = vt_doc_texts(d, top, "required", VT_AREAS);
	const json_t *j = d->e ? NULL : json_object_get(top, "threshold");
	double percent = json_number_value(j), scaled = percent * 100;
	size_t mark = vt_doc_enter(d, "required");

	if (s.n == 0)
		vt_doc_fail(d, VT_EFORMAT, "no areas: anything would be absent");
	for (size_t i = 0; i < s.n && !d->e; i++) {
		enum vt_area a;

		if (vt_area_find(s.v[i], &a)) {
			out->required[a] = true;
			continue;
		}
		(void)vt_doc_enter_at(d, i);
		vt_doc_fail(d, VT_EFORMAT, "there is no area of that name");
	}
	vt_doc_leave(d, mark);
	mark = vt_doc_enter(d, "threshold");
	if (!json_is_number(j) || percent < THRESHOLD_MIN || percent > 100 ||
		fabs(scaled - round(scaled)) > 1e-6)
		vt_doc_fail(d, VT_EFORMAT, "not a percentage from %d to 100 with two decimals",
			THRESHOLD_MIN);
	else
		out->threshold = (unsigned)lround(scaled);
	vt_doc_leave(d, mark);
}

static void read_head(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	static const char *const statuses[] = {"in force", "archived", "superseded"};
	unsigned status = vt_doc_word(d, top, "status", statuses, VT_COUNT(statuses));
	size_t mark;

	out->status = vt_span_str(statuses[status]);
	out->id = vt_doc_id(d, top, "id");
	out->version = vt_doc_id(d, top, "version");
	out->title = vt_doc_text(d, top, "title");
	out->issuer = vt_doc_text(d, top, "issuer");
	out->issued = vt_doc_day(d, top, "issued");
	out->effective = vt_doc_day(d, top, "effective");
	out->supersedes = vt_doc_texts(d, top, "supersedes", STRINGS_MAX);
	out->applies_to = vt_doc_text(d, top, "applies_to");
	out->exclusions = vt_doc_texts(d, top, "exclusions", STRINGS_MAX);
	out->nexclusions = out->exclusions.n;
	out->note = vt_doc_text(d, top, "note");
	mark = vt_doc_enter(d, "supersedes");
	for (size_t i = 0; i < out->supersedes.n && !d->e; i++)
		if (!vt_doc_id_ok(out->supersedes.v[i]) ||
			vt_span_eq(out->supersedes.v[i], out->id))
			vt_doc_fail(d, VT_EFORMAT, "not the id of another directive");
	vt_doc_leave(d, mark);
}

vt_err vt_directive_parse(
	vt_span json, vt_arena *a, struct vt_directive *out, struct vt_doc_error *why)
{
	static const char *const keys[] = {"!format", "!id", "!version", "!title", "!issuer",
		"!status", "!issued", "effective", "supersedes", "!source", "!applies_to", "!scope",
		"!entities", "!products", "exclusions", "!actions", "!report_template",
		"plan_template", "exceptions", "holidays", "!required", "!threshold", "!sources",
		"!provenance", "note", NULL};
	struct vt_directive v = {0};
	struct vt_doc d;
	json_t *top;
	vt_err e = vt_doc_load(&d, json, VT_DIRECTIVE_MAX, a, why, &top);

	if (e)
		return e;
	vt_doc_format(&d, top, "vitrine/directive", 1);
	(void)vt_doc_object(&d, top, keys);
	v.sha256 = vt_doc_sha256(&d, json);
	read_head(&d, top, &v);
	read_source(&d, top, &v);
	read_scope(&d, top, &v);
	read_entities(&d, top, &v);
	read_covered(&d, top, &v);
	vt_directive_actions(&d, top, &v);
	read_fields(&d, top, "report_template", &v.fields, &v.nfields);
	read_fields(&d, top, "plan_template", &v.plan_fields, &v.nplan_fields);
	vt_directive_exceptions(&d, top, &v.exceptions, &v.nexceptions);
	read_holidays(&d, top, &v);
	read_required(&d, top, &v);
	vt_directive_claims(&d, top, &v);
	e = d.e;
	json_decref(top);
	if (!e)
		*out = v;
	return e;
}
