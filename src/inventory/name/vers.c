/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/name/vers.h"

#include "base/num.h"
#include "inventory/name/version.h"
#include "inventory/name/wild.h"

enum comparator { EQ, NE, LT, LE, GT, GE };

struct constraint {
	enum comparator c;
	vt_span version;
};

struct range {
	enum vt_scheme scheme;
	bool any;
	size_t n, used;
	struct constraint v[VT_VERS_CONSTRAINTS_MAX];
	uint8_t text[VT_VERS_MAX]; /* versions, decoded */
};

static int hex(uint8_t c)
{
	c = vt_lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(struct range *r, vt_span s, vt_span *out)
{
	size_t from = r->used;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c <= 0x20 || c >= 0x7f || memchr("<>=!*", c, 5))
			return false;
		if (c == '%') {
			int a = i + 1 < s.n ? hex(s.p[i + 1]) : -1;
			int b = i + 2 < s.n ? hex(s.p[i + 2]) : -1;

			if (a < 0 || b < 0)
				return false;
			c = (uint8_t)(a << 4 | b);
			i += 2;
		}
		r->text[r->used++] = c;
	}
	*out = vt_span_of(r->text + from, r->used - from);
	return out->n != 0;
}

static bool starts(vt_span *s, const char *with)
{
	size_t n = strlen(with);

	if (!vt_span_at(*s, 0, with, n))
		return false;
	*s = vt_span_of(s->p + n, s->n - n);
	return true;
}

static bool read_constraint(struct range *r, vt_span s)
{
	struct constraint *c = &r->v[r->n];

	if (starts(&s, "!="))
		c->c = NE;
	else if (starts(&s, "<="))
		c->c = LE;
	else if (starts(&s, ">="))
		c->c = GE;
	else if (starts(&s, "<"))
		c->c = LT;
	else if (starts(&s, ">"))
		c->c = GT;
	else
		c->c = EQ;
	if (!decode(r, s, &c->version))
		return false;
	r->n++;
	return true;
}

static bool is_upper(enum comparator c)
{
	return c == LT || c == LE;
}

static bool is_lower(enum comparator c)
{
	return c == GT || c == GE;
}

/* Sorted, distinct, and bounds that alternate (5.4 of the specification). */
static vt_err check(const struct range *r)
{
	const struct constraint *bound = NULL, *last = NULL;

	for (size_t i = 0; i < r->n; i++) {
		const struct constraint *c = &r->v[i];
		int order = -1;
		vt_err e = vt_version_compare(
			r->scheme, i ? r->v[i - 1].version : c->version, c->version, &order);

		if (e)
			return e;
		if (i && order >= 0)
			return VT_EFORMAT;
		if (c->c == NE)
			continue;
		if (last && last->c == EQ && is_upper(c->c))
			return VT_EFORMAT;
		last = c;
		if (c->c == EQ)
			continue;
		if (bound && is_upper(bound->c) == is_upper(c->c))
			return VT_EFORMAT;
		bound = c;
	}
	return VT_OK;
}

static vt_err parse(vt_span s, struct range *r)
{
	size_t at;

	r->n = r->used = 0;
	r->any = false;
	if (s.n > VT_VERS_MAX)
		return VT_ELIMIT;
	if (!starts(&s, "vers:") || !vt_span_find(s, 0, "/", 1, &at))
		return VT_EFORMAT;
	if (!vt_scheme_find(vt_span_of(s.p, at), &r->scheme))
		return VT_EUNSUPPORTED;
	s = vt_span_of(s.p + at + 1, s.n - at - 1);
	if (vt_span_eq(s, vt_span_str("*"))) {
		r->any = true;
		return VT_OK;
	}
	for (;;) {
		bool more = vt_span_find(s, 0, "|", 1, &at);

		if (r->n == VT_VERS_CONSTRAINTS_MAX)
			return VT_ELIMIT;
		if (!read_constraint(r, more ? vt_span_of(s.p, at) : s))
			return VT_EFORMAT;
		if (!more)
			return check(r);
		s = vt_span_of(s.p + at + 1, s.n - at - 1);
	}
}

vt_err vt_vers_check(vt_span range)
{
	struct range r;

	return parse(range, &r);
}

vt_err vt_vers_contains(vt_span range, vt_span version, bool *out)
{
	struct range r;
	vt_err e = parse(range, &r);
	bool above = true, bounds = false, only_ne = true, in = false;
	size_t last = 0;

	if (e)
		return e;
	if (r.any) {
		*out = true;
		return VT_OK;
	}
	for (size_t i = 0; i < r.n; i++)
		if (r.v[i].c != EQ && r.v[i].c != NE) {
			bounds = true;
			last = i;
		}
	for (size_t i = 0; i < r.n; i++) {
		const struct constraint *c = &r.v[i];
		int order = 0;

		e = vt_version_compare(r.scheme, version, c->version, &order);
		if (e)
			return e;
		if (order == 0) {
			*out = c->c == EQ || c->c == LE || c->c == GE;
			return VT_OK;
		}
		only_ne = only_ne && c->c == NE;
		/* Between a lower bound and the next upper one, or past the last lower one. */
		if (is_lower(c->c)) {
			above = order > 0;
			in = in || (bounds && i == last && above);
		} else if (is_upper(c->c)) {
			in = in || (above && order < 0);
			above = false;
		}
	}
	*out = in || only_ne;
	return VT_OK;
}
