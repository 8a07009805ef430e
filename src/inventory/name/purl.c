/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/name/purl.h"

#include "base/num.h"
#include "inventory/name/vers.h"
#include "inventory/name/wild.h"

/* What a type does to its parts (purl-spec, types/). */
static const struct {
	const char *type;
	bool lower_ns, lower_name, dashes, lower_version;
} rules[] = {
	{"alpm", true, true, false, false},
	{"apk", true, true, false, false},
	{"bitbucket", true, true, false, false},
	{"bitnami", false, true, false, false},
	{"composer", true, true, false, false},
	{"deb", true, true, false, false},
	{"github", true, true, false, false},
	{"gitlab", true, true, false, false},
	{"hex", true, true, false, false},
	{"huggingface", false, false, false, true},
	{"luarocks", false, false, false, true},
	{"npm", true, true, false, false},
	{"oci", false, true, false, false},
	{"pypi", true, true, true, false},
	{"qpkg", true, false, false, false},
	{"rpm", true, false, false, false},
};

static bool is_alpha(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static int hex(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c = vt_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A new run of bytes in p->text begins. */
static vt_span start(struct vt_purl *p)
{
	return vt_span_of(p->text + p->used, 0);
}

/* p->text is as long as the longest purl, and decoding makes nothing longer. */
static void put(struct vt_purl *p, vt_span *to, uint8_t c)
{
	p->text[p->used++] = c;
	to->n++;
}

/* Appends `s` decoded. False for a '%' without two digits. */
static bool decode(struct vt_purl *p, vt_span s, vt_span *to)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c == '%') {
			int a = i + 1 < s.n ? hex(s.p[i + 1]) : -1;
			int b = i + 2 < s.n ? hex(s.p[i + 2]) : -1;

			if (a < 0 || b < 0)
				return false;
			c = (uint8_t)(a << 4 | b);
			i += 2;
		}
		put(p, to, c);
	}
	return true;
}

/* Splits at the last (or first) `c`: true, and *right is what follows it. */
static bool split(vt_span *s, uint8_t c, bool last, vt_span *right)
{
	const uint8_t *at = NULL;

	if (s->n)
		at = last ? memrchr(s->p, c, s->n) : memchr(s->p, c, s->n);
	if (!at)
		return false;
	*right = vt_span_of(at + 1, (size_t)(s->p + s->n - at - 1));
	s->n = (size_t)(at - s->p);
	return true;
}

/* Segments between slashes, decoded, without empty ones; of a subpath without "." and ".." too. */
static bool path(struct vt_purl *p, vt_span s, bool subpath, vt_span *out)
{
	vt_span to = start(p);

	while (s.n) {
		vt_span rest = {.p = s.p, .n = 0}, seg;
		size_t n, used = p->used;

		seg = s;
		(void)split(&seg, '/', false, &rest);
		s = rest;
		if (seg.n == 0)
			continue;
		if (to.n)
			put(p, &to, '/');
		n = to.n;
		if (!decode(p, seg, &to))
			return false;
		seg = vt_span_of(to.p + n, to.n - n);
		if (memchr(seg.p, '/', seg.n))
			return false;
		if (subpath &&
			(vt_span_eq(seg, vt_span_str(".")) || vt_span_eq(seg, vt_span_str("..")))) {
			to.n = n ? n - 1 : 0;
			p->used = used;
		}
	}
	*out = to;
	return true;
}

static bool key_ok(vt_span k)
{
	if (k.n == 0 || is_digit(k.p[0]))
		return false;
	for (size_t i = 0; i < k.n; i++)
		if (!is_alpha(k.p[i]) && !is_digit(k.p[i]) && k.p[i] != '.' && k.p[i] != '-' &&
			k.p[i] != '_')
			return false;
	return true;
}

static int order(vt_span a, vt_span b)
{
	size_t n = vt_min_size(a.n, b.n);
	int r = n ? memcmp(a.p, b.p, n) : 0;

	return r ? r : (a.n > b.n) - (a.n < b.n);
}

