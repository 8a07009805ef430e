/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/name/version.h"

#include "base/num.h"
#include "inventory/name/pep440.h"
#include "inventory/name/wild.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

/* Takes the digits off the front, without leading zeros. */
static vt_span digits(vt_span *s)
{
	size_t n = 0, zeros = 0;
	vt_span out;

	while (n < s->n && is_digit(s->p[n]))
		n++;
	while (zeros < n && s->p[zeros] == '0')
		zeros++;
	out = vt_span_of(s->p + zeros, n - zeros);
	*s = vt_span_of(s->p + n, s->n - n);
	return out;
}

/* Of two numbers without leading zeros, of any length. */
static int compare_digits(vt_span a, vt_span b)
{
	if (a.n != b.n)
		return a.n > b.n ? 1 : -1;
	return a.n ? sign(memcmp(a.p, b.p, a.n)) : 0;
}

static int compare_bytes(vt_span a, vt_span b)
{
	size_t n = vt_min_size(a.n, b.n);
	int r = n ? memcmp(a.p, b.p, n) : 0;

	return r ? sign(r) : (a.n > b.n) - (a.n < b.n);
}

/* Cuts "7:" off the front: *epoch has the digits without leading zeros. False if it is no number.
 */
static bool take_epoch(vt_span *s, vt_span *epoch)
{
	size_t at = 0;
	vt_span e;

	*epoch = vt_span_of("", 0);
	while (at < s->n && s->p[at] != ':')
		at++;
	if (at == s->n)
		return true;
	e = vt_span_of(s->p, at);
	*epoch = digits(&e);
	*s = vt_span_of(s->p + at + 1, s->n - at - 1);
	return at != 0 && e.n == 0;
}

/* Cuts at the last '-'; false and *right empty if there is none. */
static bool take_last(vt_span *s, vt_span *right)
{
	size_t at = s->n;

	*right = vt_span_of("", 0);
	while (at && s->p[at - 1] != '-')
		at--;
	if (at == 0)
		return false;
	*right = vt_span_of(s->p + at, s->n - at);
	s->n = at - 1;
	return true;
}

/* Policy 5.6.12: letters before other characters, and '~' before everything, even the end. */
static int deb_weight(vt_span s)
{
	if (s.n == 0 || is_digit(s.p[0]))
		return 0;
	if (s.p[0] == '~')
		return -1;
	return is_alpha(s.p[0]) ? s.p[0] : s.p[0] + 256;
}

static int deb_part(vt_span a, vt_span b)
{
	while (a.n || b.n) {
		int r;

		while ((a.n && !is_digit(a.p[0])) || (b.n && !is_digit(b.p[0]))) {
			r = deb_weight(a) - deb_weight(b);
			if (r)
				return sign(r);
			/* Equal weights other than 0 are equal characters, so both go on. */
			a = vt_span_of(a.p + 1, a.n - 1);
			b = vt_span_of(b.p + 1, b.n - 1);
		}
		r = compare_digits(digits(&a), digits(&b));
		if (r)
			return r;
	}
	return 0;
}

static bool deb_ok(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && !is_alpha(s.p[i]) && !memchr(".+-~:", s.p[i], 5))
			return false;
	return s.n != 0;
}

static vt_err deb(vt_span a, vt_span b, int *out)
{
	vt_span ea, eb, ra, rb;
	int r;

	if (!take_epoch(&a, &ea) || !take_epoch(&b, &eb) || !deb_ok(a) || !deb_ok(b))
		return VT_EFORMAT;
	(void)take_last(&a, &ra);
	(void)take_last(&b, &rb);
	r = compare_digits(ea, eb);
	if (!r)
		r = deb_part(a, b);
	if (!r)
		r = deb_part(ra, rb);
	*out = r;
	return VT_OK;
}

static vt_span rpm_skip(vt_span s)
{
	while (s.n && !is_digit(s.p[0]) && !is_alpha(s.p[0]) && s.p[0] != '~' && s.p[0] != '^')
		s = vt_span_of(s.p + 1, s.n - 1);
	return s;
}

/* The letters, or the digits, at the front. */
static vt_span rpm_run(vt_span *s, bool digit)
{
	size_t n = 0;
	vt_span out;

	if (digit)
		return digits(s);
	while (n < s->n && is_alpha(s->p[n]))
		n++;
	out = vt_span_of(s->p, n);
	*s = vt_span_of(s->p + n, s->n - n);
	return out;
}

/* '~' sorts before the end, '^' after the end but before anything else. True: *out decides. */
static bool rpm_mark(vt_span *a, vt_span *b, uint8_t mark, int *out)
{
	bool ha = a->n && a->p[0] == mark, hb = b->n && b->p[0] == mark;

	if (!ha && !hb)
		return false;
	if (ha && hb) {
		*a = vt_span_of(a->p + 1, a->n - 1);
		*b = vt_span_of(b->p + 1, b->n - 1);
		*out = 0;
		return true;
	}
	if (mark == '~')
		*out = ha ? -1 : 1;
	else if (ha)
		*out = b->n ? -1 : 1;
	else
		*out = a->n ? 1 : -1;
	return true;
}

static int rpm_part(vt_span a, vt_span b)
{
	while (a.n || b.n) {
		vt_span ra, rb;
		bool digit;
		int r;

		a = rpm_skip(a);
		b = rpm_skip(b);
		if (rpm_mark(&a, &b, '~', &r) || rpm_mark(&a, &b, '^', &r)) {
			if (r)
				return r;
			continue;
		}
		if (!a.n || !b.n)
			break;
		digit = is_digit(a.p[0]);
		/* Another kind of run on the other side: digits are newer than letters. */
		if (digit != is_digit(b.p[0]))
			return digit ? 1 : -1;
		ra = rpm_run(&a, digit);
		rb = rpm_run(&b, digit);
		r = digit ? compare_digits(ra, rb) : compare_bytes(ra, rb);
		if (r)
			return r;
	}
	return (a.n != 0) - (b.n != 0);
}

