/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/name/pep440.h"

#include "base/num.h"
#include "inventory/name/wild.h"

#define RELEASE_MAX 32
#define NONE INT64_MIN
#define MISSING INT64_MAX

struct version {
	int64_t epoch, release[RELEASE_MAX];
	size_t nrelease;
	/* alpha 0, beta 1, rc 2; NONE: dev without pre, MISSING: neither */
	int64_t pre_kind, pre, post, dev;
	vt_span local; /* after '+' */
};

static const struct {
	const char *word;
	int kind;
} pres[] = {{"alpha", 0}, {"beta", 1}, {"preview", 2}, {"pre", 2}, {"rc", 2}, {"c", 2}, {"a", 0},
	{"b", 1}};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
	return is_digit(c) || (vt_lower(c) >= 'a' && vt_lower(c) <= 'z');
}

static bool is_separator(uint8_t c)
{
	return c == '.' || c == '-' || c == '_';
}

static void drop(vt_span *s, size_t n)
{
	*s = vt_span_of(s->p + n, s->n - n);
}

static bool take(vt_span *s, const char *word)
{
	size_t n = strlen(word);

	if (s->n < n || !vt_same_name(vt_span_of(s->p, n), vt_span_str(word)))
		return false;
	drop(s, n);
	return true;
}

static void take_separator(vt_span *s)
{
	if (s->n && is_separator(s->p[0]))
		drop(s, 1);
}

static bool number(vt_span *s, int64_t *out)
{
	int64_t v = 0;
	size_t n = 0;

	while (n < s->n && is_digit(s->p[n])) {
		if (v > INT64_MAX / 100)
			return false;
		v = v * 10 + (s->p[n++] - '0');
	}
	if (n == 0)
		return false;
	drop(s, n);
	*out = v;
	return true;
}

/* A separator and a number, each of which may be left out; then the number is 0. */
static bool suffix_number(vt_span *s, int64_t *out)
{
	take_separator(s);
	*out = 0;
	return !s->n || !is_digit(s->p[0]) || number(s, out);
}

static bool read_release(vt_span *s, struct version *v)
{
	int64_t n;

	if (!number(s, &n))
		return false;
	v->epoch = 0;
	if (s->n && s->p[0] == '!') {
		drop(s, 1);
		v->epoch = n;
		if (!number(s, &n))
			return false;
	}
	v->nrelease = 0;
	v->release[v->nrelease++] = n;
	while (s->n > 1 && s->p[0] == '.' && is_digit(s->p[1])) {
		drop(s, 1);
		if (v->nrelease == RELEASE_MAX || !number(s, &v->release[v->nrelease]))
			return false;
		v->nrelease++;
	}
	return true;
}

static bool read_pre(vt_span *s, struct version *v)
{
	vt_span t = *s;

	v->pre_kind = v->pre = MISSING;
	take_separator(&t);
	for (size_t i = 0; i < VT_COUNT(pres); i++)
		if (take(&t, pres[i].word)) {
			v->pre_kind = pres[i].kind;
			*s = t;
			return suffix_number(s, &v->pre);
		}
	return true;
}

static bool read_post(vt_span *s, struct version *v)
{
	vt_span t = *s;

	v->post = NONE;
	if (t.n > 1 && t.p[0] == '-' && is_digit(t.p[1])) {
		drop(&t, 1);
		*s = t;
		return number(s, &v->post);
	}
	take_separator(&t);
	if (take(&t, "post") || take(&t, "rev") || take(&t, "r")) {
		*s = t;
		return suffix_number(s, &v->post);
	}
	return true;
}

static bool read_dev(vt_span *s, struct version *v)
{
	vt_span t = *s;

	v->dev = MISSING;
	take_separator(&t);
	if (!take(&t, "dev"))
		return true;
	*s = t;
	return suffix_number(s, &v->dev);
}

static bool read_local(vt_span *s, struct version *v)
{
	bool empty = true;

	v->local = vt_span_of("", 0);
	if (s->n == 0)
		return true;
	if (s->p[0] != '+')
		return false;
	drop(s, 1);
	v->local = *s;
	for (size_t i = 0; i < s->n; i++) {
		if (is_separator(s->p[i]) && !empty)
			empty = true;
		else if (is_word(s->p[i]))
			empty = false;
		else
			return false;
	}
	return !empty;
}

static bool read_version(vt_span s, struct version *v)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		drop(&s, 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	(void)take(&s, "v");
	if (!read_release(&s, v) || !read_pre(&s, v) || !read_post(&s, v) || !read_dev(&s, v) ||
		!read_local(&s, v))
		return false;
	while (v->nrelease > 1 && v->release[v->nrelease - 1] == 0)
		v->nrelease--;
	/* 1.0.dev1 is before 1.0a1. */
	if (v->pre_kind == MISSING && v->post == NONE && v->dev != MISSING)
		v->pre_kind = v->pre = NONE;
	return true;
}

static vt_span segment(vt_span *s)
{
	size_t n = 0;
	vt_span out;

	while (n < s->n && !is_separator(s->p[n]))
		n++;
	out = vt_span_of(s->p, n);
	drop(s, n < s->n ? n + 1 : n);
	return out;
}

static int compare_numbers(vt_span a, vt_span b)
{
	while (a.n && a.p[0] == '0')
		drop(&a, 1);
	while (b.n && b.p[0] == '0')
		drop(&b, 1);
	if (a.n != b.n)
		return a.n > b.n ? 1 : -1;
	return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

static bool all_digits(vt_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

static int compare_words(vt_span a, vt_span b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (vt_lower(a.p[i]) != vt_lower(b.p[i]))
			return vt_lower(a.p[i]) - vt_lower(b.p[i]);
	return (a.n > b.n) - (a.n < b.n);
}

/* Numbers above words; no local version below any. */
static int compare_local(vt_span a, vt_span b)
{
	while (a.n && b.n) {
		vt_span sa = segment(&a), sb = segment(&b);
		bool da = all_digits(sa), db = all_digits(sb);
		int r = da && db   ? compare_numbers(sa, sb)
			: da != db ? (da ? 1 : -1)
				   : compare_words(sa, sb);

		if (r)
			return r;
	}
	return (a.n != 0) - (b.n != 0);
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

vt_err vt_pep440_compare(vt_span a, vt_span b, int *out)
{
	struct version va, vb;
	int r;

	if (!read_version(a, &va) || !read_version(b, &vb))
		return VT_EFORMAT;
	r = order(va.epoch, vb.epoch);
	for (size_t i = 0; !r && (i < va.nrelease || i < vb.nrelease); i++)
		r = order(i < va.nrelease ? va.release[i] : 0, i < vb.nrelease ? vb.release[i] : 0);
	if (!r)
		r = order(va.pre_kind, vb.pre_kind);
	if (!r)
		r = order(va.pre, vb.pre);
	if (!r)
		r = order(va.post, vb.post);
	if (!r)
		r = order(va.dev, vb.dev);
	*out = r ? r : compare_local(va.local, vb.local);
	return VT_OK;
}
