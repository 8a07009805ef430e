/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/artefact/elf_note.h"

#include <stdbool.h>

#include "base/num.h"

#define HEADERS_MAX 512u   /* of segments, or of sections */
#define NOTES_MAX 65536u   /* bytes of one segment of notes */
#define DYNAMIC_MAX 65536u /* bytes of the dynamic section */
#define NAME_MAX_BYTES 1024u

enum {
	PT_LOAD = 1,
	PT_DYNAMIC = 2,
	PT_NOTE = 4,
	SHT_NOTE = 7,
	DT_STRTAB = 5,
	DT_SONAME = 14,
	NT_GNU_BUILD_ID = 3
};

struct elf {
	struct vt_window *w;
	bool wide, be;
	vt_span head;     /* the file's header */
	vt_span segments; /* the program headers */
	unsigned nsegments;
};

struct part {
	uint32_t type;
	uint64_t offset, address, size;
};

static uint64_t get(const struct elf *f, vt_span s, uint64_t at, unsigned size)
{
	uint64_t v = 0;

	if (!vt_span_has(s, at, size))
		return 0;
	for (unsigned i = 0; i < size; i++)
		v = v << 8 | s.p[at + (f->be ? i : size - 1 - i)];
	return v;
}

static uint64_t word(const struct elf *f, vt_span s, uint64_t narrow, uint64_t wide)
{
	return f->wide ? get(f, s, wide, 8) : get(f, s, narrow, 4);
}

static struct part segment(const struct elf *f, unsigned i)
{
	vt_span s = vt_span_clip(f->segments, (uint64_t)i * (f->wide ? 56 : 32), f->wide ? 56 : 32);

	return (struct part){.type = (uint32_t)get(f, s, 0, 4),
		.offset = word(f, s, 4, 8),
		.address = word(f, s, 8, 16),
		.size = word(f, s, 16, 32)};
}

/* Memory problems end it; what is not in the file is merely not there. */
static vt_err soften(vt_err e)
{
	return e == VT_ENOMEM || e == VT_EIO ? e : VT_OK;
}

/* The build id among the notes; each is three words, a name and a description, padded to four. */
static void read_notes(const struct elf *f, vt_span s, struct vt_elf_names *out)
{
	for (uint64_t at = 0; vt_span_has(s, at, 12) && !out->build_id.n;) {
		uint64_t name_n = get(f, s, at, 4), text_n = get(f, s, at + 4, 4);
		uint64_t type = get(f, s, at + 8, 4), name = at + 12;
		uint64_t text = name + ((name_n + 3) & ~(uint64_t)3);

		if (type == NT_GNU_BUILD_ID && name_n == 4 && vt_span_at(s, name, "GNU", 4) &&
			text_n && text_n <= VT_BUILD_ID_MAX)
			(void)vt_span_sub(s, text, text_n, &out->build_id);
		at = text + ((text_n + 3) & ~(uint64_t)3);
	}
}

/* The bytes of the file that are loaded at an address, by the segments. */
static bool to_offset(const struct elf *f, uint64_t address, uint64_t *out)
{
	for (unsigned i = 0; i < f->nsegments; i++) {
		struct part p = segment(f, i);

		if (p.type == PT_LOAD && address >= p.address && address - p.address < p.size)
			return vt_add_u64(p.offset, address - p.address, out);
	}
	return false;
}

static vt_err read_dynamic(const struct elf *f, const struct part *p, struct vt_elf_names *out)
{
	uint64_t step = f->wide ? 16 : 8, strings = 0, name = 0, at;
	bool has_strings = false, has_name = false;
	const uint8_t *nul;
	vt_span s;
	vt_err e = vt_window_clip(f->w, p->offset, vt_min_u64(p->size, DYNAMIC_MAX), &s);

	if (e)
		return e;
	for (uint64_t i = 0; vt_span_has(s, i, step); i += step) {
		vt_span d = vt_span_clip(s, i, step);
		uint64_t tag = word(f, d, 0, 0), value = word(f, d, 4, 8);

		if (tag == 0)
			break;
		if (tag == DT_STRTAB) {
			strings = value;
			has_strings = true;
		} else if (tag == DT_SONAME) {
			name = value;
			has_name = true;
		}
	}
	if (!has_strings || !has_name || !vt_add_u64(strings, name, &at) || !to_offset(f, at, &at))
		return VT_OK;
	e = vt_window_clip(f->w, at, NAME_MAX_BYTES, &s);
	nul = e || !s.n ? NULL : memchr(s.p, 0, s.n);
	if (nul)
		out->soname = vt_span_of(s.p, (size_t)(nul - s.p));
	return e;
}

