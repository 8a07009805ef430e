/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of this folder share: everything asked of one file, and what must hold. */
#ifndef VT_ENGINE_EXE_EXE_FUZZ_H
#define VT_ENGINE_EXE_EXE_FUZZ_H

#include <stdlib.h>

#include "engine/exe/exe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The promises of core/exe.h. */
static inline void fuzz_check(const struct vt_exe *exe, vt_span s)
{
	if (exe->overlay > s.n || (exe->has_entry && exe->entry > s.n))
		abort();
	for (unsigned i = 0; i < exe->nsections; i++) {
		const struct vt_exe_section *c = &exe->sections[i];

		if (c->size && (c->offset >= s.n || c->size > s.n - c->offset))
			abort();
	}
	for (unsigned i = 0; i < exe->nversions; i++)
		if (exe->versions[i].offset >= s.n ||
			exe->versions[i].size > s.n - exe->versions[i].offset)
			abort();
	for (size_t i = 0; i < exe->imports.n; i++)
		if (exe->imports.p[i] >= 'A' && exe->imports.p[i] <= 'Z')
			abort();
}

static inline void fuzz_exe(vt_type type, vt_span s)
{
	vt_arena arena = VT_ARENA_INIT(16u << 20);
	struct vt_exe exe;

	if (vt_exe_parse(type, s, &arena, &exe) == VT_OK) {
		if (vt_exe_imports(type, s, &arena, &exe) || vt_exe_versions(type, s, &arena, &exe))
			abort();
		fuzz_check(&exe, s);
	}
	vt_arena_free(&arena);
}

#endif
