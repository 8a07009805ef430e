/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash lists: "hash:size:name[:min[:max]]" (.hdb .hsb .imp .fp .sfp) and "size:hash:name..."
 * (.mdb .msb), ClamAV manual, "Hash-based signatures". The algorithm follows from the number of
 * digits, whatever the extension. Full databases have eight million such lines, so this path
 * neither copies nor allocates.
 */
#include "compile/clamav/parse.h"

#define MAX_FIELDS 5

static vt_err parse_digest(struct vt_clam *c, vt_span hex, struct vt_hash_rule *h)
{
	unsigned bad = 0;

	if (hex.n == 32)
		h->algo = VT_MD5;
	else if (hex.n == 40)
		h->algo = VT_SHA1;
	else if (hex.n == 64)
		h->algo = VT_SHA256;
	else
		return vt_clam_bad(c, "a hash has 32, 40 or 64 hexadecimal digits");
	for (size_t i = 0; i < hex.n; i += 2) {
		unsigned hi = vt_clam_hex_value[hex.p[i]], lo = vt_clam_hex_value[hex.p[i + 1]];

		bad |= hi | lo;
		h->digest[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	if (bad & 0xf0)
		return vt_clam_bad(c, "the hash is not hexadecimal");
	return VT_OK;
}

static vt_err parse_size(struct vt_clam *c, vt_span s, struct vt_hash_rule *h)
{
	if (s.n == 1 && s.p[0] == '*') {
		h->size = VT_SIZE_ANY;
		return VT_OK;
	}
	if (!vt_clam_number(s, &h->size))
		return vt_clam_bad(c, "the size is neither a number nor \"*\"");
	if (h->size == 0 || h->size > UINT32_MAX)
		return vt_clam_bad(c, "the size is 0, or 4 GiB or more");
	return VT_OK;
}

static vt_err hash_line(struct vt_clam *c, vt_span line, unsigned digest_field)
{
	struct vt_hash_rule h;
	vt_span f[MAX_FIELDS];
	size_t n = vt_clam_split(line, ':', f, MAX_FIELDS);
	vt_err err;

	if (n < 3)
		return vt_clam_bad(c, "a hash line has at least three fields");
	if (n > MAX_FIELDS)
		return vt_clam_bad(c, "a hash line has at most five fields");
	err = vt_clam_name(c, f[2]);
	if (err)
		return err;
	if (n > 3) {
		err = vt_clam_level(c, f + 3, n - 3);
		if (err)
			return err;
	}
	h.line = c->line;
	h.name = f[2];
	h.kind = c->format->kind;
	h.flags = c->format->flags;
	err = parse_digest(c, f[digest_field], &h);
	if (!err)
		err = parse_size(c, f[1 - digest_field], &h);
	if (err)
		return err;
	return vt_builder_add_hash(c->b, &h);
}

vt_err vt_clam_hash_line(struct vt_clam *c, vt_span line)
{
	return hash_line(c, line, 0);
}

vt_err vt_clam_section_line(struct vt_clam *c, vt_span line)
{
	return hash_line(c, line, 1);
}
