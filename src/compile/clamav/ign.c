/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of signatures to leave out (.ign2, .ign): "name", "name:md5 of its line", or the older
 * "file:line:name", of which only the name counts (ClamAV manual, "Allow list databases"; that
 * both extensions take all three forms was observed).
 */
#include "base/num.h"
#include "compile/clamav/parse.h"

static vt_err parse_md5(struct vt_clam *c, vt_span hex, uint8_t md5[16])
{
	if (hex.n != 32)
		return vt_clam_bad(c, "the MD5 of the ignored line has not 32 digits");
	for (size_t i = 0; i < hex.n; i++) {
		if (vt_clam_hex_value[hex.p[i]] == 255)
			return vt_clam_bad(c, "the MD5 of the ignored line is not hexadecimal");
		md5[i / 2] = (uint8_t)(md5[i / 2] << 4 | vt_clam_hex_value[hex.p[i]]);
	}
	return VT_OK;
}

vt_err vt_clam_ign_line(struct vt_clam *c, vt_span line)
{
	uint8_t md5[16] = {0};
	vt_span f[3], name;
	size_t n = vt_clam_split(line, ':', f, VT_COUNT(f));
	vt_err err;

	if (n > VT_COUNT(f))
		return vt_clam_bad(c, "an ignored signature is name, name:md5 or file:line:name");
	name = f[n == 3 ? 2 : 0];
	err = vt_clam_name(c, name);
	if (!err && n == 2)
		err = parse_md5(c, f[1], md5);
	return err ? err : vt_builder_add_ignore(c->b, name, n == 2, md5);
}
