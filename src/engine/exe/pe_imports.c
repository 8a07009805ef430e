/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The import hash's text: PE specification, "The .idata Section"; the text's form is that of
 * Mandiant's "Tracking Malware with Import Hashing" as pefile computes it.
 */
#include "base/buf.h"
#include "base/num.h"
#include "engine/exe/pe.h"
#include "engine/exe/pe_head.h"

#define STRING_MAX 512
#define TEXT_MAX (4u << 20)

struct imports {
	vt_span bytes;
	const struct vt_exe *exe;
	uint32_t header_size;
	unsigned left; /* functions that may still be read */
	vt_buf text;
};

static const struct {
	const char *library;
	uint16_t ordinal;
	const char *name;
} ordinals[] = {
#define VT_ORDINAL(library_, ordinal_, name_) {#library_, ordinal_, #name_},
#include "engine/exe/ordinals.def"
#undef VT_ORDINAL
};

/* The zero-terminated string at an address; false if there is none of a sane length. */
static bool string_at(const struct imports *im, uint64_t address, vt_span *out)
{
	uint64_t at;
	vt_span s;
	const uint8_t *end;

	if (!vt_pe_offset(im->exe, im->header_size, address, &at))
		return false;
	s = vt_span_clip(im->bytes, at, STRING_MAX);
	end = s.n ? memchr(s.p, 0, s.n) : NULL;
	if (!end)
		return false;
	*out = vt_span_of(s.p, (size_t)(end - s.p));
	return true;
}

static vt_err add_lower(vt_buf *b, vt_span s)
{
	vt_err err = vt_buf_reserve(b, s.n);

	for (size_t i = 0; !err && i < s.n; i++) {
		uint8_t c = s.p[i];

		err = vt_buf_add_u8(b, c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c);
	}
	return err;
}

static bool lower_eq(vt_span s, const char *want)
{
	if (s.n != strlen(want))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)want[i])
			return false;
	}
	return true;
}

/* "KERNEL32.dll" without its ending, if that is one of the three that pefile drops. */
static vt_span library_stem(vt_span name)
{
	static const char *const endings[] = {".dll", ".ocx", ".sys"};

	for (size_t i = 0; i < VT_COUNT(endings); i++)
		if (name.n >= 4 && lower_eq(vt_span_of(name.p + name.n - 4, 4), endings[i]))
			return vt_span_of(name.p, name.n - 4);
	return name;
}

static vt_err add_ordinal(struct imports *im, vt_span library, uint16_t ordinal)
{
	for (size_t i = 0; i < VT_COUNT(ordinals); i++)
		if (ordinals[i].ordinal == ordinal && lower_eq(library, ordinals[i].library))
			return add_lower(&im->text, vt_span_str(ordinals[i].name));
	return vt_buf_addf(&im->text, "ord%u", (unsigned)ordinal);
}

/* One library's functions: the lookup table at `table`. */
static vt_err add_library(struct imports *im, vt_span library, uint32_t table)
{
	unsigned width = im->exe->is64 ? 8 : 4;
	vt_span stem = library_stem(library);

	for (uint64_t i = 0; im->left > 0; i++, im->left--) {
		uint64_t at, thunk = 0;
		uint32_t narrow = 0;
		vt_span name = {0};
		bool by_ordinal;
		vt_err err;

		if (!vt_pe_offset(im->exe, im->header_size, table + i * width, &at))
			return VT_OK;
		if (width == 8 ? !vt_get_u64le(im->bytes, at, &thunk)
			       : !vt_get_u32le(im->bytes, at, &narrow))
			return VT_OK;
		if (width == 4)
			thunk = narrow;
		if (thunk == 0)
			return VT_OK;
		by_ordinal = thunk >> (width * 8 - 1);
		if (!by_ordinal && !string_at(im, (thunk & 0x7fffffff) + 2, &name))
			return VT_OK;
		if (!by_ordinal && name.n == 0)
			continue;
		err = im->text.n ? vt_buf_add_u8(&im->text, ',') : VT_OK;
		if (!err)
			err = add_lower(&im->text, stem);
		if (!err)
			err = vt_buf_add_u8(&im->text, '.');
		if (!err)
			err = by_ordinal ? add_ordinal(im, stem, (uint16_t)thunk)
					 : add_lower(&im->text, name);
		if (err)
			return err;
	}
	return VT_OK;
}

static vt_err add_all(struct imports *im, uint64_t at)
{
	for (unsigned i = 0; i < VT_PE_MAX_LIBRARIES; i++, at += 20) {
		uint32_t lookup, name, table;
		vt_span library;
		vt_err err;

		if (!vt_get_u32le(im->bytes, at, &lookup) ||
			!vt_get_u32le(im->bytes, at + 12, &name) ||
			!vt_get_u32le(im->bytes, at + 16, &table) || name == 0)
			return VT_OK;
		if (!string_at(im, name, &library))
			return VT_OK;
		err = add_library(im, library, lookup ? lookup : table);
		if (err)
			return err;
	}
	return VT_OK;
}

vt_err vt_pe_imports(vt_span bytes, const struct vt_exe *exe, vt_arena *arena, vt_span *out_text)
{
	struct imports im = {
		.bytes = bytes,
		.exe = exe,
		.left = VT_PE_MAX_IMPORTS,
		.text = VT_BUF_INIT(TEXT_MAX),
	};
	struct vt_pe_head h;
	uint32_t address, size;
	uint64_t at;
	char *copy;
	vt_err err;

	*out_text = vt_span_of(NULL, 0);
	if (vt_pe_head(bytes, &h) || !vt_pe_directory(bytes, &h, VT_PE_IMPORT, &address, &size))
		return VT_OK;
	im.header_size = h.header_size;
	if (!vt_pe_offset(exe, h.header_size, address, &at))
		return VT_OK;
	err = add_all(&im, at);
	if (err == VT_ELIMIT) { /* no linker wrote that */
		err = VT_OK;
		goto out;
	}
	if (err || im.text.n == 0)
		goto out;
	copy = vt_arena_copy(arena, vt_buf_span(&im.text));
	err = copy ? VT_OK : VT_ENOMEM;
	if (copy)
		*out_text = vt_span_of(copy, im.text.n);
out:
	vt_buf_free(&im.text);
	return err;
}
