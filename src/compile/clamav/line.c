/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines, fields and numbers of signature files. Nothing is copied: fields point into the line.
 */
#include "compile/clamav/parse.h"

/* clang-format off */
#define X 255
const uint8_t vt_clam_hex_value[256] = {
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, X, X, X, X, X, X,
	X,10,11,12,13,14,15, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X,10,11,12,13,14,15, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
#undef X
/* clang-format on */

bool vt_clam_next_line(vt_span *text, vt_span *out_line)
{
	const uint8_t *end;
	size_t n;

	if (text->n == 0)
		return false;
	end = memchr(text->p, '\n', text->n);
	n = end ? (size_t)(end - text->p) : text->n;
	*out_line = (vt_span){.p = text->p, .n = n};
	text->p += end ? n + 1 : n;
	text->n -= end ? n + 1 : n;
	while (out_line->n &&
		(out_line->p[out_line->n - 1] == '\r' || out_line->p[out_line->n - 1] == ' ' ||
			out_line->p[out_line->n - 1] == '\t'))
		out_line->n--;
	return true;
}

bool vt_clam_cut(vt_span s, char sep, vt_span *head, vt_span *rest)
{
	const uint8_t *hit = s.n ? memchr(s.p, sep, s.n) : NULL;
	size_t n = hit ? (size_t)(hit - s.p) : s.n;

	*head = vt_span_clip(s, 0, n);
	*rest = hit ? vt_span_of(hit + 1, s.n - n - 1) : vt_span_of(s.p, 0);
	return hit != NULL;
}

size_t vt_clam_split(vt_span s, char sep, vt_span *fields, size_t max)
{
	vt_span rest = s;

	for (size_t n = 0; n < max; n++) {
		if (!vt_clam_cut(rest, sep, &fields[n], &rest))
			return n + 1;
	}
	return max + 1;
}

bool vt_clam_digits(vt_span s, size_t *at, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = *at;

	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		unsigned digit = s.p[i] - (unsigned)'0';

		if (v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (i == *at)
		return false;
	*at = i;
	*out = v;
	return true;
}

bool vt_clam_number(vt_span s, uint64_t *out)
{
	uint64_t v;
	size_t at = 0;

	if (!vt_clam_digits(s, &at, UINT64_MAX, &v) || at != s.n)
		return false;
	*out = v;
	return true;
}

bool vt_clam_range(vt_span s, uint64_t *min, uint64_t *max)
{
	vt_span low, high;
	uint64_t a, b;

	if (!vt_clam_cut(s, '-', &low, &high)) {
		if (!vt_clam_number(s, &a))
			return false;
		*min = *max = a;
		return true;
	}
	if (low.n && !vt_clam_number(low, &a))
		return false;
	if (high.n && !vt_clam_number(high, &b))
		return false;
	if (low.n)
		*min = a;
	if (high.n)
		*max = b;
	return true;
}

vt_err vt_clam_level(struct vt_clam *c, const vt_span *fields, size_t n)
{
	uint64_t min = 0, max = UINT64_MAX;

	/* Observed: an empty lowest level is none. */
	if (n > 0 && fields[0].n && !vt_clam_number(fields[0], &min))
		return vt_clam_bad(c, "the functionality level is not a number");
	if (n > 1 && !vt_clam_number(fields[1], &max))
		return vt_clam_bad(c, "the highest functionality level is not a number");
	if (min > VT_CLAM_LEVEL) {
		c->why = "meant for a newer engine (lowest functionality level)";
		return VT_EVERSION;
	}
	if (max < VT_CLAM_LEVEL) {
		c->why = "meant for an older engine (highest functionality level)";
		return VT_EVERSION;
	}
	return VT_OK;
}

vt_err vt_clam_name(struct vt_clam *c, vt_span name)
{
	if (name.n == 0)
		return vt_clam_bad(c, "the signature has no name");
	return VT_OK;
}

uint32_t vt_clam_flags(const struct vt_clam *c, vt_span name)
{
	static const char weak[] = "Weak.";
	uint32_t flags = c->format->flags;

	if (vt_span_at(name, 0, weak, sizeof weak - 1))
		flags |= VT_RULE_SUSPICIOUS;
	return flags;
}
