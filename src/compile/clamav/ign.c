/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of signatures to leave out: "name[:md5 of the line]" (.ign2) and the older
 * "file:line:name" (.ign). ClamAV manual, "Allow list databases".
 */
#include "base/num.h"
#include "compile/clamav/parse.h"

vt_err vt_clam_ign2_line(struct vt_clam *c, vt_span line)
{
	uint8_t md5[16] = {0};
	vt_span name, hex;
	bool has_md5 = vt_clam_cut(line, ':', &name, &hex);
	vt_err err = vt_clam_name(c, name);

	if (err)
		return err;
	if (has_md5) {
		if (hex.n != 2 * sizeof md5)
			return vt_clam_bad(c, "the MD5 of the ignored line has not 32 digits");
		for (size_t i = 0; i < hex.n; i++) {
			if (vt_clam_hex_value[hex.p[i]] == 255)
				return vt_clam_bad(
					c, "the MD5 of the ignored line is not hexadecimal");
			md5[i / 2] = (uint8_t)(md5[i / 2] << 4 | vt_clam_hex_value[hex.p[i]]);
		}
	}
	return vt_builder_add_ignore(c->b, name, has_md5, md5);
}

vt_err vt_clam_ign_line(struct vt_clam *c, vt_span line)
{
	static const uint8_t none[16];
	vt_span f[3];
	size_t n = vt_clam_split(line, ':', f, VT_COUNT(f));
	vt_err err;

	if (n == 1)
		return vt_clam_ign2_line(c, line);
	if (n != VT_COUNT(f))
		return vt_clam_bad(c, "a line of an .ign file is file:line:name");
	err = vt_clam_name(c, f[2]);
	return err ? err : vt_builder_add_ignore(c->b, f[2], false, none);
}
