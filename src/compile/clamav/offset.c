/* SPDX-License-Identifier: Apache-2.0 */
/* Where a pattern may start (ClamAV manual, "Extended signature format"): "EP+10,20". */
#include "compile/clamav/parse.h"

#define MACRO_GROUPS 32

/* Targets whose objects have an entry point and sections: PE, ELF, Mach-O. */
static bool is_executable_target(unsigned target)
{
	return target == 1 || target == 6 || target == 9;
}

static bool starts_with(vt_span s, const char *word)
{
	return vt_span_at(s, 0, word, strlen(word));
}

static vt_err parse_value(struct vt_clam *c, vt_span s, size_t at, int64_t *out)
{
	uint64_t v = 0;

	if (!vt_clam_digits(s, &at, INT64_MAX, &v) || at != s.n)
		return vt_clam_bad(c, "the offset is not a number");
	*out = (int64_t)v;
	return VT_OK;
}

/* S3+10, SL+10, SE3 */
static vt_err parse_section(struct vt_clam *c, vt_span s, struct vt_offset *o)
{
	static const char form[] = "a section offset is Sn+m, SL+m or SEn";
	uint64_t section = 0;
	size_t at = 1;

	if (starts_with(s, "SE")) {
		at = 2;
		if (!vt_clam_digits(s, &at, UINT16_MAX, &section) || at != s.n)
			return vt_clam_bad(c, form);
		o->kind = VT_OFF_SECTION_END;
		o->section = (uint16_t)section;
		return VT_OK;
	}
	if (starts_with(s, "SL")) {
		o->kind = VT_OFF_SECTION_LAST;
		at = 2;
	} else {
		if (!vt_clam_digits(s, &at, UINT16_MAX, &section))
			return vt_clam_bad(c, form);
		o->kind = VT_OFF_SECTION;
		o->section = (uint16_t)section;
	}
	if (at == s.n || s.p[at] != '+')
		return vt_clam_bad(c, form);
	return parse_value(c, s, at + 1, &o->value);
}

static vt_err parse_executable(struct vt_clam *c, vt_span s, unsigned target, struct vt_offset *o)
{
	vt_err err;

	if (!is_executable_target(target))
		return vt_clam_bad(c, "offsets EP, S and VI are for targets 1, 6 and 9 only");
	if (starts_with(s, "VI")) {
		if (s.n != 2)
			return vt_clam_bad(c, "the offset VI takes no number");
		o->kind = VT_OFF_VERSION; /* only in PE is there a place that fits */
		return VT_OK;
	}
	if (s.p[0] == 'S')
		return parse_section(c, s, o);
	if (s.n < 4 || (s.p[2] != '+' && s.p[2] != '-'))
		return vt_clam_bad(c, "an entry point offset is EP+n or EP-n");
	o->kind = VT_OFF_EP;
	err = parse_value(c, s, 3, &o->value);
	if (!err && s.p[2] == '-')
		o->value = -o->value;
	return err;
}

vt_err vt_clam_offset(struct vt_clam *c, vt_span s, unsigned target, struct vt_offset *out)
{
	struct vt_offset o = {.kind = VT_OFF_ANY};
	vt_span base, shift;
	bool floating = vt_clam_cut(s, ',', &base, &shift);
	uint64_t n = 0;
	vt_err err = VT_OK;

	if (floating && (!vt_clam_number(shift, &n) || n > UINT32_MAX))
		return vt_clam_bad(c, "the offset's shift is not a number below 2^32");
	o.shift = (uint32_t)n;
	if (base.n == 0 || (base.n == 1 && base.p[0] == '*')) {
		if (floating)
			return vt_clam_bad(c, "the offset \"*\" takes no shift");
	} else if (base.p[0] == '$') {
		o.kind = VT_OFF_MACRO;
		err = parse_value(c, base, 1, &o.value);
		if (!err && (o.value >= MACRO_GROUPS || floating))
			return vt_clam_bad(c, "macro groups are $0 to $31");
	} else if (starts_with(base, "EOF")) {
		if (base.n < 5 || base.p[3] != '-')
			return vt_clam_bad(c, "an offset from the end is EOF-n");
		o.kind = VT_OFF_EOF;
		err = parse_value(c, base, 4, &o.value);
	} else if (starts_with(base, "EP") || base.p[0] == 'S' || starts_with(base, "VI")) {
		err = parse_executable(c, base, target, &o);
	} else {
		o.kind = VT_OFF_ABS;
		err = parse_value(c, base, 0, &o.value);
	}
	if (!err)
		*out = o;
	return err;
}