static vt_err read_segments(struct elf *f, struct vt_elf_names *out)
{
	uint64_t at = word(f, f->head, 28, 32), size = f->wide ? 56 : 32;
	uint64_t n = get(f, f->head, f->wide ? 56 : 44, 2);
	vt_err e;

	if (get(f, f->head, f->wide ? 54 : 42, 2) != size)
		return VT_OK;
	n = vt_min_u64(n, HEADERS_MAX);
	e = vt_window_clip(f->w, at, n * size, &f->segments);
	if (e)
		return e;
	f->nsegments = (unsigned)(f->segments.n / size);
	for (unsigned i = 0; i < f->nsegments && !e; i++) {
		struct part p = segment(f, i);
		vt_span s;

		if (p.type == PT_DYNAMIC && !out->soname.n)
			e = soften(read_dynamic(f, &p, out));
		if (p.type != PT_NOTE || out->build_id.n || e)
			continue;
		e = soften(vt_window_clip(f->w, p.offset, vt_min_u64(p.size, NOTES_MAX), &s));
		if (!e)
			read_notes(f, s, out);
	}
	return e;
}

/* "name=" among the NUL-terminated strings of .modinfo. */
static void read_modinfo(vt_span s, struct vt_elf_names *out)
{
	for (size_t at = 0; at < s.n;) {
		const uint8_t *nul = memchr(s.p + at, 0, s.n - at);
		size_t end = nul ? (size_t)(nul - s.p) : s.n;

		if (end - at > 5 && vt_span_at(s, at, "name=", 5)) {
			out->module = vt_span_of(s.p + at + 5, end - at - 5);
			return;
		}
		at = end + 1;
	}
}

static vt_err read_sections(struct elf *f, struct vt_elf_names *out)
{
	uint64_t at = word(f, f->head, 32, 40), size = f->wide ? 64 : 40;
	uint64_t n = get(f, f->head, f->wide ? 60 : 48, 2);
	uint64_t names_at = get(f, f->head, f->wide ? 62 : 50, 2) * size;
	vt_span table, names, h, s;
	vt_err e;

	if (get(f, f->head, f->wide ? 58 : 46, 2) != size)
		return VT_OK;
	e = vt_window_clip(f->w, at, vt_min_u64(n, HEADERS_MAX) * size, &table);
	if (e)
		return soften(e);
	h = vt_span_clip(table, names_at, size);
	e = vt_window_clip(
		f->w, word(f, h, 16, 24), vt_min_u64(word(f, h, 20, 32), NOTES_MAX), &names);
	for (uint64_t i = 0; !e && vt_span_has(table, i, size); i += size) {
		uint64_t offset, length;
		bool modinfo;

		h = vt_span_clip(table, i, size);
		offset = word(f, h, 16, 24);
		length = vt_min_u64(word(f, h, 20, 32), NOTES_MAX);
		modinfo = vt_span_at(names, get(f, h, 0, 4), ".modinfo", 9);
		if (!modinfo && (get(f, h, 4, 4) != SHT_NOTE || out->build_id.n))
			continue;
		e = vt_window_clip(f->w, offset, length, &s);
		if (!e && modinfo)
			read_modinfo(s, out);
		else if (!e)
			read_notes(f, s, out);
	}
	return soften(e);
}

vt_err vt_elf_names(struct vt_window *w, struct vt_elf_names *out)
{
	struct elf f = {.w = w};
	struct vt_elf_names names = {0};
	uint8_t class, order;
	vt_err e = vt_window_clip(w, 0, 64, &f.head);

	if (e)
		return e;
	if (!vt_span_at(f.head, 0, "\177ELF", 4) || !vt_get_u8(f.head, 4, &class) ||
		!vt_get_u8(f.head, 5, &order) || class < 1 || class > 2 || order < 1 || order > 2)
		return VT_EFORMAT;
	f.wide = class == 2;
	f.be = order == 2;
	e = soften(read_segments(&f, &names));
	if (!e && !names.build_id.n) /* Go names only its own note in a segment */
		e = read_sections(&f, &names);
	if (!e)
		*out = names;
	return e;
}
