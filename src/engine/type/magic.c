/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/type/magic.h"

#include "base/num.h"

/*
 * A class file's version stands where a fat Mach-O has its number of slices. Versions start at 45
 * (JVMS 4.1); ClamAV draws the line here.
 */
#define FAT_MAX_SLICES 31

static bool is_fat(vt_span s)
{
	uint32_t slices;

	return vt_get_u32be(s, 4, &slices) && slices <= FAT_MAX_SLICES;
}

/* CPython's importlib: a version number below 4000, "\r\n", then flags, time or hash, and size. */
static bool is_pyc(vt_span s)
{
	uint16_t version;

	if (!vt_get_u16le(s, 0, &version))
		return false;
	/* 2.0 to 2.7, 3.0 to today and a while */
	return (version >= 50823 && version <= 62211) || (version >= 3000 && version < 4000);
}

/* BITMAPFILEHEADER: size, then two reserved fields */
static bool is_bmp(vt_span s)
{
	return vt_span_at(s, 6, "\0\0\0\0", 4);
}

static bool is_arj(vt_span s)
{
	return vt_magic_is_arj(s, 0);
}

/* "-lh5-", "-lzs-", "-pm2-", ...: a method name between dashes, after size and sum of the header */
static bool is_lha(vt_span s)
{
	uint8_t kind, level, dash;

	if (!vt_get_u8(s, 4, &kind) || !vt_get_u8(s, 5, &level) || !vt_get_u8(s, 6, &dash))
		return false;
	if (dash != '-' || !vt_span_has(s, 0, 21))
		return false;
	return (kind == 'h' || kind == 'z' || kind == 'm') &&
		((level >= '0' && level <= '9') || level == 'd' || level == 's' || level == 'x');
}

static bool is_skippable(vt_span s)
{
	return s.p[0] >= 0x50 && s.p[0] <= 0x5f;
}

static bool is_lzip(vt_span s)
{
	uint8_t version;

	return vt_get_u8(s, 4, &version) && version <= 1;
}

/*
 * A .lzma file has no magic number. 5d is lc=3 lp=0 pb=2, which every encoder writes by default;
 * the dictionary is a power of two (or three quarters) from 4 KiB on, the size unknown or sane.
 */
static bool is_lzma(vt_span s)
{
	uint32_t dict;
	uint64_t size;
	uint8_t first;

	if (!vt_get_u32le(s, 1, &dict) || !vt_get_u64le(s, 5, &size) || !vt_get_u8(s, 13, &first))
		return false;
	if (dict < 0x1000 || ((dict & (dict - 1)) != 0 && dict % 3 != 0))
		return false;
	/* The range coder's first byte is always 0 (LZMA specification, "Range decoder"). */
	return first == 0 && (size == UINT64_MAX || size < (1ull << 40));
}

/* POSIX uuencode: "begin", a mode of 3 or 4 octal digits, a name */
static bool is_uu(vt_span s)
{
	uint8_t c;
	size_t at = 6;

	while (at < 10 && vt_get_u8(s, at, &c) && c >= '0' && c <= '7')
		at++;
	return at >= 9 && vt_get_u8(s, at, &c) && c == ' ';
}

/* Inside Macintosh: Devices: block 0 says "ER", block 1 starts the partition map. */
static bool is_apm(vt_span s)
{
	return vt_span_at(s, 0, "ER", 2);
}

static const struct magic {
	const char *bytes;
	bool (*check)(vt_span s);
	uint16_t offset;
	uint8_t n;
	uint8_t type;
} table[] = {
#define VT_MAGIC(offset_, bytes_, type_, check_)                                                   \
	{.bytes = (bytes_),                                                                        \
		.check = (check_),                                                                 \
		.offset = (offset_),                                                               \
		.n = sizeof(bytes_) - 1,                                                           \
		.type = VT_TYPE_##type_},
#include "engine/type/magic.def"
#undef VT_MAGIC
};

_Static_assert(VT_TYPE_COUNT <= UINT8_MAX, "struct magic.type");

bool vt_magic_find(vt_span bytes, vt_type *out)
{
	for (size_t i = 0; i < VT_COUNT(table); i++) {
		const struct magic *m = &table[i];

		if (vt_span_at(bytes, m->offset, m->bytes, m->n) &&
			(!m->check || m->check(bytes))) {
			*out = (vt_type)m->type;
			return true;
		}
	}
	return false;
}

bool vt_magic_is_zip(vt_span s, uint64_t at)
{
	uint16_t version, method, name;

	/* APPNOTE 4.3.7; the versions in use end at 63, the methods at 99 */
	return vt_span_at(s, at, "PK\x03\x04", 4) && vt_get_u16le(s, at + 4, &version) &&
		(version & 0xff) <= 99 && vt_get_u16le(s, at + 8, &method) && method <= 99 &&
		vt_get_u16le(s, at + 26, &name) && name > 0 && vt_span_has(s, at + 30, name);
}

bool vt_magic_is_cab(vt_span s, uint64_t at)
{
	uint32_t size, files;
	uint16_t version;

	/* [MS-CAB] 2.1: reserved1 is zero, the version 1.3 */
	return vt_span_at(s, at, "MSCF\0\0\0\0", 8) && vt_get_u32le(s, at + 8, &size) &&
		size >= 44 && vt_get_u32le(s, at + 16, &files) && files < size &&
		vt_get_u16le(s, at + 24, &version) && version == 0x0103;
}

bool vt_magic_is_arj(vt_span s, uint64_t at)
{
	uint16_t size;
	uint8_t first;

	/* ARJ's TECHNOTE: header id, size of the basic header (at most 2600), size of its fixed
	 * part (30 or more) */
	return vt_span_at(s, at, "\x60\xea", 2) && vt_get_u16le(s, at + 2, &size) && size <= 2600 &&
		vt_get_u8(s, at + 4, &first) && first >= 30 && first <= size;
}

bool vt_magic_is_7z(vt_span s, uint64_t at)
{
	uint8_t major;

	/* 7zFormat.txt, "SignatureHeader" */
	return vt_span_at(s, at, "7z\xbc\xaf\x27\x1c", 6) && vt_get_u8(s, at + 6, &major) &&
		major == 0 && vt_span_has(s, at, 32);
}