/* Keeps them sorted. VT_EFORMAT for a key that is there already. */
static vt_err add_qualifier(struct vt_purl *p, vt_span key, vt_span value)
{
	size_t at = p->nqualifiers;

	if (at == VT_PURL_QUALIFIERS_MAX)
		return VT_ELIMIT;
	for (size_t i = 0; i < p->nqualifiers; i++)
		if (vt_span_eq(p->qualifiers[i].key, key))
			return VT_EFORMAT;
	while (at && order(p->qualifiers[at - 1].key, key) > 0) {
		p->qualifiers[at] = p->qualifiers[at - 1];
		at--;
	}
	p->qualifiers[at] = (struct vt_purl_qualifier){key, value};
	p->nqualifiers++;
	return VT_OK;
}

static vt_err parse_qualifiers(struct vt_purl *p, vt_span s)
{
	while (s.n) {
		vt_span rest = {.p = s.p, .n = 0}, value = rest, key, pair = s;
		vt_err e;

		(void)split(&pair, '&', false, &rest);
		s = rest;
		if (pair.n == 0)
			continue;
		if (!split(&pair, '=', false, &value) || !key_ok(pair))
			return VT_EFORMAT;
		if (value.n == 0)
			continue;
		key = start(p);
		for (size_t i = 0; i < pair.n; i++)
			put(p, &key, vt_lower(pair.p[i]));
		pair = value;
		value = start(p);
		if (!decode(p, pair, &value))
			return VT_EFORMAT;
		e = add_qualifier(p, key, value);
		if (e)
			return e;
	}
	return VT_OK;
}

/* Lower case in place: `s` is a part of p->text. */
static void fold(struct vt_purl *p, vt_span s, bool dashes)
{
	uint8_t *v = p->text + (s.p - p->text);

	for (size_t i = 0; i < s.n; i++)
		v[i] = dashes && v[i] == '_' ? '-' : vt_lower(v[i]);
}

static void normalise(struct vt_purl *p)
{
	for (size_t i = 0; i < VT_COUNT(rules); i++) {
		if (!vt_span_eq(p->type, vt_span_str(rules[i].type)))
			continue;
		if (rules[i].lower_ns)
			fold(p, p->ns, false);
		if (rules[i].lower_name)
			fold(p, p->name, rules[i].dashes);
		if (rules[i].lower_version)
			fold(p, p->version, false);
	}
}

static bool type_ok(vt_span t)
{
	if (t.n == 0 || !is_alpha(t.p[0]))
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (!is_alpha(t.p[i]) && !is_digit(t.p[i]) && t.p[i] != '.' && t.p[i] != '-' &&
			t.p[i] != '+')
			return false;
	return true;
}

/* type/namespace/name@version */
static bool parse_names(struct vt_purl *p, vt_span s)
{
	vt_span rest, version = {.p = s.p, .n = 0}, name;

	while (s.n && s.p[0] == '/')
		s = vt_span_of(s.p + 1, s.n - 1);
	if (!split(&s, '/', false, &rest) || !type_ok(s))
		return false;
	p->type = start(p);
	for (size_t i = 0; i < s.n; i++)
		put(p, &p->type, vt_lower(s.p[i]));
	/* An '@' that begins a segment is npm's scope, badly written, and no version. */
	if (split(&rest, '@', true, &version) && (rest.n == 0 || rest.p[rest.n - 1] == '/')) {
		rest.n += 1 + version.n;
		version.n = 0;
	}
	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	name = rest;
	if (!split(&rest, '/', true, &name))
		rest.n = 0;
	p->version = start(p);
	if (!decode(p, version, &p->version) || !path(p, rest, false, &p->ns))
		return false;
	p->name = start(p);
	return decode(p, name, &p->name) && p->name.n != 0;
}

