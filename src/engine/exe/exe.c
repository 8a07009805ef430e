/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exe/exe.h"

#include "base/num.h"
#include "engine/exe/elf.h"
#include "engine/exe/macho.h"
#include "engine/exe/pe.h"

static const struct {
	vt_type type;
	vt_err (*parse)(vt_span bytes, vt_arena *arena, struct vt_exe *out);
} parsers[] = {
	{VT_TYPE_PE, vt_pe_parse},
	{VT_TYPE_ELF, vt_elf_parse},
	{VT_TYPE_MACHO, vt_macho_parse},
};

vt_err vt_exe_parse(vt_type type, vt_span bytes, vt_arena *arena, struct vt_exe *out)
{
	for (size_t i = 0; i < VT_COUNT(parsers); i++)
		if (parsers[i].type == type)
			return parsers[i].parse(bytes, arena, out);
	return VT_EUNSUPPORTED;
}

vt_err vt_exe_imports(vt_type type, vt_span bytes, vt_arena *arena, struct vt_exe *exe)
{
	return type == VT_TYPE_PE ? vt_pe_imports(bytes, exe, arena, &exe->imports) : VT_OK;
}

vt_err vt_exe_versions(vt_type type, vt_span bytes, vt_arena *arena, struct vt_exe *exe)
{
	if (type != VT_TYPE_PE)
		return VT_OK;
	return vt_pe_versions(bytes, exe, arena, &exe->nversions, &exe->versions);
}

void vt_exe_section_clip(struct vt_exe_section *s, vt_span bytes)
{
	if (s->offset >= bytes.n)
		s->size = 0;
	else
		s->size = vt_min_u64(s->size, bytes.n - s->offset);
}

uint64_t vt_exe_overlay(const struct vt_exe *exe, uint64_t start, vt_span bytes)
{
	uint64_t end = vt_min_u64(start, bytes.n);

	for (unsigned i = 0; i < exe->nsections; i++)
		if (exe->sections[i].size) /* clipped: the sum does not wrap */
			end = vt_max_u64(end, exe->sections[i].offset + exe->sections[i].size);
	return end;
}
