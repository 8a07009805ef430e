/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exe/macho.h"

#include "base/num.h"
#include "engine/exe/exe.h"
#include "engine/exe/word.h"

enum command {
	LC_SEGMENT = 1,
	LC_THREAD = 4,
	LC_UNIXTHREAD = 5,
	LC_SEGMENT_64 = 0x19,
};
#define LC_MAIN 0x80000028

struct macho {
	struct vt_words w;
	uint32_t cpu, ncommands;
	uint64_t commands;
	struct vt_exe_section *sections; /* NULL while they are counted */
	unsigned nsections;
	uint64_t end; /* behind the last segment */
	bool has_offset, has_address;
	uint64_t entry_offset, entry_address;
};

/* Where a thread's state keeps the program counter: <mach/.../thread_status.h>, after flavor and
 * count, in bytes. */
static const struct {
	uint32_t cpu, at;
	bool wide;
} counters[] = {
	{7, 40, false},          /* x86: eip, the 11th of 16 registers */
	{0x01000007, 128, true}, /* x86_64: rip, the 17th */
	{12, 60, false},         /* ARM: pc, the 16th */
	{0x0100000c, 256, true}, /* ARM64: pc, behind 29 registers, fp, lr, sp */
	{18, 0, false},          /* PowerPC: srr0 */
	{0x01000012, 0, true},   /* PowerPC 64 */
};

static const struct {
	const char *magic;
	bool be, wide;
} magics[] = {
	{"\xce\xfa\xed\xfe", false, false},
	{"\xcf\xfa\xed\xfe", false, true},
	{"\xfe\xed\xfa\xce", true, false},
	{"\xfe\xed\xfa\xcf", true, true},
};

static vt_err read_header(vt_span bytes, struct macho *m)
{
	for (size_t i = 0; i < VT_COUNT(magics); i++) {
		if (!vt_span_at(bytes, 0, magics[i].magic, 4))
			continue;
		m->w = (struct vt_words){.s = bytes, .be = magics[i].be, .wide = magics[i].wide};
		m->commands = m->w.wide ? 32 : 28;
		if (!vt_word_u32(&m->w, 4, &m->cpu) || !vt_word_u32(&m->w, 16, &m->ncommands))
			return VT_ETRUNCATED;
		return m->ncommands > VT_MACHO_MAX_COMMANDS ? VT_EFORMAT : VT_OK;
	}
	return VT_EFORMAT;
}

static vt_err read_section(struct macho *m, uint64_t at)
{
	struct vt_exe_section s = {0};
	uint32_t offset;
	bool wide = m->w.wide;

	if (!vt_word_addr(&m->w, at + 32, &s.address) ||
		!vt_word_addr(&m->w, at + (wide ? 40 : 36), &s.memory) ||
		!vt_word_u32(&m->w, at + (wide ? 48 : 40), &offset))
		return VT_ETRUNCATED;
	/* A zero-filled section has no bytes and says offset 0, where the header stands. */
	s.offset = offset;
	s.size = offset ? s.memory : 0;
	vt_exe_section_clip(&s, m->w.s);
	if (m->sections)
		m->sections[m->nsections] = s;
	m->nsections++;
	return VT_OK;
}

static vt_err read_segment(struct macho *m, uint64_t at, uint64_t end)
{
	unsigned section = m->w.wide ? 80 : 68;
	uint64_t first = at + (m->w.wide ? 72 : 56), offset, size, last;
	uint32_t n;
	vt_err err;

	if (!vt_word_addr(&m->w, at + (m->w.wide ? 40 : 32), &offset) ||
		!vt_word_addr(&m->w, at + (m->w.wide ? 48 : 36), &size) ||
		!vt_word_u32(&m->w, first - 8, &n))
		return VT_ETRUNCATED;
	if (vt_add_u64(offset, size, &last))
		m->end = vt_max_u64(m->end, last);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t s = first + (uint64_t)i * section;

		if (s + section > end || m->nsections == VT_MACHO_MAX_SECTIONS)
			return VT_EFORMAT;
		err = read_section(m, s);
		if (err)
			return err;
	}
	return VT_OK;
}

