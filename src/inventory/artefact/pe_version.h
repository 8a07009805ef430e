/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PE file says of itself: the strings of its version resource (Microsoft, "VS_VERSIONINFO
 * structure") and where its signatures are (PE and COFF Specification, "The Attribute Certificate
 * Table").
 */
#ifndef VT_INVENTORY_ARTEFACT_PE_VERSION_H
#define VT_INVENTORY_ARTEFACT_PE_VERSION_H

#include <stdbool.h>

#include "inventory/artefact/window.h"

#define VT_PE_TEXT_MAX 1024 /* bytes of one string */

struct vt_pe_names {
	vt_span company, product, original, version; /* UTF-8, in the arena; may be empty */
	bool has_certificates;                       /* the directory names some, there or not */
	uint64_t checksum_at, directory_at, certificates_at, certificates_n;
};

/* VT_EFORMAT: no PE file. What is damaged stays empty. VT_ENOMEM, VT_EIO. */
VT_MUST_USE vt_err vt_pe_names(struct vt_window *w, struct vt_pe_names *out);

#endif
