/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "crypto/hash.h"

#define ID_MAX 64

const char *const vt_trust_words[VT_TRUSTS] = {
	[VT_TRUST_READ] = "read",
	[VT_TRUST_SECOND] = "second-hand",
	[VT_TRUST_DERIVED] = "derived",
	[VT_TRUST_MEMORY] = "memory",
	[VT_TRUST_CHOICE] = "choice",
};

void vt_doc_fail(struct vt_doc *d, vt_err e, const char *fmt, ...)
{
	va_list ap;

	if (d->e)
		return;
	d->e = e;
	memcpy(d->why->where, d->at, d->n + 1);
	if (d->lost) /* vt_doc_enter() leaves room for it */
		memcpy(d->why->where + d->n, "/...", 5);
	va_start(ap, fmt);
	vsnprintf(d->why->cause, sizeof d->why->cause, fmt, ap);
	va_end(ap);
}

vt_err vt_doc_load(struct vt_doc *d, vt_span json, size_t max, vt_arena *a,
	struct vt_doc_error *why, json_t **out)
{
	json_error_t error;
	json_t *j;

	*d = (struct vt_doc){.a = a, .why = why};
	*why = (struct vt_doc_error){0};
	if (json.n > max) {
		vt_doc_fail(d, VT_ELIMIT, "larger than %zu bytes", max);
		return d->e;
	}
	j = json_loadb(json.n ? (const char *)json.p : "", json.n, JSON_REJECT_DUPLICATES, &error);
	if (!j) {
		vt_doc_fail(d, VT_EFORMAT, "%s", error.text);
		snprintf(why->where, sizeof why->where, "line %d, column %d", error.line,
			error.column);
		return d->e;
	}
	if (!json_is_object(j))
		vt_doc_fail(d, VT_EFORMAT, "not an object");
	if (d->e)
		json_decref(j);
	else
		*out = j;
	return d->e;
}

void vt_doc_format(struct vt_doc *d, const json_t *top, const char *name, int number)
{
	const char *is = json_string_value(json_object_get(top, "format"));
	size_t n = strlen(name), mark = vt_doc_enter(d, "format");
	char want[64];

	snprintf(want, sizeof want, "%s/%d", name, number);
	if (!is)
		vt_doc_fail(d, VT_EFORMAT, "missing: it must be \"%s\"", want);
	else if (strcmp(is, want) != 0)
		vt_doc_fail(d, strncmp(is, name, n) == 0 && is[n] == '/' ? VT_EVERSION : VT_EFORMAT,
			"not \"%s\"", want);
	vt_doc_leave(d, mark);
}

/* JSON pointer, RFC 6901: '~' and '/' of keys are written as "~0" and "~1". */
size_t vt_doc_enter(struct vt_doc *d, const char *key)
{
	size_t mark = d->n, n = d->n;
	const size_t room = sizeof d->at - 8;

	if (d->lost || n + 2 * strlen(key) + 1 >= room) {
		d->lost++;
		return mark;
	}
	d->at[n++] = '/';
	for (; *key; key++) {
		if (*key == '~' || *key == '/') {
			d->at[n++] = '~';
			d->at[n++] = *key == '~' ? '0' : '1';
		} else {
			d->at[n++] = (uint8_t)*key < 0x20 || *key == 0x7f ? '?' : *key;
		}
	}
	d->at[n] = 0;
	d->n = n;
	return mark;
}

size_t vt_doc_enter_at(struct vt_doc *d, size_t index)
{
	char key[24];

	snprintf(key, sizeof key, "%zu", index);
	return vt_doc_enter(d, key);
}

void vt_doc_leave(struct vt_doc *d, size_t mark)
{
	if (d->lost) {
		d->lost--;
		return;
	}
	d->n = mark;
	d->at[mark] = 0;
}

bool vt_doc_object(struct vt_doc *d, const json_t *j, const char *const *keys)
{
	const char *key;
	json_t *value;

	if (d->e)
		return false;
	if (!json_is_object(j)) {
		vt_doc_fail(d, VT_EFORMAT, "not an object");
		return false;
	}
	/* jansson has no iteration of const objects; nothing is changed */
	json_object_foreach((json_t *)(uintptr_t)j, key, value)
	{
		size_t i = 0;

		while (keys[i] && strcmp(keys[i] + (keys[i][0] == '!'), key) != 0)
			i++;
		if (!keys[i]) {
			size_t mark = vt_doc_enter(d, key);

			vt_doc_fail(d, VT_EFORMAT, "there is no such key here");
			vt_doc_leave(d, mark);
			return false;
		}
	}
	for (size_t i = 0; keys[i]; i++) {
		if (keys[i][0] != '!' || json_object_get(j, keys[i] + 1))
			continue;
		vt_doc_fail(d, VT_EFORMAT, "the key \"%s\" is missing", keys[i] + 1);
		return false;
	}
	return true;
}