static vt_err rpm(vt_span a, vt_span b, int *out)
{
	vt_span ea, eb, ra, rb;
	bool ha, hb;
	int r;

	if (!take_epoch(&a, &ea) || !take_epoch(&b, &eb) || !a.n || !b.n)
		return VT_EFORMAT;
	ha = take_last(&a, &ra);
	hb = take_last(&b, &rb);
	r = compare_digits(ea, eb);
	if (!r)
		r = rpm_part(a, b);
	/* "1.0" in a range means every release of it. */
	if (!r && ha && hb)
		r = rpm_part(ra, rb);
	*out = r;
	return VT_OK;
}

/* major, minor, patch and what is before '+', split at the first '-'. */
struct semver {
	vt_span number[3], pre;
};

static bool identifiers_ok(vt_span s)
{
	bool empty = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.') {
			if (empty)
				return false;
			empty = true;
		} else if (is_digit(s.p[i]) || is_alpha(s.p[i]) || s.p[i] == '-') {
			empty = false;
		} else {
			return false;
		}
	}
	return !empty;
}

static bool semver_read(vt_span s, struct semver *out)
{
	const uint8_t *plus = s.n ? memchr(s.p, '+', s.n) : NULL;
	size_t n;

	if (plus) {
		n = (size_t)(plus - s.p);
		if (!identifiers_ok(vt_span_of(plus + 1, s.n - n - 1)))
			return false;
		s.n = n;
	}
	if (s.n && s.p[0] == 'v')
		s = vt_span_of(s.p + 1, s.n - 1);
	for (unsigned i = 0; i < 3; i++) {
		if (i && (!s.n || s.p[0] != '.'))
			return false;
		if (i)
			s = vt_span_of(s.p + 1, s.n - 1);
		n = s.n;
		out->number[i] = digits(&s);
		if (s.n == n)
			return false;
	}
	out->pre = vt_span_of("", 0);
	if (s.n == 0)
		return true;
	out->pre = vt_span_of(s.p + 1, s.n - 1);
	return s.p[0] == '-' && identifiers_ok(out->pre);
}

static vt_span identifier(vt_span *s)
{
	const uint8_t *dot = memchr(s->p, '.', s->n);
	size_t n = dot ? (size_t)(dot - s->p) : s->n;
	vt_span out = vt_span_of(s->p, n);

	*s = dot ? vt_span_of(dot + 1, s->n - n - 1) : vt_span_of("", 0);
	return out;
}

/* Semver 11.4: numbers below words, fewer fields below more. */
static int semver_pre(vt_span a, vt_span b)
{
	if (!a.n || !b.n)
		return (a.n == 0) - (b.n == 0);
	while (a.n && b.n) {
		vt_span ia = identifier(&a), ib = identifier(&b), ra = ia, rb = ib;
		vt_span da = digits(&ra), db = digits(&rb);
		int r;

		if (ra.n == 0 && rb.n == 0)
			r = compare_digits(da, db);
		else if (ra.n == 0 || rb.n == 0)
			r = ra.n == 0 ? -1 : 1;
		else
			r = compare_bytes(ia, ib);
		if (r)
			return r;
	}
	return (a.n != 0) - (b.n != 0);
}

static vt_err semver(vt_span a, vt_span b, int *out)
{
	struct semver va, vb;
	int r = 0;

	if (!semver_read(a, &va) || !semver_read(b, &vb))
		return VT_EFORMAT;
	for (unsigned i = 0; i < 3 && !r; i++)
		r = compare_digits(va.number[i], vb.number[i]);
	*out = r ? r : semver_pre(va.pre, vb.pre);
	return VT_OK;
}

static vt_err generic(vt_span a, vt_span b, int *out)
{
	if (!a.n || !b.n)
		return VT_EFORMAT;
	*out = rpm_part(a, b);
	return VT_OK;
}

static const struct {
	const char *type;
	enum vt_scheme scheme;
} types[] = {
	{"deb", VT_SCHEME_DEB},
	{"rpm", VT_SCHEME_RPM},
	{"semver", VT_SCHEME_SEMVER},
	{"npm", VT_SCHEME_SEMVER},
	{"cargo", VT_SCHEME_SEMVER},
	{"golang", VT_SCHEME_SEMVER},
	{"pypi", VT_SCHEME_PYPI},
	{"generic", VT_SCHEME_GENERIC},
	{"intdot", VT_SCHEME_GENERIC},
};

bool vt_scheme_find(vt_span type, enum vt_scheme *out)
{
	for (size_t i = 0; i < VT_COUNT(types); i++)
		if (vt_same_name(type, vt_span_str(types[i].type))) {
			*out = types[i].scheme;
			return true;
		}
	return false;
}

vt_err vt_version_compare(enum vt_scheme s, vt_span a, vt_span b, int *out)
{
	if (a.n > VT_VERSION_MAX || b.n > VT_VERSION_MAX)
		return VT_ELIMIT;
	switch (s) {
	case VT_SCHEME_DEB: return deb(a, b, out);
	case VT_SCHEME_RPM: return rpm(a, b, out);
	case VT_SCHEME_SEMVER: return semver(a, b, out);
	case VT_SCHEME_PYPI: return vt_pep440_compare(a, b, out);
	case VT_SCHEME_GENERIC: return generic(a, b, out);
	}
	return VT_EARG;
}
