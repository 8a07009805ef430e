/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One subsignature of a logical signature: content "[offset:]hex[::iwfa]", macro "${1-2}3$", byte
 * comparison or regular expression (ClamAV manual, "Logical signatures").
 */
#include "compile/clamav/parse.h"

#define MACRO_GROUPS 32

/*
 * "aa[x-y]bbcc" is placed by its longer side, which is "bbcc" (observed): the pattern starts that
 * much earlier. If x and y differ, a few more places pass than should.
 */
static void move_offset(struct vt_offset *o, const struct vt_clam_body *body)
{
	int64_t back = o->kind == VT_OFF_EOF ? -(int64_t)body->lead_max : body->lead_max;
	uint64_t shift = (uint64_t)o->shift + (body->lead_max - body->lead_min);

	if (body->lead_max == 0 || o->kind == VT_OFF_ANY || o->kind == VT_OFF_SECTION_END ||
		o->kind == VT_OFF_VERSION || o->kind == VT_OFF_MACRO)
		return;
	if (o->kind == VT_OFF_ABS && o->value < back) {
		int64_t cut = back - o->value;

		shift = shift > (uint64_t)cut ? shift - (uint64_t)cut : 0;
		o->value = 0;
	} else {
		o->value -= back;
	}
	o->shift = shift > UINT32_MAX ? UINT32_MAX : (uint32_t)shift;
}

vt_err vt_clam_content(struct vt_clam *c, vt_span offset, vt_span hex, unsigned target,
	unsigned flags, struct vt_sub *out)
{
	struct vt_clam_body body = {0};
	uint32_t pattern_flags = (flags & VT_CLAM_NOCASE ? VT_PATTERN_NOCASE : 0) |
		(flags & VT_CLAM_FULLWORD ? VT_PATTERN_FULLWORD : 0);
	vt_err err;

	*out = (struct vt_sub){.kind = VT_SUB_CONTENT};
	err = vt_clam_offset(c, offset, target, &out->offset);
	if (err)
		return err;
	if (!(flags & VT_CLAM_WIDE) || flags & VT_CLAM_ASCII) {
		err = vt_clam_body(c, hex, flags & VT_CLAM_NOCASE, &body);
		if (err)
			return err;
		out->patterns[out->npatterns++] =
			(struct vt_pattern){.code = body.code, .flags = pattern_flags};
	}
	if (flags & VT_CLAM_WIDE) {
		err = vt_clam_body(c, hex, flags & (VT_CLAM_NOCASE | VT_CLAM_WIDE), &body);
		if (err)
			return err;
		out->patterns[out->npatterns++] = (struct vt_pattern){
			.code = body.code, .flags = pattern_flags | VT_PATTERN_WIDE};
	}
	move_offset(&out->offset, &body);
	return VT_OK;
}

static vt_err parse_modifiers(struct vt_clam *c, vt_span s, unsigned *out)
{
	static const char letters[] = "iwfa"; /* in the order of VT_CLAM_NOCASE ... */
	unsigned flags = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *hit = s.p[i] ? strchr(letters, s.p[i]) : NULL;

		if (!hit)
			return vt_clam_bad(c, "a modifier after \"::\" is not one of i, w, f, a");
		flags |= 1u << (hit - letters);
	}
	*out = flags;
	return VT_OK;
}

static vt_err parse_content(struct vt_clam *c, vt_span s, unsigned target, struct vt_sub *out)
{
	vt_span offset = {0}, hex = s, head, rest;
	unsigned flags = 0;
	size_t at;

	if (vt_span_find(s, 0, "::", 2, &at)) {
		vt_err err = parse_modifiers(c, vt_span_clip(s, at + 2, s.n), &flags);

		if (err)
			return err;
		hex = vt_span_clip(s, 0, at);
	}
	if (vt_clam_cut(hex, ':', &head, &rest)) {
		offset = head;
		hex = rest;
	}
	return vt_clam_content(c, offset, hex, target, flags, out);
}

/* ${min-max}id$ */
static vt_err parse_macro(struct vt_clam *c, vt_span s, unsigned index, struct vt_macro *out)
{
	static const char form[] = "a macro subsignature is ${min-max}id$";
	uint64_t min = 0, max = 0, group = 0;
	vt_span range, id, low, high;

	if (s.n < 4 || s.p[1] != '{' || s.p[s.n - 1] != '$' ||
		!vt_clam_cut(vt_span_clip(s, 2, s.n - 3), '}', &range, &id))
		return vt_clam_bad(c, form);
	if (!vt_clam_cut(range, '-', &low, &high) || !vt_clam_number(low, &min) ||
		!vt_clam_number(high, &max) || !vt_clam_number(id, &group))
		return vt_clam_bad(c, form);
	if (min > max || max > UINT32_MAX)
		return vt_clam_bad(c, "a macro subsignature's range is upside down or too large");
	if (group >= MACRO_GROUPS)
		return vt_clam_bad(c, "macro groups are 0 to 31");
	if (index == 0)
		return vt_clam_bad(c, "a macro subsignature cannot come first");
	*out = (struct vt_macro){
		.min = (uint32_t)min, .max = (uint32_t)max, .group = (uint32_t)group};
	return VT_OK;
}

vt_err vt_clam_sub(
	struct vt_clam *c, vt_span s, unsigned target, unsigned index, struct vt_sub *out)
{
	static const char image[] = "fuzzy_img#";

	if (vt_span_at(s, 0, image, sizeof image - 1))
		return vt_clam_unsupported(c, "fuzzy image hashes are not matched yet");
	if (vt_clam_is_pcre(s))
		return vt_clam_pcre(c, s, target, index, out);
	if (vt_clam_is_bytecmp(s)) {
		*out = (struct vt_sub){.kind = VT_SUB_BYTECMP};
		return vt_clam_bytecmp(c, s, index, &out->bytecmp);
	}
	if (vt_span_at(s, 0, "$", 1)) {
		*out = (struct vt_sub){.kind = VT_SUB_MACRO};
		return parse_macro(c, s, index, &out->macro);
	}
	return parse_content(c, s, target, out);
}