vt_span vt_doc_copy(struct vt_doc *d, vt_span s)
{
	char *p;

	if (d->e || s.n == 0)
		return (vt_span){0};
	p = vt_arena_copy(d->a, s);
	if (!p) {
		vt_doc_fail(d, VT_ENOMEM, "no memory");
		return (vt_span){0};
	}
	return vt_span_of(p, s.n);
}

static vt_span text_of(struct vt_doc *d, const json_t *j)
{
	vt_span s;

	if (!json_is_string(j)) {
		vt_doc_fail(d, VT_EFORMAT, "not a text");
		return (vt_span){0};
	}
	s = vt_span_of(json_string_value(j), json_string_length(j));
	if (s.n == 0)
		vt_doc_fail(d, VT_EFORMAT, "empty");
	if (s.n > VT_DOC_TEXT_MAX)
		vt_doc_fail(d, VT_EFORMAT, "longer than %d bytes", VT_DOC_TEXT_MAX);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			vt_doc_fail(d, VT_EFORMAT, "a control character in a text");
	return vt_doc_copy(d, s);
}

vt_span vt_doc_text(struct vt_doc *d, const json_t *o, const char *key)
{
	const json_t *j = d->e ? NULL : json_object_get(o, key);
	vt_span s = {0};
	size_t mark;

	if (!j)
		return s;
	mark = vt_doc_enter(d, key);
	s = text_of(d, j);
	vt_doc_leave(d, mark);
	return s;
}

bool vt_doc_id_ok(vt_span s)
{
	if (s.n < 1 || s.n > ID_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!word && (i == 0 || (c != '.' && c != '_' && c != '-')))
			return false;
	}
	return true;
}

vt_span vt_doc_id(struct vt_doc *d, const json_t *o, const char *key)
{
	vt_span s = vt_doc_text(d, o, key);

	if (!d->e && s.n && !vt_doc_id_ok(s)) {
		size_t mark = vt_doc_enter(d, key);

		vt_doc_fail(d, VT_EFORMAT,
			"an id is 1 to %d of a-z, 0-9, '.', '_' and '-', and begins with a letter "
			"or digit",
			ID_MAX);
		vt_doc_leave(d, mark);
	}
	return s;
}

unsigned vt_doc_word(
	struct vt_doc *d, const json_t *o, const char *key, const char *const *words, unsigned n)
{
	vt_span s = vt_doc_text(d, o, key);
	char all[120] = "";
	size_t mark, used = 0;

	if (d->e || s.n == 0)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		if (vt_span_eq(s, vt_span_str(words[i])))
			return i;
		used += (size_t)snprintf(all + used, sizeof all - used, "%s\"%s\"",
			i == 0               ? ""
				: i == n - 1 ? " or "
					     : ", ",
			words[i]);
		if (used >= sizeof all)
			used = sizeof all - 1;
	}
	mark = vt_doc_enter(d, key);
	vt_doc_fail(d, VT_EFORMAT, "not %s", all);
	vt_doc_leave(d, mark);
	return 0;
}

bool vt_doc_bool(struct vt_doc *d, const json_t *o, const char *key, bool otherwise)
{
	const json_t *j = d->e ? NULL : json_object_get(o, key);

	if (!j)
		return otherwise;
	if (!json_is_boolean(j)) {
		size_t mark = vt_doc_enter(d, key);

		vt_doc_fail(d, VT_EFORMAT, "not true or false");
		vt_doc_leave(d, mark);
	}
	return json_is_true(j);
}

long long vt_doc_number(
	struct vt_doc *d, const json_t *o, const char *key, long long low, long long high)
{
	const json_t *j = d->e ? NULL : json_object_get(o, key);
	size_t mark;

	if (!j)
		return 0;
	if (!json_is_integer(j) || json_integer_value(j) < low || json_integer_value(j) > high) {
		mark = vt_doc_enter(d, key);
		vt_doc_fail(d, VT_EFORMAT, "not a whole number from %lld to %lld", low, high);
		vt_doc_leave(d, mark);
		return 0;
	}
	return json_integer_value(j);
}

vt_day vt_doc_day(struct vt_doc *d, const json_t *o, const char *key)
{
	vt_span s = vt_doc_text(d, o, key);
	vt_day day = VT_DAY_NONE;

	if (!d->e && s.n && !vt_day_parse(s, &day)) {
		size_t mark = vt_doc_enter(d, key);

		vt_doc_fail(d, VT_EFORMAT, "not a date of the calendar, as \"2017-09-13\"");
		vt_doc_leave(d, mark);
	}
	return day;
}

