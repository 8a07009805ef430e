/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules over a container's members (.cdb): "name:container:size:regex:packed:real:encrypted:
 * position:crc:reserved[:min[:max]]" (ClamAV manual, "Signatures based on container metadata").
 */
#include "base/num.h"
#include "compile/clamav/parse.h"

enum {
	NAME,
	CONTAINER,
	CONTAINER_SIZE,
	REGEX,
	PACKED,
	REAL,
	ENCRYPTED,
	POSITION,
	CRC,
	RESERVED,
	LEVELS,
	MAX_FIELDS = LEVELS + 2
};

static bool is_star(vt_span s)
{
	return s.n == 1 && s.p[0] == '*';
}

static vt_err parse_range(struct vt_clam *c, vt_span s, uint64_t *min, uint64_t *max)
{
	*min = 0;
	*max = UINT64_MAX;
	if (is_star(s))
		return VT_OK;
	if (s.n == 0 || s.p[0] == '-' || s.p[s.n - 1] == '-' || !vt_clam_range(s, min, max))
		return vt_clam_bad(c, "a size or position is neither n, x-y nor \"*\"");
	if (*min > *max)
		return vt_clam_bad(c, "a range is upside down");
	return VT_OK;
}

static vt_err parse_crc(struct vt_clam *c, vt_span s, struct vt_container_rule *r)
{
	uint32_t v = 0;

	if (is_star(s) || (r->container != VT_TYPE_ZIP && r->container != VT_TYPE_RAR))
		return VT_OK; /* elsewhere the field is reserved */
	if (s.n == 0 || s.n > 8)
		return vt_clam_bad(c, "the CRC is not up to eight hexadecimal digits");
	for (size_t i = 0; i < s.n; i++) {
		if (vt_clam_hex_value[s.p[i]] == 255)
			return vt_clam_bad(c, "the CRC is not up to eight hexadecimal digits");
		v = v << 4 | vt_clam_hex_value[s.p[i]];
	}
	r->has_crc = true;
	r->crc = v;
	return VT_OK;
}

static vt_err parse_member(struct vt_clam *c, const vt_span *f, struct vt_container_rule *r)
{
	vt_err err = parse_range(c, f[PACKED], &r->packed_min, &r->packed_max);

	if (!err)
		err = parse_range(c, f[REAL], &r->real_min, &r->real_max);
	if (!err)
		err = parse_range(c, f[POSITION], &r->position_min, &r->position_max);
	if (!err)
		err = parse_crc(c, f[CRC], r);
	if (err)
		return err;
	if (is_star(f[ENCRYPTED]))
		r->encrypted = 2;
	else if (f[ENCRYPTED].n == 1 && (f[ENCRYPTED].p[0] | 1) == '1')
		r->encrypted = f[ENCRYPTED].p[0] == '1';
	else
		return vt_clam_bad(c, "the field for encryption is neither 0, 1 nor \"*\"");
	if (is_star(f[REGEX]))
		return VT_OK;
	if (f[REGEX].n == 0)
		return vt_clam_bad(c, "the regular expression is empty; any name is \"*\"");
	r->name_regex = f[REGEX];
	return vt_clam_pcre_check(c, f[REGEX], 0);
}

vt_err vt_clam_cdb_line(struct vt_clam *c, vt_span line)
{
	struct vt_container_rule r = {.line = c->line, .container = VT_TYPE_ANY};
	vt_span f[MAX_FIELDS];
	size_t n = vt_clam_split(line, ':', f, MAX_FIELDS);
	vt_type type;
	vt_err err;

	if (n <= RESERVED)
		return vt_clam_bad(c, "a container signature has at least ten fields");
	if (n > MAX_FIELDS)
		return vt_clam_bad(c, "a container signature has at most twelve fields");
	err = vt_clam_name(c, f[NAME]);
	if (!err)
		err = vt_clam_level(c, f + LEVELS, n - LEVELS);
	if (err)
		return err;
	if (!is_star(f[CONTAINER])) {
		if (!vt_type_from_clam_name(f[CONTAINER], &type))
			return vt_clam_unsupported(
				c, "a file type (CL_TYPE_...) that is not known");
		r.container = (uint16_t)type;
	}
	r.name = f[NAME];
	r.flags = vt_clam_flags(c, f[NAME]);
	err = parse_range(c, f[CONTAINER_SIZE], &r.container_size_min, &r.container_size_max);
	if (!err)
		err = parse_member(c, f, &r);
	return err ? err : vt_builder_add_container(c->b, &r, &c->why);
}
