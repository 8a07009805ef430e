/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ELF file calls itself: DT_SONAME and the GNU build id (System V ABI, "Dynamic Section"
 * and "Note Section"; NT_GNU_BUILD_ID). By the program headers, which stay when sections are
 * stripped; by the sections in relocatable files, such as kernel modules.
 */
#ifndef VT_INVENTORY_ARTEFACT_ELF_NOTE_H
#define VT_INVENTORY_ARTEFACT_ELF_NOTE_H

#include "inventory/artefact/window.h"

#define VT_BUILD_ID_MAX 64 /* bytes; those of linkers have 16 or 20 */

struct vt_elf_names {
	vt_span soname;   /* in the arena; may be empty, as all of these */
	vt_span build_id; /* bytes */
	vt_span module;   /* of a kernel module's .modinfo: "name=..." */
};

/* VT_EFORMAT: no ELF file. What is damaged stays empty. VT_ENOMEM, VT_EIO. */
VT_MUST_USE vt_err vt_elf_names(struct vt_window *w, struct vt_elf_names *out);

#endif
