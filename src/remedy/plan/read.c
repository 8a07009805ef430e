/* SPDX-License-Identifier: Apache-2.0 */
#include "remedy/plan/read.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/num.h"

void vt_take_refuse(struct vt_take *t, const char *key, const char *cause)
{
	if (t->e)
		return;
	t->e = VT_EFORMAT;
	(void)snprintf(t->why->where, sizeof t->why->where, "%.120s/%.60s", t->at, key);
	(void)snprintf(t->why->cause, sizeof t->why->cause, "%s", cause);
}

void vt_take_begin(struct vt_take *t, const struct vt_take *parent, const json_t *o,
	const char *name, size_t index)
{
	if (parent)
		*t = (struct vt_take){.a = parent->a, .why = parent->why, .e = parent->e};
	if (parent && index != SIZE_MAX)
		(void)snprintf(t->at, sizeof t->at, "%.90s/%.30s/%zu", parent->at, name, index);
	else if (parent)
		(void)snprintf(t->at, sizeof t->at, "%.90s/%.30s", parent->at, name);
	t->o = o;
	t->taken = 0;
	if (!json_is_object(o))
		vt_take_refuse(t, "", "not an object");
}

vt_err vt_take_end(struct vt_take *t)
{
	if (!t->e && json_object_size(t->o) != t->taken)
		vt_take_refuse(t, "", "a key that is not known here");
	return t->e;
}

const json_t *vt_take_value(struct vt_take *t, const char *key, bool must)
{
	const json_t *v = t->e ? NULL : json_object_get(t->o, key);

	if (v)
		t->taken++;
	else if (must)
		vt_take_refuse(t, key, "missing");
	return v;
}

static vt_span copy(struct vt_take *t, vt_span s)
{
	char *p = s.n ? vt_arena_copy(t->a, s) : NULL;

	if (s.n && !p && !t->e)
		t->e = VT_ENOMEM;
	return vt_span_of(p, p ? s.n : 0);
}

static vt_span string(struct vt_take *t, const json_t *v, const char *key, size_t max, bool must)
{
	size_t n;

	if (!v)
		return (vt_span){0};
	if (!json_is_string(v)) {
		vt_take_refuse(t, key, "not a string");
		return (vt_span){0};
	}
	n = json_string_length(v);
	if (n > max)
		vt_take_refuse(t, key, "too long");
	else if (n == 0 && must)
		vt_take_refuse(t, key, "empty");
	return t->e ? (vt_span){0} : copy(t, vt_span_of(json_string_value(v), n));
}

vt_span vt_take_text(struct vt_take *t, const char *key, size_t max, bool must)
{
	return string(t, vt_take_value(t, key, must), key, max, must);
}

vt_span vt_take_bytes(struct vt_take *t, const char *key, size_t max, bool must)
{
	const json_t *v = vt_take_value(t, key, must);
	struct vt_take in;
	vt_span hex;
	uint8_t *p;

	if (!v || !json_is_object(v))
		return string(t, v, key, max, must);
	vt_take_begin(&in, t, v, key, SIZE_MAX);
	hex = vt_take_text(&in, "hex", 2 * max, true);
	t->e = vt_take_end(&in);
	p = vt_take_array(t, hex.n / 2 + 1, 1);
	if (!t->e && (hex.n % 2 || !vt_hex_get(hex, p, hex.n / 2)))
		vt_take_refuse(t, key, "not lower-case hexadecimal");
	return t->e ? (vt_span){0} : vt_span_of(p, hex.n / 2);
}

vt_span vt_take_hex(struct vt_take *t, const char *key, size_t n, bool must)
{
	vt_span s = vt_take_text(t, key, n, must);

	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			vt_take_refuse(t, key, "not lower-case hexadecimal");
	if (s.n && s.n != n)
		vt_take_refuse(t, key, "not of the right length");
	return s;
}

uint64_t vt_take_number(struct vt_take *t, const char *key, uint64_t max)
{
	const json_t *v = vt_take_value(t, key, true);

	if (!v)
		return 0;
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		(uint64_t)json_integer_value(v) > max) {
		vt_take_refuse(t, key, "not a number in its range");
		return 0;
	}
	return (uint64_t)json_integer_value(v);
}

int64_t vt_take_time(struct vt_take *t, const char *key)
{
	const json_t *v = vt_take_value(t, key, true);

	if (v && !json_is_integer(v))
		vt_take_refuse(t, key, "not a whole number");
	return v ? (int64_t)json_integer_value(v) : 0;
}

bool vt_take_bool(struct vt_take *t, const char *key, bool must)
{
	const json_t *v = vt_take_value(t, key, must);

	if (v && !json_is_boolean(v))
		vt_take_refuse(t, key, "not true or false");
	return v && json_is_true(v);
}

unsigned vt_take_word(
	struct vt_take *t, const char *key, const char *(*word)(unsigned i), unsigned n)
{
	vt_span s = vt_take_text(t, key, 40, true);

	for (unsigned i = 0; i < n; i++)
		if (vt_span_eq(s, vt_span_str(word(i))))
			return i;
	vt_take_refuse(t, key, "not one of the words that may stand here");
	return 0;
}

const json_t *vt_take_list(struct vt_take *t, const char *key, size_t max, bool must)
{
	const json_t *v = vt_take_value(t, key, must);

	if (!v)
		return NULL;
	if (!json_is_array(v))
		vt_take_refuse(t, key, "not a list");
	else if (json_array_size(v) > max)
		vt_take_refuse(t, key, "too many");
	return t->e ? NULL : v;
}

void *vt_take_array(struct vt_take *t, size_t n, size_t size)
{
	void *p = t->e ? NULL : vt_arena_array(t->a, n ? n : 1, size);

	if (!p && !t->e)
		t->e = VT_ENOMEM;
	return p;
}
