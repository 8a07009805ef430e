/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a directive's document: actions, exceptions, and where each field comes from. */
#include <string.h>

#include "base/num.h"
#include "inventory/directive_parse.h"
#include "inventory/narrow.h"

#define ACTIONS_MAX 64
#define CLAIMS_MAX 4096
#define STRINGS_MAX 256

static bool read_period(
	struct vt_doc *d, const char *key, vt_span s, bool business, struct vt_period *out)
{
	size_t mark = vt_doc_enter(d, key);

	if (!vt_period_parse(s, out))
		vt_doc_fail(d, VT_EFORMAT, "not a period as \"P30D\", \"P1M\" or \"P2Y\"");
	else if (business && out->unit != 'D')
		vt_doc_fail(d, VT_EFORMAT, "business days are counted in days");
	vt_doc_leave(d, mark);
	return !d->e;
}

static void read_due(struct vt_doc *d, const json_t *o, struct vt_action *a)
{
	vt_span due = vt_doc_text(d, o, "due");

	a->due = VT_DAY_NONE;
	a->has_due = due.n > 0;
	if (d->e || !a->has_due || vt_day_parse(due, &a->due))
		return;
	(void)read_period(d, "due", due, a->calendar == VT_CALENDAR_BUSINESS, &a->after);
}

static void read_repeats(struct vt_doc *d, const json_t *o, struct vt_action *a)
{
	vt_span every = vt_doc_text(d, o, "repeats");
	vt_day until;
	size_t mark;

	a->until = vt_doc_text(d, o, "until");
	a->repeats = every.n > 0;
	if (d->e || (!a->repeats && a->until.n == 0))
		return;
	mark = vt_doc_enter(d, a->repeats ? "until" : "repeats");
	if (!a->repeats || a->until.n == 0)
		vt_doc_fail(d, VT_EFORMAT, "\"repeats\" and \"until\" come together");
	else if (!vt_span_eq(a->until, vt_span_str("complete")) && !vt_day_parse(a->until, &until))
		vt_doc_fail(d, VT_EFORMAT, "neither \"complete\" nor a date");
	else if (!a->has_due)
		vt_doc_fail(d, VT_EFORMAT, "what repeats needs a first date: \"due\"");
	vt_doc_leave(d, mark);
	(void)read_period(d, "repeats", every, a->calendar == VT_CALENDAR_BUSINESS, &a->every);
}

static void read_action(struct vt_doc *d, const json_t *o, struct vt_action *a)
{
	static const char *const keys[] = {
		"!id", "!verb", "!text", "due", "from", "calendar", "repeats", "until", NULL};
	static const char *const verbs[] = {
		"identify", "report", "plan", "remove", "prevent", "status"};
	static const char *const from[] = {"issue", "discovery"};
	static const char *const calendars[] = {"days", "business"};

	if (!vt_doc_object(d, o, keys))
		return;
	a->id = vt_doc_id(d, o, "id");
	a->text = vt_doc_text(d, o, "text");
	a->verb = (enum vt_verb)vt_doc_word(d, o, "verb", verbs, VT_COUNT(verbs));
	a->from_discovery = vt_doc_word(d, o, "from", from, VT_COUNT(from)) == 1;
	a->calendar =
		(enum vt_calendar)vt_doc_word(d, o, "calendar", calendars, VT_COUNT(calendars));
	read_due(d, o, a);
	read_repeats(d, o, a);
	if (a->from_discovery && (!a->has_due || a->due != VT_DAY_NONE))
		vt_doc_fail(
			d, VT_EFORMAT, "what counts from a discovery needs a period in \"due\"");
}

void vt_directive_actions(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	size_t n, outer;
	const json_t *list = vt_doc_list(d, top, "actions", ACTIONS_MAX, &n);

	out->actions = vt_doc_array(d, n, sizeof *out->actions);
	outer = vt_doc_enter(d, "actions");
	for (size_t i = 0; i < n && !d->e; i++) {
		struct vt_action *a = &out->actions[out->nactions++];
		size_t mark = vt_doc_enter_at(d, i);

		read_action(d, json_array_get(list, i), a);
		for (size_t k = 0; k < i && !d->e; k++)
			if (vt_span_eq(out->actions[k].id, a->id))
				vt_doc_fail(d, VT_EFORMAT, "its id is that of another action");
		vt_doc_leave(d, mark);
	}
	vt_doc_leave(d, outer);
}

