/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PE32 and PE32+: Microsoft PE and COFF Specification. Offsets and sizes of sections are those
 * that ClamAV's signatures were made with: the raw pointer is rounded down and the raw size up to
 * the file alignment.
 */
#ifndef VT_ENGINE_EXE_PE_H
#define VT_ENGINE_EXE_PE_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/core/exe.h"

/* See vt_exe_parse(). VT_EFORMAT for an MZ file without PE headers too. */
VT_MUST_USE vt_err vt_pe_parse(vt_span bytes, vt_arena *arena, struct vt_exe *out);

/* At most so many functions of so many libraries are read from an import table. */
#define VT_PE_MAX_LIBRARIES 512
#define VT_PE_MAX_IMPORTS 16384

/*
 * The text whose MD5 is the import hash: "kernel32.exitprocess,user32.ord17,...", in the order of
 * the import directory. An empty span if there is none or it is malformed. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_pe_imports(
	vt_span bytes, const struct vt_exe *exe, vt_arena *arena, vt_span *out_text);

#define VT_PE_MAX_VERSIONS 64

/*
 * Where a "VI" pattern may start: the first byte of each key in the string tables of the version
 * resources, in the resource directory's order. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_pe_versions(vt_span bytes, const struct vt_exe *exe, vt_arena *arena,
	unsigned *out_n, const struct vt_exe_range **out_ranges);

#endif