static void read_thread(struct macho *m, uint64_t at)
{
	for (size_t i = 0; i < VT_COUNT(counters); i++) {
		uint64_t pc = 0;
		uint32_t narrow = 0;

		if (counters[i].cpu != m->cpu)
			continue;
		if (counters[i].wide)
			m->has_address = vt_word_u64(&m->w, at + 16 + counters[i].at, &pc);
		else
			m->has_address = vt_word_u32(&m->w, at + 16 + counters[i].at, &narrow);
		m->entry_address = counters[i].wide ? pc : narrow;
	}
}

/* All load commands: counts the sections, or stores them. */
static vt_err read_commands(struct macho *m)
{
	uint64_t at = m->commands;
	vt_err err = VT_OK;

	m->nsections = 0;
	for (uint32_t i = 0; i < m->ncommands && !err; i++) {
		uint32_t command, size;

		if (!vt_word_u32(&m->w, at, &command) || !vt_word_u32(&m->w, at + 4, &size))
			return VT_ETRUNCATED;
		if (size < 8)
			return VT_EFORMAT;
		if (command == (m->w.wide ? LC_SEGMENT_64 : LC_SEGMENT))
			err = read_segment(m, at, at + size);
		else if (command == LC_THREAD || command == LC_UNIXTHREAD)
			read_thread(m, at);
		else if (command == LC_MAIN)
			m->has_offset = vt_word_u64(&m->w, at + 8, &m->entry_offset);
		at += size;
	}
	m->end = vt_max_u64(m->end, at);
	return err;
}

static bool find_entry(const struct macho *m, uint64_t *out)
{
	if (m->has_offset) {
		*out = m->entry_offset;
		return m->entry_offset < m->w.s.n;
	}
	for (unsigned i = 0; m->has_address && i < m->nsections; i++) {
		const struct vt_exe_section *s = &m->sections[i];

		if (m->entry_address >= s->address && m->entry_address - s->address < s->size) {
			*out = s->offset + (m->entry_address - s->address);
			return true;
		}
	}
	return false;
}

vt_err vt_macho_parse(vt_span bytes, vt_arena *arena, struct vt_exe *out)
{
	struct macho m = {0};
	struct vt_exe exe = {0};
	vt_err err;

	err = read_header(bytes, &m);
	if (!err)
		err = read_commands(&m);
	if (err)
		return err;
	m.sections = vt_arena_array(arena, m.nsections, sizeof *m.sections);
	if (!m.sections)
		return VT_ENOMEM;
	err = read_commands(&m);
	if (err)
		return err;
	exe.is64 = m.w.wide;
	exe.nsections = m.nsections;
	exe.sections = m.sections;
	exe.has_entry = find_entry(&m, &exe.entry);
	if (!exe.has_entry)
		exe.entry = 0;
	exe.overlay = vt_exe_overlay(&exe, m.end, bytes);
	*out = exe;
	return VT_OK;
}

vt_err vt_macho_slice(vt_span bytes, unsigned i, struct vt_macho_slice *out)
{
	struct vt_words w = {.s = bytes, .be = true};
	uint64_t at;
	uint32_t n, offset, size;

	w.wide = vt_span_at(bytes, 0, "\xca\xfe\xba\xbf", 4);
	if (!w.wide && !vt_span_at(bytes, 0, "\xca\xfe\xba\xbe", 4))
		return VT_EFORMAT;
	if (!vt_word_u32(&w, 4, &n))
		return VT_ETRUNCATED;
	if (n > VT_MACHO_MAX_SLICES)
		return VT_EFORMAT;
	if (i >= n)
		return VT_END;
	at = 8 + (uint64_t)i * (w.wide ? 32 : 20);
	if (!vt_word_u32(&w, at, &out->cpu))
		return VT_ETRUNCATED;
	if (w.wide)
		return vt_word_u64(&w, at + 8, &out->offset) && vt_word_u64(&w, at + 16, &out->size)
			? VT_OK
			: VT_ETRUNCATED;
	if (!vt_word_u32(&w, at + 8, &offset) || !vt_word_u32(&w, at + 12, &size))
		return VT_ETRUNCATED;
	out->offset = offset;
	out->size = size;
	return VT_OK;
}
