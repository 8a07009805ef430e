/* SPDX-License-Identifier: Apache-2.0 */
/* Byte comparisons: "trigger(>>offset#hle4#=0x10,<5)" (ClamAV manual, "Byte Compare"). */
#include "compile/clamav/parse.h"

#define MAX_HEX_DIGITS 18 /* "0x" and 16 */
#define MAX_DECIMAL_DIGITS 20

bool vt_clam_is_bytecmp(vt_span s)
{
	size_t at;

	return vt_span_find(s, 0, "(>>", 3, &at) || vt_span_find(s, 0, "(<<", 3, &at);
}

/* Decimal, or hexadecimal with "0x"; all of `s`. */
static bool parse_number(vt_span s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n < 3 || s.p[0] != '0' || (s.p[1] | 0x20) != 'x')
		return vt_clam_number(s, out);
	for (size_t i = 2; i < s.n; i++) {
		if (vt_clam_hex_value[s.p[i]] == 255 || v >> 60)
			return false;
		v = v << 4 | vt_clam_hex_value[s.p[i]];
	}
	*out = v;
	return true;
}

static vt_err parse_place(struct vt_clam *c, vt_span s, struct vt_byte_compare *out)
{
	uint64_t v = 0;

	if (s.n < 3 || (s.p[0] != '>' && s.p[0] != '<') || s.p[1] != s.p[0])
		return vt_clam_bad(c, "a byte comparison's offset is >>n or <<n");
	if (!parse_number(vt_span_clip(s, 2, s.n), &v) || v > INT32_MAX)
		return vt_clam_bad(c, "a byte comparison's offset is not a number below 2^31");
	out->offset = s.p[0] == '>' ? (int64_t)v : -(int64_t)v;
	return VT_OK;
}

/* [hdai][lb][e]width */
static vt_err parse_options(struct vt_clam *c, vt_span s, struct vt_byte_compare *out)
{
	uint64_t width = 0;
	size_t at = 1;
	bool little = false;

	if (s.n == 0 || s.p[0] == 0 || !strchr("hdai", s.p[0]))
		return vt_clam_bad(c, "a byte comparison reads h, d, a or i");
	out->base = s.p[0];
	out->exact = out->base == VT_BASE_INTEGER;
	for (; at < s.n && (s.p[at] == 'l' || s.p[at] == 'b' || s.p[at] == 'e'); at++) {
		little |= s.p[at] == 'l';
		out->big_endian |= s.p[at] == 'b';
		out->exact |= s.p[at] == 'e';
	}
	if (out->base == VT_BASE_DECIMAL) {
		if (little)
			return vt_clam_bad(c, "a decimal byte comparison is big-endian");
		out->big_endian = true;
	}
	if (little == out->big_endian) /* observed: without a byte order nothing ever matches */
		return vt_clam_bad(c, "a byte comparison needs one byte order, l or b");
	if (!parse_number(vt_span_clip(s, at, s.n), &width) || width == 0)
		return vt_clam_bad(c, "a byte comparison's width is not a number above 0");
	if (out->base == VT_BASE_INTEGER && width != 1 && width != 2 && width != 4 && width != 8)
		return vt_clam_bad(c, "a binary byte comparison is 1, 2, 4 or 8 bytes wide");
	if (width > (out->base == VT_BASE_DECIMAL ? MAX_DECIMAL_DIGITS : MAX_HEX_DIGITS))
		return vt_clam_bad(c, "a byte comparison reads more digits than fit 64 bits");
	out->width = (uint32_t)width;
	return VT_OK;
}

static vt_err parse_comparisons(struct vt_clam *c, vt_span s, struct vt_byte_compare *out)
{
	vt_span sets[2];
	size_t n = vt_clam_split(s, ',', sets, 2);

	if (n > 2)
		return vt_clam_bad(c, "a byte comparison has at most two comparisons");
	for (size_t i = 0; i < n; i++) {
		uint8_t op = sets[i].n ? sets[i].p[0] : 0;

		if (op != '=' && op != '<' && op != '>')
			return vt_clam_bad(c, "a comparison starts with <, > or =");
		out->compare[i].op = op == '=' ? VT_CMP_EQ : op == '<' ? VT_CMP_LT : VT_CMP_GT;
		if (!parse_number(vt_span_clip(sets[i], 1, sets[i].n), &out->compare[i].value))
			return vt_clam_bad(c, "a comparison's value is not a number");
	}
	out->ncompare = (uint8_t)n;
	return VT_OK;
}

vt_err vt_clam_bytecmp(struct vt_clam *c, vt_span s, unsigned index, struct vt_byte_compare *out)
{
	static const char form[] = "a byte comparison is trigger(offset#options#comparisons)";
	struct vt_byte_compare b = {0};
	vt_span trigger, inside, parts[3];
	uint64_t id = 0;
	vt_err err;

	if (!vt_clam_cut(s, '(', &trigger, &inside) || inside.n == 0 ||
		inside.p[inside.n - 1] != ')')
		return vt_clam_bad(c, form);
	inside.n--;
	if (vt_clam_split(inside, '#', parts, 3) != 3)
		return vt_clam_bad(c, form);
	if (!vt_clam_number(trigger, &id) || id >= VT_MAX_SUBS)
		return vt_clam_bad(c, "a byte comparison's trigger is not a subsignature's number");
	if (id == index)
		return vt_clam_bad(c, "a byte comparison is its own trigger");
	b.trigger = (uint8_t)id;
	err = parse_place(c, parts[0], &b);
	if (!err)
		err = parse_options(c, parts[1], &b);
	if (!err)
		err = parse_comparisons(c, parts[2], &b);
	if (!err)
		*out = b;
	return err;
}
