/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/pe_version.h"

#include "base/num.h"

#define SECTIONS_MAX 512u
#define ENTRIES_MAX 256u /* of one resource folder */
#define VERSION_MAX 65536u
#define LANGUAGES_MAX 16u
#define RT_VERSION 16u

struct pe {
	struct vt_window *w;
	vt_span sections;
	uint32_t resources, resources_n; /* address and size */
	uint64_t base;                   /* of the resources, in the file */
};

static vt_err soften(vt_err e)
{
	return e == VT_ENOMEM || e == VT_EIO ? e : VT_OK;
}

static bool to_offset(const struct pe *f, uint64_t address, uint64_t *out)
{
	for (uint64_t at = 0; vt_span_has(f->sections, at, 40); at += 40) {
		uint32_t virtual_n = 0, start = 0, raw_n = 0, raw = 0;

		(void)vt_get_u32le(f->sections, at + 8, &virtual_n);
		(void)vt_get_u32le(f->sections, at + 12, &start);
		(void)vt_get_u32le(f->sections, at + 16, &raw_n);
		(void)vt_get_u32le(f->sections, at + 20, &raw);
		if (address >= start && address - start < vt_max_u64(virtual_n, raw_n) &&
			address - start < raw_n) {
			/* The loader rounds down to the sector. */
			*out = (raw & ~(uint64_t)511) + (address - start);
			return true;
		}
	}
	return false;
}

/* UTF-16LE to UTF-8, up to a NUL. */
static vt_span to_utf8(vt_arena *arena, vt_span s)
{
	size_t n = 0, max = vt_min_size(3 * (s.n / 2), VT_PE_TEXT_MAX);
	uint8_t *out = vt_arena_alloc(arena, max + 4);
	uint16_t a, b;

	for (uint64_t at = 0; out && n < max && vt_get_u16le(s, at, &a) && a; at += 2) {
		uint32_t c = a;

		if (a >= 0xd800 && a < 0xdc00 && vt_get_u16le(s, at + 2, &b) && b >= 0xdc00 &&
			b < 0xe000) {
			c = 0x10000 + (((uint32_t)a & 0x3ff) << 10 | (b & 0x3ff));
			at += 2;
		} else if (a >= 0xd800 && a < 0xe000) {
			c = 0xfffd;
		}
		if (c < 0x80) {
			out[n++] = (uint8_t)c;
		} else if (c < 0x800) {
			out[n++] = (uint8_t)(0xc0 | c >> 6);
			out[n++] = (uint8_t)(0x80 | (c & 63));
		} else if (c < 0x10000) {
			out[n++] = (uint8_t)(0xe0 | c >> 12);
			out[n++] = (uint8_t)(0x80 | (c >> 6 & 63));
			out[n++] = (uint8_t)(0x80 | (c & 63));
		} else {
			out[n++] = (uint8_t)(0xf0 | c >> 18);
			out[n++] = (uint8_t)(0x80 | (c >> 12 & 63));
			out[n++] = (uint8_t)(0x80 | (c >> 6 & 63));
			out[n++] = (uint8_t)(0x80 | (c & 63));
		}
	}
	return vt_span_of(out, out ? n : 0);
}

