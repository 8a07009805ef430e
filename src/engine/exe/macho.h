/* SPDX-License-Identifier: Apache-2.0 */
/* Mach-O: <mach-o/loader.h> and <mach-o/fat.h> as Apple publishes them. */
#ifndef VT_ENGINE_EXE_MACHO_H
#define VT_ENGINE_EXE_MACHO_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/core/exe.h"

#define VT_MACHO_MAX_COMMANDS 4096
#define VT_MACHO_MAX_SECTIONS 1024
#define VT_MACHO_MAX_SLICES 64

/* See vt_exe_parse(): one thin file. Sections are those of all segments, in order. */
VT_MUST_USE vt_err vt_macho_parse(vt_span bytes, vt_arena *arena, struct vt_exe *out);

struct vt_macho_slice {
	uint32_t cpu; /* cputype of <mach/machine.h> */
	uint64_t offset, size;
};

/*
 * Slice number `i` of a fat file, as its header says: it may lie outside of the bytes. VT_END past
 * the last one; VT_EFORMAT if this is no fat file; VT_ETRUNCATED.
 */
VT_MUST_USE vt_err vt_macho_slice(vt_span bytes, unsigned i, struct vt_macho_slice *out);

#endif
