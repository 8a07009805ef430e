/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exe/pe.h"

#include "base/num.h"
#include "engine/exe/exe.h"
#include "engine/exe/pe_head.h"

#define COFF_SIZE 20
#define SECTION_SIZE 40
#define SECTOR 0x200
#define PAGE 0x1000

static uint64_t round_down(uint64_t v, uint32_t unit)
{
	return unit ? v - v % unit : v;
}

static uint64_t round_up(uint64_t v, uint32_t unit)
{
	return unit ? round_down(v + unit - 1, unit) : v;
}

/* "Optional Header (Image Only)": PE32 and PE32+ differ from offset 24 on. */
static vt_err optional_header(vt_span s, struct vt_pe_head *h)
{
	uint64_t dirs;
	uint16_t magic;

	if (!vt_get_u16le(s, 0, &magic))
		return VT_ETRUNCATED;
	if (magic != 0x10b && magic != 0x20b)
		return VT_EFORMAT;
	h->is64 = magic == 0x20b;
	dirs = h->is64 ? 112 : 96;
	if (!vt_get_u32le(s, 16, &h->entry) || !vt_get_u32le(s, 32, &h->section_alignment) ||
		!vt_get_u32le(s, 36, &h->file_alignment) || !vt_get_u32le(s, 60, &h->header_size) ||
		!vt_get_u32le(s, dirs - 4, &h->ndirectories))
		return VT_ETRUNCATED;
	h->directories = dirs;
	return VT_OK;
}

vt_err vt_pe_head(vt_span bytes, struct vt_pe_head *out)
{
	struct vt_pe_head h = {0};
	uint16_t nsections, optional_size;
	uint32_t at;
	vt_err err;

	if (!vt_span_at(bytes, 0, "MZ", 2))
		return VT_EFORMAT;
	if (!vt_get_u32le(bytes, 0x3c, &at))
		return VT_ETRUNCATED;
	if (!vt_span_at(bytes, at, "PE\0\0", 4))
		return VT_EFORMAT;
	if (!vt_get_u16le(bytes, (uint64_t)at + 4 + 2, &nsections) ||
		!vt_get_u16le(bytes, (uint64_t)at + 4 + 16, &optional_size))
		return VT_ETRUNCATED;
	if (nsections > VT_EXE_MAX_SECTIONS)
		return VT_EFORMAT;
	/* Not cut to optional_size: the section table may overlap it, and Windows reads on. */
	err = optional_header(vt_span_clip(bytes, (uint64_t)at + 4 + COFF_SIZE, 240), &h);
	if (err)
		return err;
	h.nsections = nsections;
	h.directories += (uint64_t)at + 4 + COFF_SIZE;
	h.sections = (uint64_t)at + 4 + COFF_SIZE + optional_size;
	*out = h;
	return VT_OK;
}

bool vt_pe_directory(vt_span bytes, const struct vt_pe_head *h, enum vt_pe_directory which,
	uint32_t *out_address, uint32_t *out_size)
{
	uint64_t at = h->directories + 8 * (uint64_t)which;

	return (uint32_t)which < h->ndirectories && vt_get_u32le(bytes, at, out_address) &&
		vt_get_u32le(bytes, at + 4, out_size) && *out_address != 0;
}

bool vt_pe_offset(
	const struct vt_exe *exe, uint32_t header_size, uint64_t address, uint64_t *out_offset)
{
	if (address < header_size) { /* the headers are mapped as they are */
		*out_offset = address;
		return true;
	}
	for (unsigned i = exe->nsections; i-- > 0;) {
		const struct vt_exe_section *s = &exe->sections[i];

		if (address >= s->address && address - s->address < s->size) {
			*out_offset = s->offset + (address - s->address);
			return true;
		}
	}
	return false;
}

/*
 * The file alignment that the sections were written with: what the header says, unless a section
 * that stands on a sector contradicts it. 0 is no alignment.
 */
static uint32_t file_unit(vt_span bytes, const struct vt_pe_head *h)
{
	uint32_t unit = h->file_alignment, offset;

	for (unsigned i = 0; i < h->nsections; i++) {
		if (!vt_get_u32le(bytes, h->sections + (uint64_t)i * SECTION_SIZE + 20, &offset))
			break;
		if (unit && offset % unit != 0 && offset % SECTOR == 0)
			unit = SECTOR;
	}
	return unit;
}

static vt_err sections(
	vt_span bytes, struct vt_pe_head *h, vt_arena *arena, struct vt_exe_section **out)
{
	struct vt_exe_section *list = vt_arena_array(arena, h->nsections, sizeof *list);
	uint32_t unit = file_unit(bytes, h);

	if (!list)
		return VT_ENOMEM;
	for (unsigned i = 0; i < h->nsections; i++) {
		uint64_t at = h->sections + (uint64_t)i * SECTION_SIZE;
		uint32_t memory, address, size, offset;

		if (!vt_get_u32le(bytes, at + 8, &memory) ||
			!vt_get_u32le(bytes, at + 12, &address) ||
			!vt_get_u32le(bytes, at + 16, &size) ||
			!vt_get_u32le(bytes, at + 20, &offset) ||
			!vt_span_has(bytes, at, SECTION_SIZE))
			return VT_ETRUNCATED;
		list[i] = (struct vt_exe_section){
			.offset = round_down(offset, unit),
			.size = round_up(size, unit),
			.address = round_down(address, h->section_alignment),
			.memory = memory ? memory : size,
		};
		vt_exe_section_clip(&list[i], bytes);
	}
	*out = list;
	return VT_OK;
}

vt_err vt_pe_parse(vt_span bytes, vt_arena *arena, struct vt_exe *out)
{
	struct vt_exe exe = {0};
	struct vt_exe_section *list;
	struct vt_pe_head h;
	uint64_t entry;
	vt_err err;

	err = vt_pe_head(bytes, &h);
	if (err)
		return err;
	if (h.section_alignment < PAGE)
		h.section_alignment = PAGE;
	err = sections(bytes, &h, arena, &list);
	if (err)
		return err;
	exe.is64 = h.is64;
	exe.nsections = h.nsections;
	exe.sections = list;
	exe.has_entry = vt_pe_offset(&exe, h.header_size, h.entry, &entry) && entry <= bytes.n;
	exe.entry = exe.has_entry ? entry : 0;
	exe.overlay =
		vt_exe_overlay(&exe, h.sections + (uint64_t)h.nsections * SECTION_SIZE, bytes);
	*out = exe;
	return VT_OK;
}
