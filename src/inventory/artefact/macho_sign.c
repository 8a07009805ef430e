/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/macho_sign.h"

#include <stdbool.h>

#include "base/num.h"

#define COMMANDS_MAX 65536u /* bytes of load commands */
#define BLOB_MAX (1u << 20)
#define INDEX_MAX 32u
#define LC_CODE_SIGNATURE 0x1du
#define FAT_MAGIC 0xcafebabeu
#define FAT_MAGIC_64 0xcafebabfu
#define SUPERBLOB 0xfade0cc0u
#define CODE_DIRECTORY 0xfade0c02u
#define WRAPPER 0xfade0b01u
#define WITH_TEAM 0x20200u
#define WITH_LIMIT64 0x20300u

static vt_err soften(vt_err e)
{
	return e == VT_ENOMEM || e == VT_EIO ? e : VT_OK;
}

/* Header words are in the machine's order, which the magic tells. */
static bool thin_magic(vt_span s, bool *out_be, bool *out_wide)
{
	uint32_t le = 0, be = 0;

	if (!vt_get_u32le(s, 0, &le) || !vt_get_u32be(s, 0, &be))
		return false;
	*out_be = be == 0xfeedfaceu || be == 0xfeedfacfu;
	*out_wide = be == 0xfeedfacfu || le == 0xfeedfacfu;
	return *out_be || le == 0xfeedfaceu || le == 0xfeedfacfu;
}

static uint32_t word(vt_span s, uint64_t at, bool be)
{
	uint32_t v = 0;

	if (be)
		(void)vt_get_u32be(s, at, &v);
	else
		(void)vt_get_u32le(s, at, &v);
	return v;
}

const char *vt_macho_cpu(uint32_t cpu)
{
	switch (cpu) {
	case 7: return "i386";
	case 0x01000007: return "x86_64";
	case 12: return "arm";
	case 0x0100000c: return "arm64";
	case 18: return "ppc";
	case 0x01000012: return "ppc64";
	default: return "cpu";
	}
}

vt_err vt_macho_parts(
	struct vt_window *w, struct vt_macho_part out[VT_MACHO_PARTS_MAX], size_t *out_n)
{
	vt_span s;
	bool be, wide;
	uint32_t magic = 0, n = 0;
	uint64_t step;
	vt_err e = vt_window_get(w, 0, 8, &s);

	if (e)
		return soften(e) ? e : VT_EFORMAT;
	if (thin_magic(s, &be, &wide)) {
		out[0] = (struct vt_macho_part){.size = w->size, .cpu = word(s, 4, be)};
		*out_n = 1;
		return VT_OK;
	}
	(void)vt_get_u32be(s, 0, &magic);
	(void)vt_get_u32be(s, 4, &n);
	/* A Java class has the same magic; its version follows, which is never this small. */
	if ((magic != FAT_MAGIC && magic != FAT_MAGIC_64) || n == 0 || n > VT_MACHO_PARTS_MAX)
		return VT_EFORMAT;
	step = magic == FAT_MAGIC_64 ? 32 : 20;
	e = vt_window_get(w, 8, n * step, &s);
	if (e)
		return soften(e) ? e : VT_EFORMAT;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = 0, size = 0;

		out[i] = (struct vt_macho_part){0};
		(void)vt_get_u32be(s, i * step, &out[i].cpu);
		if (magic == FAT_MAGIC_64) {
			(void)vt_get_u64be(s, i * step + 8, &out[i].at);
			(void)vt_get_u64be(s, i * step + 16, &out[i].size);
			continue;
		}
		(void)vt_get_u32be(s, i * step + 8, &at);
		(void)vt_get_u32be(s, i * step + 12, &size);
		out[i].at = at;
		out[i].size = size;
	}
	*out_n = n;
	return VT_OK;
}

/* The string that a word of the code directory points to. */
static vt_span text_at(vt_span directory, uint64_t field)
{
	uint32_t at = 0;
	const uint8_t *nul;

	if (!vt_get_u32be(directory, field, &at) || at == 0 || at >= directory.n)
		return vt_span_of(NULL, 0);
	nul = memchr(directory.p + at, 0, directory.n - at);
	return vt_span_of(directory.p + at, nul ? (size_t)(nul - directory.p) - at : 0);
}