static void read_exception(struct vt_doc *d, const json_t *o, struct vt_exception *x)
{
	static const char *const keys[] = {"!id", "!approver", "!reason", "mitigation", "scope",
		"!products", "!expires", NULL};
	size_t mark;

	if (!vt_doc_object(d, o, keys))
		return;
	x->id = vt_doc_id(d, o, "id");
	x->approver = vt_doc_text(d, o, "approver");
	x->reason = vt_doc_text(d, o, "reason");
	x->mitigation = vt_doc_text(d, o, "mitigation");
	x->scope = vt_doc_text(d, o, "scope");
	x->products = vt_doc_texts(d, o, "products", STRINGS_MAX);
	x->expires = vt_doc_day(d, o, "expires");
	mark = vt_doc_enter(d, "products");
	if (x->products.n == 0)
		vt_doc_fail(d, VT_EFORMAT, "an exception names its products");
	for (size_t i = 0; i < x->products.n && !d->e; i++) {
		const char *why = vt_narrow_products(x->products.v[i]);
		size_t inner = vt_doc_enter_at(d, i);

		if (why)
			vt_doc_fail(d, VT_EFORMAT, "%s", why);
		vt_doc_leave(d, inner);
	}
	vt_doc_leave(d, mark);
}

void vt_directive_exceptions(
	struct vt_doc *d, const json_t *top, struct vt_exception **out, size_t *out_n)
{
	size_t n, outer;
	const json_t *list = vt_doc_list(d, top, "exceptions", VT_EXCEPTIONS_MAX, &n);

	*out = vt_doc_array(d, n, sizeof **out);
	*out_n = 0;
	outer = vt_doc_enter(d, "exceptions");
	for (size_t i = 0; i < n && !d->e; i++) {
		size_t mark = vt_doc_enter_at(d, i);

		read_exception(d, json_array_get(list, i), &(*out)[(*out_n)++]);
		for (size_t k = 0; k < i && !d->e; k++)
			if (vt_span_eq((*out)[k].id, (*out)[i].id))
				vt_doc_fail(d, VT_EFORMAT, "its id is that of another exception");
		vt_doc_leave(d, mark);
	}
	vt_doc_leave(d, outer);
}

/* RFC 6901; NULL if it leads nowhere. */
static const json_t *follow(const json_t *j, const char *pointer)
{
	char key[256];

	while (j && *pointer) {
		size_t n = 0;

		if (*pointer++ != '/')
			return NULL;
		for (; *pointer && *pointer != '/' && n + 1 < sizeof key; pointer++) {
			if (pointer[0] == '~' && (pointer[1] == '0' || pointer[1] == '1'))
				key[n++] = *++pointer == '0' ? '~' : '/';
			else
				key[n++] = *pointer;
		}
		key[n] = 0;
		if (json_is_object(j)) {
			j = json_object_get(j, key);
		} else {
			size_t index = 0;

			if (!json_is_array(j) || n == 0 || n > 6 || (key[0] == '0' && n > 1) ||
				strspn(key, "0123456789") != n)
				return NULL;
			for (size_t i = 0; i < n; i++)
				index = 10 * index + (size_t)(key[i] - '0');
			j = json_array_get(j, index);
		}
	}
	return j;
}

static void join_memory(struct vt_doc *d, struct vt_directive *out)
{
	vt_buf b = VT_BUF_INIT(VT_DIRECTIVE_MAX);
	vt_err e = VT_OK;

	for (size_t i = 0; i < out->nclaims && !e; i++) {
		vt_span p = out->claims[i].pointer;

		if (out->claims[i].source.memory)
			e = vt_buf_addf(&b, "%s%.*s", b.n ? " " : "", p.n ? (int)p.n : 1,
				p.n ? (const char *)p.p : "/");
	}
	if (e)
		vt_doc_fail(d, e, "no memory");
	out->memory = vt_doc_copy(d, vt_buf_span(&b));
	vt_buf_free(&b);
}

