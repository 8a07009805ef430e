/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "engine/unpack/zip.h"

static const struct method {
	uint16_t number;
	vt_decode_fn *decode;
} methods[] = {
	{9, vt_inflate64},
	{12, vt_bunzip2},
	{VT_ZIP_LZMA, vt_unlzma_zip},
	{20, vt_unzstd},
	{93, vt_unzstd},
	{95, vt_unxz},
};

bool vt_zip_method_known(uint16_t method)
{
	return method <= 20 || (method >= 93 && method <= VT_ZIP_AES);
}

vt_err vt_zip_decode(struct vt_codec *c, const struct vt_zip_entry *entry, vt_span in,
	struct vt_output *o, size_t *out_used)
{
	if (entry->method == 8)
		return vt_inflate(c, in, entry->real, o, out_used);
	if (entry->method == 6)
		return vt_explode(c, in, entry->flags, entry->real, o, out_used);
	if (entry->method == 1)
		return vt_unshrink(c, in, entry->real, o, out_used);
	if (entry->method == 98)
		return vt_zip_ppmd(entry, in, o, out_used);
	for (size_t i = 0; i < VT_COUNT(methods); i++) {
		if (methods[i].number == entry->method)
			return methods[i].decode(c, in, o, out_used);
	}
	return VT_EUNSUPPORTED;
}
