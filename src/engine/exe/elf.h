/* SPDX-License-Identifier: Apache-2.0 */
/* ELF, 32 and 64 bits, both byte orders: System V ABI, chapters 4 and 5. */
#ifndef VT_ENGINE_EXE_ELF_H
#define VT_ENGINE_EXE_ELF_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/core/exe.h"

#define VT_ELF_MAX_SECTIONS 4096
#define VT_ELF_MAX_SEGMENTS 512

/*
 * See vt_exe_parse(). Sections are those of the section header table, the empty section 0 included,
 * since signatures count it. Segments past VT_ELF_MAX_SEGMENTS are not looked at for the entry
 * point; a table of more sections than VT_ELF_MAX_SECTIONS, or outside of the file, is taken as
 * none: only linkers and debuggers need it, so that its damage does not stop a program.
 */
VT_MUST_USE vt_err vt_elf_parse(vt_span bytes, vt_arena *arena, struct vt_exe *out);

#endif
