/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/uki.h"

vt_err vt_uki_section(vt_span bytes, const char *name, vt_span *out)
{
	char padded[8] = {0};
	uint32_t header, size, raw_size, raw_at;
	uint16_t sections, optional;
	uint64_t at;

	memcpy(padded, name, strnlen(name, sizeof padded));
	if (!vt_span_at(bytes, 0, "MZ", 2) || !vt_get_u32le(bytes, 0x3c, &header) ||
		!vt_span_at(bytes, header, "PE\0\0", 4) ||
		!vt_get_u16le(bytes, (uint64_t)header + 6, &sections) ||
		!vt_get_u16le(bytes, (uint64_t)header + 20, &optional))
		return VT_EFORMAT;
	at = (uint64_t)header + 24 + optional;
	for (unsigned i = 0; i < sections; i++, at += 40) {
		if (!vt_get_u32le(bytes, at + 8, &size) ||
			!vt_get_u32le(bytes, at + 16, &raw_size) ||
			!vt_get_u32le(bytes, at + 20, &raw_at))
			return VT_ETRUNCATED;
		if (!vt_span_at(bytes, at, padded, sizeof padded))
			continue;
		/* what is behind the size in memory is padding of the file */
		return vt_span_sub(bytes, raw_at, size < raw_size ? size : raw_size, out)
			? VT_OK
			: VT_ETRUNCATED;
	}
	return VT_END;
}
