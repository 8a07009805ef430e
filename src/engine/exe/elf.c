/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exe/elf.h"

#include "base/num.h"
#include "engine/exe/exe.h"
#include "engine/exe/word.h"

#define SHT_NOBITS 8
#define PT_LOAD 1

struct elf {
	struct vt_words w;
	uint64_t entry, phoff, shoff;
	uint16_t phentsize, phnum, shentsize, shnum;
};

static vt_err read_header(vt_span bytes, struct elf *e)
{
	uint8_t class, data;
	uint64_t at;

	if (!vt_span_at(bytes, 0,
		    "\x7f"
		    "ELF",
		    4))
		return VT_EFORMAT;
	if (!vt_get_u8(bytes, 4, &class) || !vt_get_u8(bytes, 5, &data))
		return VT_ETRUNCATED;
	if (class < 1 || class > 2 || data < 1 || data > 2)
		return VT_EFORMAT;
	e->w = (struct vt_words){.s = bytes, .be = data == 2, .wide = class == 2};
	at = e->w.wide ? 52 : 40; /* e_ehsize: the fields before it have the class's width */
	if (!vt_word_addr(&e->w, 24, &e->entry) ||
		!vt_word_addr(&e->w, e->w.wide ? 32 : 28, &e->phoff) ||
		!vt_word_addr(&e->w, e->w.wide ? 40 : 32, &e->shoff) ||
		!vt_word_u16(&e->w, at + 2, &e->phentsize) ||
		!vt_word_u16(&e->w, at + 4, &e->phnum) ||
		!vt_word_u16(&e->w, at + 6, &e->shentsize) ||
		!vt_word_u16(&e->w, at + 8, &e->shnum))
		return VT_ETRUNCATED;
	return VT_OK;
}

/* The file offset that is loaded at the entry point's address. */
static bool find_entry(const struct elf *e, uint64_t *out)
{
	unsigned n = e->phnum < VT_ELF_MAX_SEGMENTS ? e->phnum : VT_ELF_MAX_SEGMENTS;
	bool wide = e->w.wide;

	if (n == 0) { /* an object file or a kernel module: signatures take its first byte */
		*out = 0;
		return true;
	}
	if (e->phentsize < (wide ? 56 : 32))
		return false;
	for (unsigned i = 0; i < n; i++) {
		uint64_t at, offset, address, size;
		uint32_t type;

		if (!vt_add_u64(e->phoff, (uint64_t)i * e->phentsize, &at) ||
			!vt_word_u32(&e->w, at, &type) ||
			!vt_word_addr(&e->w, at + (wide ? 8 : 4), &offset) ||
			!vt_word_addr(&e->w, at + (wide ? 16 : 8), &address) ||
			!vt_word_addr(&e->w, at + (wide ? 32 : 16), &size))
			return false;
		if (type == PT_LOAD && e->entry >= address && e->entry - address < size)
			return vt_add_u64(offset, e->entry - address, out) && *out < e->w.s.n;
	}
	return false;
}

static bool read_section(const struct elf *e, uint64_t at, struct vt_exe_section *out)
{
	bool wide = e->w.wide;
	uint32_t type;

	if (!vt_word_u32(&e->w, at + 4, &type) ||
		!vt_word_addr(&e->w, at + (wide ? 16 : 12), &out->address) ||
		!vt_word_addr(&e->w, at + (wide ? 24 : 16), &out->offset) ||
		!vt_word_addr(&e->w, at + (wide ? 32 : 20), &out->memory))
		return false;
	out->size = type == SHT_NOBITS ? 0 : out->memory;
	vt_exe_section_clip(out, e->w.s);
	return true;
}

static vt_err read_sections(const struct elf *e, vt_arena *arena, struct vt_exe *exe)
{
	uint64_t end;
	struct vt_exe_section *list;

	if (e->shnum == 0 || e->shnum > VT_ELF_MAX_SECTIONS ||
		e->shentsize < (e->w.wide ? 64 : 40) ||
		!vt_add_u64(e->shoff, (uint64_t)e->shnum * e->shentsize, &end) || end > e->w.s.n)
		return VT_OK;
	list = vt_arena_array(arena, e->shnum, sizeof *list);
	if (!list)
		return VT_ENOMEM;
	for (unsigned i = 0; i < e->shnum; i++)
		if (!read_section(e, e->shoff + (uint64_t)i * e->shentsize, &list[i]))
			return VT_OK;
	exe->nsections = e->shnum;
	exe->sections = list;
	return VT_OK;
}

/* What no section and no segment covers is the overlay; the section table itself is covered. */
static uint64_t overlay(const struct elf *e, const struct vt_exe *exe)
{
	uint64_t end = exe->nsections ? e->shoff + (uint64_t)e->shnum * e->shentsize : 0;
	bool wide = e->w.wide;

	for (unsigned i = 0; i < e->phnum && i < VT_ELF_MAX_SEGMENTS; i++) {
		uint64_t at, offset, size, last;

		if (vt_add_u64(e->phoff, (uint64_t)i * e->phentsize, &at) &&
			vt_word_addr(&e->w, at + (wide ? 8 : 4), &offset) &&
			vt_word_addr(&e->w, at + (wide ? 32 : 16), &size) &&
			vt_add_u64(offset, size, &last))
			end = vt_max_u64(end, last);
	}
	return vt_exe_overlay(exe, end, e->w.s);
}

vt_err vt_elf_parse(vt_span bytes, vt_arena *arena, struct vt_exe *out)
{
	struct vt_exe exe = {0};
	struct elf e = {0};
	vt_err err;

	err = read_header(bytes, &e);
	if (!err)
		err = read_sections(&e, arena, &exe);
	if (err)
		return err;
	exe.is64 = e.w.wide;
	exe.has_entry = find_entry(&e, &exe.entry);
	if (!exe.has_entry)
		exe.entry = 0;
	exe.overlay = overlay(&e, &exe);
	*out = exe;
	return VT_OK;
}