static void read_directory(vt_span directory, struct vt_macho_names *out)
{
	uint32_t version = 0;

	(void)vt_get_u32be(directory, 8, &version);
	out->directory = directory;
	out->identifier = text_at(directory, 20);
	if (version >= WITH_TEAM)
		out->team = text_at(directory, 48);
}

static void read_superblob(vt_span s, struct vt_macho_names *out)
{
	uint32_t magic = 0, n = 0;

	if (!vt_get_u32be(s, 0, &magic) || magic != SUPERBLOB || !vt_get_u32be(s, 8, &n))
		return;
	for (uint64_t i = 0; i < vt_min_u64(n, INDEX_MAX); i++) {
		uint32_t at = 0, length = 0;
		vt_span blob;

		if (!vt_get_u32be(s, 12 + 8 * i + 4, &at) || !vt_get_u32be(s, at, &magic) ||
			!vt_get_u32be(s, (uint64_t)at + 4, &length) || length < 8 ||
			!vt_span_sub(s, at, length, &blob))
			continue;
		if (magic == CODE_DIRECTORY && !out->directory.n) /* the first is what CMS signs */
			read_directory(blob, out);
		else if (magic == WRAPPER)
			out->signature = vt_span_of(blob.p + 8, blob.n - 8);
	}
}

bool vt_macho_pages(vt_span directory, struct vt_macho_pages *out)
{
	static const enum vt_digest_kind kinds[] = {VT_DIGEST_NONE, VT_DIGEST_SHA1,
		VT_DIGEST_SHA256, VT_DIGEST_SHA256, VT_DIGEST_SHA384};
	uint32_t version, at, n, limit;
	uint64_t wide = 0;
	uint8_t size, type, bits;

	if (!vt_get_u32be(directory, 8, &version) || !vt_get_u32be(directory, 16, &at) ||
		!vt_get_u32be(directory, 28, &n) || !vt_get_u32be(directory, 32, &limit) ||
		!vt_get_u8(directory, 36, &size) || !vt_get_u8(directory, 37, &type) ||
		!vt_get_u8(directory, 39, &bits))
		return false;
	if (version >= WITH_LIMIT64)
		(void)vt_get_u64be(directory, 56, &wide);
	if (type == 0 || type >= VT_COUNT(kinds) || size == 0 || size > VT_DIGEST_MAX || bits > 32)
		return false;
	*out = (struct vt_macho_pages){
		.kind = kinds[type], .digest_n = size, .limit = wide ? wide : limit};
	/* Without pages, all code is one. */
	out->page = bits ? (uint64_t)1 << bits : vt_max_u64(out->limit, 1);
	if (!out->limit || n != (out->limit + out->page - 1) / out->page)
		return false;
	return vt_span_sub(directory, at, (uint64_t)n * size, &out->digests);
}

vt_err vt_macho_names(
	struct vt_window *w, const struct vt_macho_part *part, struct vt_macho_names *out)
{
	struct vt_macho_names names = {0};
	bool be, wide;
	uint64_t start, place;
	uint32_t n, size;
	vt_span head, commands, s;
	vt_err e = vt_window_get(w, part->at, 32, &head);

	if (e)
		return soften(e) ? e : VT_EFORMAT;
	if (!thin_magic(head, &be, &wide))
		return VT_EFORMAT;
	n = word(head, 16, be);
	start = part->at + (wide ? 32 : 28);
	e = vt_window_clip(w, start, vt_min_u64(word(head, 20, be), COMMANDS_MAX), &commands);
	for (uint64_t at = 0; !e && n && vt_span_has(commands, at, 8); n--, at += size) {
		size = word(commands, at + 4, be);
		if (size < 8)
			break;
		if (word(commands, at, be) != LC_CODE_SIGNATURE || !vt_span_has(commands, at, 16))
			continue;
		if (!vt_add_u64(part->at, word(commands, at + 8, be), &place))
			break;
		e = vt_window_clip(w, place, vt_min_u64(word(commands, at + 12, be), BLOB_MAX), &s);
		if (!e)
			read_superblob(s, &names);
		break;
	}
	if (soften(e))
		return e;
	*out = names;
	return VT_OK;
}