static bool key_is(vt_span key, const char *ascii)
{
	size_t n = strlen(ascii);

	if (key.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (key.p[2 * i] != (uint8_t)ascii[i] || key.p[2 * i + 1])
			return false;
	return true;
}

/* A block of the version resource: its key, value and children. */
struct block {
	vt_span key, value, rest;
};

/* The next block of `s` at *at; false at the end or where it is damaged. */
static bool next_block(vt_span s, uint64_t *at, struct block *out)
{
	uint16_t length, value_n, type, unit = 1;
	uint64_t key, end;
	vt_span b;

	if (!vt_get_u16le(s, *at, &length) || !vt_get_u16le(s, *at + 2, &value_n) ||
		!vt_get_u16le(s, *at + 4, &type) || length < 6)
		return false;
	b = vt_span_clip(s, *at, length);
	for (key = 6; vt_get_u16le(b, key, &unit) && unit; key += 2)
		;
	out->key = vt_span_clip(b, 6, key - 6);
	key = (key + 2 + 3) & ~(uint64_t)3;
	end = key + (uint64_t)value_n * (type == 1 ? 2 : 1);
	out->value = vt_span_clip(b, key, end - key);
	end = (end + 3) & ~(uint64_t)3;
	out->rest = vt_span_clip(b, end, b.n);
	*at = (*at + length + 3) & ~(uint64_t)3;
	return true;
}

static void keep_string(struct pe *f, const struct block *b, struct vt_pe_names *out)
{
	const struct {
		const char *key;
		vt_span *to;
	} wanted[] = {
		{"CompanyName", &out->company},
		{"ProductName", &out->product},
		{"OriginalFilename", &out->original},
		{"FileVersion", &out->version},
	};

	for (size_t i = 0; i < VT_COUNT(wanted); i++)
		if (!wanted[i].to->n && key_is(b->key, wanted[i].key))
			*wanted[i].to = to_utf8(f->w->arena, b->value);
}

static void read_strings(struct pe *f, vt_span version, struct vt_pe_names *out)
{
	struct block root, info, table, string;
	uint64_t at = 0, info_at = 0;

	if (!next_block(version, &at, &root) || !key_is(root.key, "VS_VERSION_INFO"))
		return;
	while (next_block(root.rest, &info_at, &info)) {
		uint64_t table_at = 0;

		if (!key_is(info.key, "StringFileInfo"))
			continue;
		while (next_block(info.rest, &table_at, &table)) {
			uint64_t string_at = 0;

			while (next_block(table.rest, &string_at, &string))
				keep_string(f, &string, out);
		}
	}
}

/* A resource folder: names first, then numbers. */
static vt_err read_folder(struct pe *f, uint32_t offset, vt_span *out)
{
	vt_span head;
	uint16_t named = 0, numbered = 0;
	vt_err e = vt_window_get(f->w, f->base + offset, 16, &head);

	if (e)
		return e;
	(void)vt_get_u16le(head, 12, &named);
	(void)vt_get_u16le(head, 14, &numbered);
	return vt_window_clip(f->w, f->base + offset + 16,
		8 * vt_min_u64((uint64_t)named + numbered, ENTRIES_MAX), out);
}

static bool entry_at(vt_span folder, uint64_t i, uint32_t *out_id, uint32_t *out_to)
{
	return vt_get_u32le(folder, 8 * i, out_id) && vt_get_u32le(folder, 8 * i + 4, out_to);
}

#define IS_FOLDER 0x80000000u

static vt_err read_version(struct pe *f, uint32_t entry, struct vt_pe_names *out)
{
	uint32_t address, size;
	uint64_t at;
	vt_span s;
	vt_err e = vt_window_get(f->w, f->base + entry, 16, &s);

	if (e)
		return soften(e);
	if (!vt_get_u32le(s, 0, &address) || !vt_get_u32le(s, 4, &size) ||
		!to_offset(f, address, &at))
		return VT_OK;
	e = vt_window_clip(f->w, at, vt_min_u64(size, VERSION_MAX), &s);
	if (!e)
		read_strings(f, s, out);
	return soften(e);
}

/* Three levels: type, name, language. */
static vt_err read_resources(struct pe *f, struct vt_pe_names *out)
{
	uint32_t id, to, names_to, left = LANGUAGES_MAX;
	vt_span types, names, languages;
	vt_err e;

	if (!f->resources || !to_offset(f, f->resources, &f->base))
		return VT_OK;
	e = read_folder(f, 0, &types);
	for (uint64_t i = 0; !e && entry_at(types, i, &id, &to); i++) {
		if (id != RT_VERSION || !(to & IS_FOLDER))
			continue;
		e = read_folder(f, to & ~IS_FOLDER, &names);
		for (uint64_t k = 0; !e && entry_at(names, k, &id, &names_to); k++) {
			if (!(names_to & IS_FOLDER))
				continue;
			e = read_folder(f, names_to & ~IS_FOLDER, &languages);
			for (uint64_t j = 0; !e && entry_at(languages, j, &id, &to); j++)
				if (!(to & IS_FOLDER) && left) {
					left--;
					e = read_version(f, to, out);
				}
		}
		break;
	}
	return soften(e);
}

vt_err vt_pe_names(struct vt_window *w, struct vt_pe_names *out)
{
	struct pe f = {.w = w};
	struct vt_pe_names names = {0};
	uint32_t header = 0, directories = 0, place = 0, size = 0;
	uint16_t nsections = 0, optional_n = 0, magic = 0;
	uint64_t first;
	vt_span s;
	vt_err e = vt_window_get(w, 0, 64, &s);

	if (!e && (!vt_span_at(s, 0, "MZ", 2) || !vt_get_u32le(s, 60, &header)))
		return VT_EFORMAT;
	if (!e)
		e = vt_window_get(w, header, 24 + 240, &s);
	if (e)
		return soften(e) ? e : VT_EFORMAT;
	if (!vt_span_at(s, 0, "PE\0\0", 4) || !vt_get_u16le(s, 6, &nsections) ||
		!vt_get_u16le(s, 20, &optional_n) || !vt_get_u16le(s, 24, &magic) ||
		(magic != 0x10b && magic != 0x20b))
		return VT_EFORMAT;
	first = magic == 0x20b ? 24 + 112 : 24 + 96;
	(void)vt_get_u32le(s, first - 4, &directories);
	names.checksum_at = (uint64_t)header + 24 + 64;
	names.directory_at = header + first + 4 * 8;
	if (directories > 2)
		(void)vt_get_u32le(s, first + 2 * 8, &f.resources);
	if (directories > 4 && vt_get_u32le(s, first + 4 * 8, &place) &&
		vt_get_u32le(s, first + 4 * 8 + 4, &size) && (place || size)) {
		names.has_certificates = true;
		names.certificates_at = place;
		names.certificates_n = size;
	}
	e = vt_window_clip(w, (uint64_t)header + 24 + optional_n,
		40 * vt_min_u64(nsections, SECTIONS_MAX), &f.sections);
	if (!e)
		e = read_resources(&f, &names);
	if (soften(e))
		return e;
	*out = names;
	return VT_OK;
}