const json_t *vt_doc_list(
	struct vt_doc *d, const json_t *o, const char *key, size_t max, size_t *out_n)
{
	const json_t *j = d->e ? NULL : json_object_get(o, key);
	size_t mark;

	*out_n = 0;
	if (!j)
		return NULL;
	mark = vt_doc_enter(d, key);
	if (!json_is_array(j))
		vt_doc_fail(d, VT_EFORMAT, "not a list");
	else if (json_array_size(j) > max)
		vt_doc_fail(d, VT_EFORMAT, "a list of more than %zu", max);
	vt_doc_leave(d, mark);
	if (d->e)
		return NULL;
	*out_n = json_array_size(j);
	return j;
}

void *vt_doc_array(struct vt_doc *d, size_t n, size_t size)
{
	void *p = d->e ? NULL : vt_arena_array(d->a, n ? n : 1, size);

	if (!p)
		vt_doc_fail(d, VT_ENOMEM, "no memory");
	return p;
}

struct vt_strings_of vt_doc_texts(struct vt_doc *d, const json_t *o, const char *key, size_t max)
{
	size_t n, mark = 0;
	const json_t *list = vt_doc_list(d, o, key, max, &n);
	vt_span *v;

	if (!list || n == 0)
		return (struct vt_strings_of){0};
	v = vt_doc_array(d, n, sizeof *v);
	for (size_t i = 0; i < n && !d->e; i++) {
		size_t outer = vt_doc_enter(d, key);

		mark = vt_doc_enter_at(d, i);
		v[i] = text_of(d, json_array_get(list, i));
		for (size_t k = 0; k < i && !d->e; k++)
			if (vt_span_eq(v[k], v[i]))
				vt_doc_fail(d, VT_EFORMAT, "it is in the list twice");
		vt_doc_leave(d, mark);
		vt_doc_leave(d, outer);
	}
	return d->e ? (struct vt_strings_of){0} : (struct vt_strings_of){.n = n, .v = v};
}

vt_span vt_doc_sha256(struct vt_doc *d, vt_span json)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t hash[32];
	char text[64];

	vt_sha256(json, hash);
	for (size_t i = 0; i < sizeof hash; i++) {
		text[2 * i] = hex[hash[i] >> 4];
		text[2 * i + 1] = hex[hash[i] & 15];
	}
	return vt_doc_copy(d, vt_span_of(text, sizeof text));
}

void vt_doc_sources(struct vt_doc *d, const json_t *top, struct vt_sources *out)
{
	static const char *const keys[] = {"!text", "url", NULL};
	const json_t *o = d->e ? NULL : json_object_get(top, "sources");
	size_t mark = vt_doc_enter(d, "sources"), n;
	const char *key;
	json_t *j;

	*out = (struct vt_sources){0};
	n = json_object_size(o);
	if (!d->e && (!json_is_object(o) || n == 0 || n > VT_DOC_LIST_MAX))
		vt_doc_fail(d, VT_EFORMAT, "not an object of sources");
	out->ids = vt_doc_array(d, n, sizeof *out->ids);
	out->v = vt_doc_array(d, n, sizeof *out->v);
	if (!d->e)
		json_object_foreach((json_t *)(uintptr_t)o, key, j)
		{
			size_t inner = vt_doc_enter(d, key);
			vt_span id = vt_span_str(key);

			if (!vt_doc_id_ok(id))
				vt_doc_fail(d, VT_EFORMAT, "not an id");
			if (vt_doc_object(d, j, keys)) {
				out->ids[out->n] = vt_doc_copy(d, id);
				out->v[out->n].text = vt_doc_text(d, j, "text");
				out->v[out->n].url = vt_doc_text(d, j, "url");
				out->n++;
			}
			vt_doc_leave(d, inner);
		}
	vt_doc_leave(d, mark);
}

struct vt_provenance vt_doc_provenance(
	struct vt_doc *d, const json_t *o, const struct vt_sources *s)
{
	struct vt_provenance p = {0};
	vt_span id = vt_doc_id(d, o, "source");
	unsigned trust = vt_doc_word(d, o, "confidence", vt_trust_words, VT_TRUSTS);
	size_t mark, i = 0;

	while (i < s->n && !vt_span_eq(s->ids[i], id))
		i++;
	if (!d->e && i == s->n) {
		mark = vt_doc_enter(d, "source");
		vt_doc_fail(d, VT_EFORMAT, "there is no source of that id");
		vt_doc_leave(d, mark);
	}
	if (d->e)
		return p;
	p = s->v[i];
	p.confidence = vt_span_str(vt_trust_words[trust]);
	p.memory = trust == VT_TRUST_DERIVED || trust == VT_TRUST_MEMORY;
	return p;
}
