/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the PE reader share: the headers, and addresses to offsets. */
#ifndef VT_ENGINE_EXE_PE_HEAD_H
#define VT_ENGINE_EXE_PE_HEAD_H

#include "base/err.h"
#include "engine/core/exe.h"

struct vt_pe_head {
	bool is64;
	unsigned nsections;
	uint32_t entry; /* relative virtual address */
	uint32_t section_alignment, file_alignment, header_size;
	uint64_t sections;    /* offset of the section table */
	uint64_t directories; /* offset of the data directories */
	uint32_t ndirectories;
};

enum vt_pe_directory {
	VT_PE_IMPORT = 1,
	VT_PE_RESOURCE = 2,
};

/* VT_EFORMAT, VT_ETRUNCATED. */
VT_MUST_USE vt_err vt_pe_head(vt_span bytes, struct vt_pe_head *out);
/* The address and size of a data directory; false if there is none. */
bool vt_pe_directory(vt_span bytes, const struct vt_pe_head *h, enum vt_pe_directory which,
	uint32_t *out_address, uint32_t *out_size);
/* The file offset of a relative virtual address; false if no section has it in the file. */
bool vt_pe_offset(
	const struct vt_exe *exe, uint32_t header_size, uint64_t address, uint64_t *out_offset);

#endif
