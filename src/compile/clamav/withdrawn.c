/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that are taken back (.withdrawn): "<set name> <SHA-256 of the line>". Not a format of
 * ClamAV's: an update makes it (docs/formats/log.md) so that a small image can change a large one.
 */
#include "base/base64.h"
#include "compile/clamav/parse.h"

vt_err vt_clam_withdrawn_line(struct vt_clam *c, vt_span line)
{
	vt_span name, hex;
	uint8_t sum[32];

	if (!vt_clam_cut(line, ' ', &name, &hex) || name.n == 0 ||
		!vt_hex_get(hex, sum, sizeof sum))
		return vt_clam_bad(c, "a withdrawn line is a set's name and 64 hexadecimal digits");
	return vt_builder_add_withdrawn(c->b, name, sum);
}
