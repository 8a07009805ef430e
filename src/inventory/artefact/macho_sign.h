/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code signatures of Mach-O files: the code directory's identifier and team, and the CMS signature
 * over it (Apple, <mach-o/loader.h> and cs_blobs.h of XNU).
 */
#ifndef VT_INVENTORY_ARTEFACT_MACHO_SIGN_H
#define VT_INVENTORY_ARTEFACT_MACHO_SIGN_H

#include <stdbool.h>

#include "crypto/signed.h"
#include "inventory/artefact/window.h"

#define VT_MACHO_PARTS_MAX 32

struct vt_macho_part {
	uint64_t at, size;
	uint32_t cpu; /* cputype */
};
/* The parts of a fat file, or the whole of a thin one. VT_EFORMAT: neither. */
VT_MUST_USE vt_err vt_macho_parts(
	struct vt_window *w, struct vt_macho_part out[VT_MACHO_PARTS_MAX], size_t *out_n);
/* "x86_64", "arm64", ...; "cpu" for others. */
const char *vt_macho_cpu(uint32_t cpu);

struct vt_macho_names {
	vt_span identifier, team; /* in the arena; may be empty */
	vt_span directory;        /* the code directory; empty: not signed */
	vt_span signature;        /* CMS over it; empty: ad hoc */
};
/* VT_EFORMAT: no Mach-O there. What is damaged stays empty. VT_ENOMEM, VT_EIO. */
VT_MUST_USE vt_err vt_macho_names(
	struct vt_window *w, const struct vt_macho_part *part, struct vt_macho_names *out);

/* The digests of the pages of code that a directory has. */
struct vt_macho_pages {
	enum vt_digest_kind kind;
	size_t digest_n;      /* bytes of each; may be fewer than the kind has */
	vt_span digests;      /* of all pages, one behind the other */
	uint64_t page, limit; /* bytes of a page, and of all code */
};
/* False if it is damaged, or of a kind that is not known. */
VT_MUST_USE bool vt_macho_pages(vt_span directory, struct vt_macho_pages *out);

#endif
