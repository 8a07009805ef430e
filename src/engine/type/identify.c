/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/type/identify.h"

#include "base/num.h"
#include "engine/type/magic.h"
#include "engine/type/text.h"

#define HEAD 1024 /* a PDF may start anywhere in here (ISO 32000-1, Annex H, 3.4.1) */

/* The header's sum of bytes, its own field read as spaces (POSIX.1-1988 10.1.1). */
static bool tar_sum_fits(vt_span h)
{
	unsigned sum = 0, want = 0;
	size_t i = 148;

	for (size_t k = 0; k < 512; k++)
		sum += k >= 148 && k < 156 ? ' ' : h.p[k];
	while (i < 156 && h.p[i] == ' ')
		i++;
	for (; i < 156 && h.p[i] >= '0' && h.p[i] <= '7'; i++)
		want = want * 8 + (unsigned)(h.p[i] - '0');
	return sum == want && want != 8 * ' ';
}

static bool is_tar(vt_span s, vt_type *out)
{
	vt_span h;

	if (!vt_span_sub(s, 0, 512, &h))
		return false;
	*out = vt_span_at(h, 257, "ustar", 5) ? VT_TYPE_TAR : VT_TYPE_TAR_OLD;
	return *out == VT_TYPE_TAR || tar_sum_fits(h);
}

static bool is_mbr(vt_span s)
{
	unsigned used = 0;

	if (s.n < 1024 || !vt_span_at(s, 510, "\x55\xaa", 2))
		return false;
	for (uint64_t at = 446; at < 510; at += 16) {
		uint8_t flag, kind;
		uint32_t start, size;

		if (!vt_get_u8(s, at, &flag) || !vt_get_u8(s, at + 4, &kind) ||
			!vt_get_u32le(s, at + 8, &start) || !vt_get_u32le(s, at + 12, &size))
			return false;
		if (flag & 0x7f)
			return false;
		used += kind != 0 && start != 0 && size != 0;
	}
	return used > 0;
}

/* Images of disks, whose marks stand far from the first byte. */
static bool is_disk(vt_span s, vt_type *out)
{
	static const char *const nsr[] = {"\0NSR02", "\0NSR03"};

	if (s.n >= 512 && vt_span_at(s, s.n - 512, "koly", 4)) {
		*out = VT_TYPE_DMG;
		return true;
	}
	/* ECMA-167 2/9.1: the volume recognition sequence; a bridge disk also has CD001 */
	for (uint64_t at = 0x8000; at <= 0xa000; at += 0x800) {
		for (size_t i = 0; i < VT_COUNT(nsr); i++) {
			if (vt_span_at(s, at, nsr[i], 6)) {
				*out = VT_TYPE_UDF;
				return true;
			}
		}
	}
	if (vt_span_at(s, 0x8001, "CD001", 5)) {
		*out = VT_TYPE_ISO9660;
		return true;
	}
	if (is_mbr(s)) {
		*out = VT_TYPE_MBR;
		return true;
	}
	return false;
}

vt_type vt_identify(vt_span bytes)
{
	vt_span head = vt_span_clip(bytes, 0, HEAD);
	vt_type type;
	size_t at;

	if (vt_magic_find(bytes, &type))
		return type == VT_TYPE_ZIP ? vt_identify_zip(bytes) : type;
	if (is_tar(bytes, &type))
		return type;
	if (vt_span_find(head, 0, "%PDF-", 5, &at))
		return VT_TYPE_PDF;
	if (is_disk(bytes, &type))
		return type;
	return vt_text_kind(bytes, vt_text_encoding(bytes));
}

/* Which names of members make a zip something else: ECMA-376 Part 2, OWPML (KS X 6101). */
static const struct {
	const char *prefix;
	vt_type type;
} members[] = {
	{"word/", VT_TYPE_OOXML_WORD},
	{"xl/", VT_TYPE_OOXML_XL},
	{"ppt/", VT_TYPE_OOXML_PPT},
	{"Contents/content.hpf", VT_TYPE_OOXML_HWP},
};

#define ZIP_MEMBERS 32
#define ZIP_WINDOW (1u << 20)

vt_type vt_identify_zip(vt_span bytes)
{
	vt_span s = vt_span_clip(bytes, 0, ZIP_WINDOW);
	size_t at = 0;

	for (unsigned i = 0; i < ZIP_MEMBERS && vt_span_find(s, at, "PK\x03\x04", 4, &at); i++) {
		uint16_t flags = 0, name = 0, extra = 0;
		uint32_t packed = 0;

		if (!vt_get_u16le(s, at + 6, &flags) || !vt_get_u32le(s, at + 18, &packed) ||
			!vt_get_u16le(s, at + 26, &name) || !vt_get_u16le(s, at + 28, &extra))
			break;
		for (size_t k = 0; k < VT_COUNT(members); k++)
			if (name >= strlen(members[k].prefix) &&
				vt_span_at(
					s, at + 30, members[k].prefix, strlen(members[k].prefix)))
				return members[k].type;
		at += 30u + name + extra;
		if (packed < s.n)
			at += packed;
	}
	return VT_TYPE_ZIP;
}