vt_err vt_purl_parse(vt_span s, struct vt_purl *out)
{
	vt_span subpath = {.p = s.p, .n = 0}, qualifiers = subpath, rest;
	vt_err e;

	if (s.n > VT_PURL_MAX)
		return VT_ELIMIT;
	out->type = out->ns = out->name = out->version = out->subpath = vt_span_of("", 0);
	out->nqualifiers = 0;
	out->used = 0;
	(void)split(&s, '#', true, &subpath);
	(void)split(&s, '?', true, &qualifiers);
	if (!split(&s, ':', false, &rest) || s.n != 3 || vt_lower(s.p[0]) != 'p' ||
		vt_lower(s.p[1]) != 'k' || vt_lower(s.p[2]) != 'g')
		return VT_EFORMAT;
	if (!parse_names(out, rest) || !path(out, subpath, true, &out->subpath))
		return VT_EFORMAT;
	e = parse_qualifiers(out, qualifiers);
	if (e)
		return e;
	normalise(out);
	return VT_OK;
}

/* Percent-encodes all but the unreserved characters, ':' and, in paths, '/'. */
static vt_err encode(vt_buf *b, vt_span s, bool slashes)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		vt_err e;

		if (is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '~' ||
			c == ':' || (slashes && c == '/'))
			e = vt_buf_add_u8(b, c);
		else
			e = vt_buf_addf(b, "%%%02X", c);
		if (e)
			return e;
	}
	return VT_OK;
}

static vt_err add_part(vt_buf *b, const char *before, vt_span s, bool slashes)
{
	vt_err e;

	if (s.n == 0)
		return VT_OK;
	e = vt_buf_addf(b, "%s", before);
	return e ? e : encode(b, s, slashes);
}

vt_err vt_purl_write(const struct vt_purl *p, vt_buf *out)
{
	size_t n = out->n;
	vt_err e;

	if (!type_ok(p->type) || p->name.n == 0)
		return VT_EARG;
	e = vt_buf_addf(out, "pkg:");
	for (size_t i = 0; i < p->type.n && !e; i++)
		e = vt_buf_add_u8(out, vt_lower(p->type.p[i]));
	if (!e)
		e = add_part(out, "/", p->ns, true);
	if (!e)
		e = add_part(out, "/", p->name, false);
	if (!e)
		e = add_part(out, "@", p->version, false);
	for (size_t i = 0; i < p->nqualifiers && !e; i++) {
		e = add_part(out, i ? "&" : "?", p->qualifiers[i].key, false);
		if (!e)
			e = add_part(out, "=", p->qualifiers[i].value, false);
	}
	if (!e)
		e = add_part(out, "#", p->subpath, true);
	if (e)
		out->n = n;
	return e;
}

vt_span vt_purl_qualifier(const struct vt_purl *p, const char *key)
{
	for (size_t i = 0; i < p->nqualifiers; i++)
		if (vt_span_eq(p->qualifiers[i].key, vt_span_str(key)))
			return p->qualifiers[i].value;
	return vt_span_of("", 0);
}

static bool agrees(vt_span pattern, vt_span s)
{
	return pattern.n == 0 || vt_wild_match(pattern, s);
}

bool vt_purl_match(const struct vt_purl *pattern, const struct vt_purl *p, bool *unsure)
{
	vt_span range = vt_purl_qualifier(pattern, "vers");

	if (unsure)
		*unsure = false;
	if (!vt_wild_match(pattern->type, p->type) || !vt_wild_match(pattern->name, p->name) ||
		!agrees(pattern->ns, p->ns) || !agrees(pattern->version, p->version) ||
		!agrees(pattern->subpath, p->subpath))
		return false;
	for (size_t i = 0; i < pattern->nqualifiers; i++) {
		const struct vt_purl_qualifier *q = &pattern->qualifiers[i];
		bool found = vt_span_eq(q->key, vt_span_str("vers"));

		for (size_t k = 0; k < p->nqualifiers && !found; k++)
			found = vt_span_eq(p->qualifiers[k].key, q->key) &&
				vt_wild_match(q->value, p->qualifiers[k].value);
		if (!found)
			return false;
	}
	if (range.n) {
		bool in = false;
		vt_err e = vt_vers_contains(range, p->version, &in);

		if (e && unsure)
			*unsure = true;
		return !e && in;
	}
	return true;
}
