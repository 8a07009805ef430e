/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/name/cpe.h"

#include "base/num.h"
#include "inventory/name/wild.h"

static bool is_word(uint8_t c)
{
	return c == '_' || (c >= '0' && c <= '9') || (vt_lower(c) >= 'a' && vt_lower(c) <= 'z');
}

/* Printable ASCII without white space: all that a value may hold (NISTIR 7695, 5.3.2). */
static bool is_printable(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

/* One character of a binding: quoted, or a wildcard, or itself. */
struct character {
	uint8_t c;
	bool wildcard;
};

typedef bool next_fn(vt_span *s, struct character *out);

/* Formatted string: '\\' quotes; what is no letter, digit, '_', '-' or '.' must be quoted. */
static bool next_formatted(vt_span *s, struct character *out)
{
	uint8_t c = s->p[0];
	bool quoted = c == '\\';

	if (quoted) {
		if (s->n < 2 || !is_printable(s->p[1]) || is_word(s->p[1]))
			return false;
		c = s->p[1];
	}
	*s = vt_span_of(s->p + 1 + quoted, s->n - 1 - quoted);
	*out = (struct character){.c = vt_lower(c), .wildcard = !quoted && (c == '*' || c == '?')};
	return quoted || out->wildcard || is_word(c) || c == '-' || c == '.';
}

static int hex(uint8_t c)
{
	c = vt_lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* URI: %01 is '?', %02 is '*'; '.', '-', '_' and '~' stand for themselves. */
static bool next_uri(vt_span *s, struct character *out)
{
	uint8_t c = s->p[0];
	int a, b;

	if (c != '%') {
		*s = vt_span_of(s->p + 1, s->n - 1);
		*out = (struct character){.c = vt_lower(c)};
		return is_word(c) || c == '.' || c == '-' || c == '~';
	}
	a = s->n > 1 ? hex(s->p[1]) : -1;
	b = s->n > 2 ? hex(s->p[2]) : -1;
	if (a < 0 || b < 0)
		return false;
	c = (uint8_t)(a << 4 | b);
	*s = vt_span_of(s->p + 3, s->n - 3);
	*out = (struct character){.c = vt_lower(c)};
	if (c == 1 || c == 2)
		*out = (struct character){.c = c == 1 ? '?' : '*', .wildcard = true};
	return out->wildcard || is_printable(c);
}

/* Counts a wildcard: a run of '?', or one '*'. */
static bool add_wildcard(uint8_t *to, uint8_t c)
{
	if (c == '*') {
		if (*to)
			return false;
		*to = VT_CPE_STAR;
		return true;
	}
	if (*to >= VT_CPE_STAR - 1)
		return false;
	++*to;
	return true;
}

/* Wildcards may stand at the ends only. */
static bool read_value(struct vt_cpe *c, vt_span s, next_fn *next, struct vt_cpe_value *v)
{
	size_t from = c->used;

	*v = (struct vt_cpe_value){.kind = VT_CPE_VALUE};
	while (s.n) {
		struct character ch;

		if (!next(&s, &ch))
			return false;
		if (ch.wildcard) {
			if (!add_wildcard(c->used == from ? &v->before : &v->after, ch.c))
				return false;
		} else if (v->after) {
			return false;
		} else {
			c->text[c->used++] = ch.c;
		}
	}
	v->text = vt_span_of(c->text + from, c->used - from);
	return v->text.n || v->before;
}

/* The logical values have a spelling of their own in each binding. */
static bool read_attr(struct vt_cpe *c, vt_span s, bool uri, enum vt_cpe_attr a)
{
	struct vt_cpe_value *v = &c->v[a];

	if (uri ? s.n == 0 : vt_span_eq(s, vt_span_str("*"))) {
		*v = (struct vt_cpe_value){.kind = VT_CPE_ANY};
		return true;
	}
	if (vt_span_eq(s, vt_span_str("-"))) {
		*v = (struct vt_cpe_value){.kind = VT_CPE_NA};
		return true;
	}
	if (!read_value(c, s, uri ? next_uri : next_formatted, v))
		return false;
	if (a != VT_CPE_PART)
		return true;
	return v->text.n == 1 && !v->before && !v->after && memchr("aoh", v->text.p[0], 3);
}

/* Takes what comes before the next ':' that is not quoted. */
static bool take(vt_span *s, bool *more, vt_span *out)
{
	size_t n = 0;

	if (!*more)
		return false;
	while (n < s->n && s->p[n] != ':')
		n += s->p[n] == '\\' && n + 1 < s->n ? 2 : 1;
	*out = vt_span_of(s->p, n);
	*more = n < s->n;
	*s = *more ? vt_span_of(s->p + n + 1, s->n - n - 1) : vt_span_of("", 0);
	return true;
}

/* An edition of "~a~b~c~d~e" packs five attributes (NISTIR 7695, 6.1.2.1.3). */
static bool unpack_edition(struct vt_cpe *c, vt_span s)
{
	static const enum vt_cpe_attr order[] = {VT_CPE_EDITION, VT_CPE_SW_EDITION,
		VT_CPE_TARGET_SW, VT_CPE_TARGET_HW, VT_CPE_OTHER};

	if (!s.n || s.p[0] != '~')
		return read_attr(c, s, true, VT_CPE_EDITION);
	for (size_t i = 0; i < VT_COUNT(order); i++) {
		size_t n = 1;

		if (!s.n || s.p[0] != '~')
			return false;
		while (n < s.n && s.p[n] != '~')
			n++;
		if (!read_attr(c, vt_span_of(s.p + 1, n - 1), true, order[i]))
			return false;
		s = vt_span_of(s.p + n, s.n - n);
	}
	return s.n == 0;
}

static bool parse_uri(struct vt_cpe *c, vt_span s)
{
	bool more = true;
	vt_span v;

	for (unsigned a = VT_CPE_PART; a <= VT_CPE_LANGUAGE && more; a++) {
		if (!take(&s, &more, &v))
			return false;
		if (a == VT_CPE_EDITION ? !unpack_edition(c, v)
					: !read_attr(c, v, true, (enum vt_cpe_attr)a))
			return false;
	}
	return !more;
}

static bool parse_formatted(struct vt_cpe *c, vt_span s)
{
	bool more = true;
	vt_span v;

	for (unsigned a = 0; a < VT_CPE_ATTRS; a++)
		if (!take(&s, &more, &v) || v.n == 0 ||
			!read_attr(c, v, false, (enum vt_cpe_attr)a))
			return false;
	return !more;
}

vt_err vt_cpe_parse(vt_span s, struct vt_cpe *out)
{
	if (s.n > VT_CPE_MAX)
		return VT_ELIMIT;
	out->used = 0;
	for (unsigned a = 0; a < VT_CPE_ATTRS; a++)
		out->v[a] = (struct vt_cpe_value){.kind = VT_CPE_ANY};
	if (s.n >= 8 && vt_same_name(vt_span_of(s.p, 8), vt_span_str("cpe:2.3:")))
		return parse_formatted(out, vt_span_of(s.p + 8, s.n - 8)) ? VT_OK : VT_EFORMAT;
	if (s.n >= 5 && vt_same_name(vt_span_of(s.p, 5), vt_span_str("cpe:/")))
		return parse_uri(out, vt_span_of(s.p + 5, s.n - 5)) ? VT_OK : VT_EFORMAT;
	return VT_EFORMAT;
}

static vt_err add_wildcards(vt_buf *b, uint8_t n, const char *star, const char *one)
{
	vt_err e = VT_OK;

	if (n == VT_CPE_STAR)
		return vt_buf_addf(b, "%s", star);
	while (n-- && !e)
		e = vt_buf_addf(b, "%s", one);
	return e;
}

static vt_err write_value(const struct vt_cpe_value *v, bool uri, vt_buf *b)
{
	vt_err e;

	if (v->kind == VT_CPE_ANY)
		return uri ? VT_OK : vt_buf_add_u8(b, '*');
	if (v->kind == VT_CPE_NA)
		return vt_buf_add_u8(b, '-');
	e = add_wildcards(b, v->before, uri ? "%02" : "*", uri ? "%01" : "?");
	for (size_t i = 0; i < v->text.n && !e; i++) {
		uint8_t c = v->text.p[i];
		/* A '-' alone would be the logical value. */
		bool bare = is_word(c) || c == '.' || (c == '-' && (uri || v->text.n > 1));

		if (bare)
			e = vt_buf_add_u8(b, c);
		else
			e = vt_buf_addf(b, uri ? "%%%02x" : "\\%c", c);
	}
	return e ? e : add_wildcards(b, v->after, uri ? "%02" : "*", uri ? "%01" : "?");
}

vt_err vt_cpe_write(const struct vt_cpe *c, vt_buf *out)
{
	size_t n = out->n;
	vt_err e = vt_buf_addf(out, "cpe:2.3");

	for (unsigned a = 0; a < VT_CPE_ATTRS && !e; a++) {
		e = vt_buf_add_u8(out, ':');
		if (!e)
			e = write_value(&c->v[a], false, out);
	}
	if (e)
		out->n = n;
	return e;
}

static bool lone_dash(const struct vt_cpe_value *v)
{
	return v->kind == VT_CPE_VALUE && vt_span_eq(v->text, vt_span_str("-")) && !v->before &&
		!v->after;
}

static vt_err write_edition(const struct vt_cpe *c, vt_buf *b)
{
	static const enum vt_cpe_attr order[] = {VT_CPE_EDITION, VT_CPE_SW_EDITION,
		VT_CPE_TARGET_SW, VT_CPE_TARGET_HW, VT_CPE_OTHER};
	bool packed = false;
	vt_err e = VT_OK;

	for (size_t i = 1; i < VT_COUNT(order); i++)
		packed = packed || c->v[order[i]].kind != VT_CPE_ANY;
	if (!packed)
		return write_value(&c->v[VT_CPE_EDITION], true, b);
	for (size_t i = 0; i < VT_COUNT(order) && !e; i++) {
		e = vt_buf_add_u8(b, '~');
		if (!e)
			e = write_value(&c->v[order[i]], true, b);
	}
	return e;
}

vt_err vt_cpe_write_uri(const struct vt_cpe *c, vt_buf *out)
{
	size_t n = out->n, end;
	vt_err e = vt_buf_addf(out, "cpe:/");

	for (unsigned a = 0; a < VT_CPE_ATTRS; a++)
		if (lone_dash(&c->v[a]))
			e = e ? e : VT_EUNSUPPORTED;
	end = out->n;
	for (unsigned a = 0; a <= VT_CPE_LANGUAGE && !e; a++) {
		size_t was;

		e = a ? vt_buf_add_u8(out, ':') : VT_OK;
		was = out->n;
		if (!e)
			e = a == VT_CPE_EDITION ? write_edition(c, out)
						: write_value(&c->v[a], true, out);
		if (out->n != was)
			end = out->n;
	}
	/* Empty parts at the end are left out. */
	out->n = e ? n : end;
	return e;
}

vt_err vt_cpe_make(char part, vt_span vendor, vt_span product, vt_span version, struct vt_cpe *c)
{
	vt_span texts[] = {vt_span_of(&part, 1), vendor, product, version};

	c->used = 0;
	for (unsigned a = 0; a < VT_CPE_ATTRS; a++)
		c->v[a] = (struct vt_cpe_value){.kind = VT_CPE_ANY};
	for (unsigned a = 0; a < VT_COUNT(texts); a++) {
		size_t from = c->used;

		if (texts[a].n > VT_CPE_MAX - from)
			return VT_ELIMIT;
		for (size_t i = 0; i < texts[a].n; i++) {
			uint8_t ch = vt_lower(texts[a].p[i]);

			/* White space becomes '_', as the dictionary has it. */
			if (ch == ' ' || is_printable(ch))
				c->text[c->used++] = ch == ' ' ? '_' : ch;
		}
		if (c->used > from)
			c->v[a] = (struct vt_cpe_value){.kind = VT_CPE_VALUE,
				.text = vt_span_of(c->text + from, c->used - from)};
	}
	return VT_OK;
}

const char *vt_cpe_relation_word(enum vt_cpe_relation r)
{
	static const char *const words[] = {
		[VT_CPE_UNDEFINED] = "undefined",
		[VT_CPE_DISJOINT] = "disjoint",
		[VT_CPE_EQUAL] = "equal",
		[VT_CPE_SUBSET] = "subset",
		[VT_CPE_SUPERSET] = "superset",
	};

	return (unsigned)r < VT_COUNT(words) ? words[r] : "?";
}

/* Is the source's text in the target with no more around it than the wildcards allow? */
static bool wildcards_cover(const struct vt_cpe_value *s, vt_span t)
{
	for (size_t at = 0; s->text.n <= t.n && at <= t.n - s->text.n; at++) {
		if (s->before != VT_CPE_STAR && at > s->before)
			return false;
		if (!vt_span_eq(vt_span_of(t.p + at, s->text.n), s->text))
			continue;
		if (s->after == VT_CPE_STAR || t.n - s->text.n - at <= s->after)
			return true;
	}
	return false;
}

enum vt_cpe_relation vt_cpe_compare_value(
	const struct vt_cpe_value *source, const struct vt_cpe_value *target)
{
	bool wild = source->kind == VT_CPE_VALUE && (source->before || source->after);

	if (target->kind == VT_CPE_VALUE && (target->before || target->after))
		return VT_CPE_UNDEFINED;
	if (source->kind != VT_CPE_VALUE && source->kind == target->kind)
		return VT_CPE_EQUAL;
	if (source->kind == VT_CPE_ANY)
		return VT_CPE_SUPERSET;
	if (target->kind == VT_CPE_ANY)
		return VT_CPE_SUBSET;
	if (source->kind == VT_CPE_NA || target->kind == VT_CPE_NA)
		return VT_CPE_DISJOINT;
	if (wild)
		return wildcards_cover(source, target->text) ? VT_CPE_SUPERSET : VT_CPE_DISJOINT;
	return vt_span_eq(source->text, target->text) ? VT_CPE_EQUAL : VT_CPE_DISJOINT;
}

enum vt_cpe_relation vt_cpe_compare(const struct vt_cpe *source, const struct vt_cpe *target)
{
	bool seen[VT_CPE_SUPERSET + 1] = {false};

	for (unsigned a = 0; a < VT_CPE_ATTRS; a++)
		seen[vt_cpe_compare_value(&source->v[a], &target->v[a])] = true;
	if (seen[VT_CPE_DISJOINT])
		return VT_CPE_DISJOINT;
	if (seen[VT_CPE_UNDEFINED] || (seen[VT_CPE_SUBSET] && seen[VT_CPE_SUPERSET]))
		return VT_CPE_UNDEFINED;
	if (seen[VT_CPE_SUBSET])
		return VT_CPE_SUBSET;
	return seen[VT_CPE_SUPERSET] ? VT_CPE_SUPERSET : VT_CPE_EQUAL;
}
