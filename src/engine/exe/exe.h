/* SPDX-License-Identifier: Apache-2.0 */
/* Executables: what a rule may ask about their headers, whatever their format. */
#ifndef VT_ENGINE_EXE_EXE_H
#define VT_ENGINE_EXE_EXE_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/core/exe.h"
#include "engine/core/type.h"

/*
 * Reads the headers of an executable of this type: PE, ELF or MACHO. The sections come from the
 * arena; `versions` and `imports` stay empty (see below). Time and memory are bounded
 * by the number of sections, which is capped. VT_EUNSUPPORTED for any other type; VT_EFORMAT or
 * VT_ETRUNCATED if the headers make no sense: the object is then just bytes; VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_exe_parse(vt_type type, vt_span bytes, vt_arena *arena, struct vt_exe *out);

/*
 * The parts that few rules ask for, so that a scan pays for them only if some rule does. Each sets
 * its fields of *exe, which vt_exe_parse() filled from the same bytes, and leaves them empty when
 * there are none (not an error). VT_ENOMEM only.
 */
VT_MUST_USE vt_err vt_exe_imports(vt_type type, vt_span bytes, vt_arena *arena, struct vt_exe *exe);
VT_MUST_USE vt_err vt_exe_versions(
	vt_type type, vt_span bytes, vt_arena *arena, struct vt_exe *exe);

/* For the parsers: fits a section into the file: its `size` is cut at the end of the bytes. */
void vt_exe_section_clip(struct vt_exe_section *s, vt_span bytes);
/* For the parsers: the first byte behind `start` and all sections. */
uint64_t vt_exe_overlay(const struct vt_exe *exe, uint64_t start, vt_span bytes);

#endif
