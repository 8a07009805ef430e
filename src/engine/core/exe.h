/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the headers of an executable say, in file offsets, as rules need it. Filled by engine/exe,
 * read by engine/match and engine/cond. All offsets are relative to the object's first byte and
 * already checked to lie inside of it unless said otherwise.
 */
#ifndef VT_ENGINE_CORE_EXE_H
#define VT_ENGINE_CORE_EXE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define VT_EXE_MAX_SECTIONS 96 /* as many as Windows loads (PE specification, COFF header) */

struct vt_exe_section {
	uint64_t offset;  /* first byte in the file; may lie past its end */
	uint64_t size;    /* bytes in the file, clipped to its end: 0 if it lies outside */
	uint64_t address; /* relative virtual address (PE), address (ELF, Mach-O) */
	uint64_t memory;  /* bytes in memory */
};

/* A PE's version strings: a pattern with ClamAV's offset "VI" must start inside of one of these. */
struct vt_exe_range {
	uint64_t offset, size;
};

struct vt_exe {
	bool is64;
	bool has_entry;
	uint64_t entry; /* file offset of the entry point; valid if has_entry; may equal the size */
	unsigned nsections;
	const struct vt_exe_section *sections; /* as many as nsections, in header order */
	uint64_t overlay;                      /* first byte behind all sections; = size if none */
	unsigned nversions;
	const struct vt_exe_range *versions; /* keys of the version resource's strings */
	/* The text whose hash is the import hash ("kernel32.exitprocess,..."); empty if none. */
	vt_span imports;
};

#endif