void vt_directive_claims(struct vt_doc *d, const json_t *top, struct vt_directive *out)
{
	static const char *const keys[] = {"!source", "!confidence", NULL};
	const json_t *o = d->e ? NULL : json_object_get(top, "provenance");
	struct vt_sources sources;
	size_t outer;
	const char *key;
	json_t *j;

	vt_doc_sources(d, top, &sources);
	outer = vt_doc_enter(d, "provenance");
	if (!json_is_object(o) || json_object_size(o) > CLAIMS_MAX)
		vt_doc_fail(d, VT_EFORMAT, "not an object of JSON pointers");
	else if (!json_object_get(o, ""))
		vt_doc_fail(d, VT_EFORMAT, "the key \"\" (all that has no other) is missing");
	out->claims = vt_doc_array(d, json_object_size(o), sizeof *out->claims);
	if (!d->e)
		json_object_foreach((json_t *)(uintptr_t)o, key, j)
		{
			struct vt_claim *c = &out->claims[out->nclaims++];
			size_t mark = vt_doc_enter(d, key);

			if (!follow(top, key))
				vt_doc_fail(d, VT_EFORMAT, "this JSON pointer leads nowhere");
			c->pointer = vt_doc_copy(d, vt_span_str(key));
			if (vt_doc_object(d, j, keys))
				c->source = vt_doc_provenance(d, j, &sources);
			vt_doc_leave(d, mark);
			if (d->e)
				break;
		}
	vt_doc_leave(d, outer);
	if (!d->e)
		join_memory(d, out);
}

const struct vt_provenance *vt_directive_source(const struct vt_directive *d, const char *pointer)
{
	const struct vt_claim *best = NULL;
	size_t n = strlen(pointer);

	for (size_t i = 0; i < d->nclaims; i++) {
		vt_span p = d->claims[i].pointer;

		if (p.n <= n && memcmp(p.n ? (const void *)p.p : "", pointer, p.n) == 0 &&
			(p.n == n || pointer[p.n] == '/') && (!best || p.n > best->pointer.n))
			best = &d->claims[i];
	}
	/* the parser has seen to it that there is a claim for "" */
	return &best->source;
}

vt_err vt_directive_except(
	struct vt_directive *d, vt_span json, vt_arena *a, struct vt_doc_error *why)
{
	static const char *const keys[] = {"!format", "!directive", "!exceptions", NULL};
	struct vt_exception *more, *all;
	size_t n;
	struct vt_doc doc;
	json_t *top;
	vt_err e = vt_doc_load(&doc, json, VT_DIRECTIVE_MAX, a, why, &top);

	if (e)
		return e;
	vt_doc_format(&doc, top, "vitrine/exceptions", 1);
	(void)vt_doc_object(&doc, top, keys);
	if (!vt_span_eq(vt_doc_id(&doc, top, "directive"), d->id))
		vt_doc_fail(&doc, VT_EARG, "exceptions of another directive");
	vt_directive_exceptions(&doc, top, &more, &n);
	json_decref(top);
	all = vt_doc_array(&doc, d->nexceptions + n, sizeof *all);
	for (size_t i = 0; i < n && !doc.e; i++)
		for (size_t k = 0; k < d->nexceptions; k++)
			if (vt_span_eq(d->exceptions[k].id, more[i].id))
				vt_doc_fail(&doc, VT_EFORMAT,
					"the directive has an exception \"%.*s\" itself",
					(int)more[i].id.n, (const char *)more[i].id.p);
	if (doc.e)
		return doc.e;
	for (size_t i = 0; i < d->nexceptions; i++)
		all[i] = d->exceptions[i];
	for (size_t i = 0; i < n; i++)
		all[d->nexceptions + i] = more[i];
	d->exceptions = all;
	d->nexceptions += n;
	return VT_OK;
}

vt_err vt_exceptions_of(vt_span json, vt_arena *a, vt_span *out_id, struct vt_doc_error *why)
{
	struct vt_doc d;
	json_t *top;
	vt_err e = vt_doc_load(&d, json, VT_DIRECTIVE_MAX, a, why, &top);
	vt_span id;

	if (e)
		return e;
	vt_doc_format(&d, top, "vitrine/exceptions", 1);
	id = vt_doc_id(&d, top, "directive");
	if (!d.e && id.n == 0)
		vt_doc_fail(&d, VT_EFORMAT, "the key \"directive\" is missing");
	json_decref(top);
	if (!d.e)
		*out_id = id;
	return d.e;
}
