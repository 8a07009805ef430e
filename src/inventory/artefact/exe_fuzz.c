/* SPDX-License-Identifier: Apache-2.0 */
/* Headers, resources and signatures of executables, through windows. */
#include <stdlib.h>

#include "crypto/signed.h"
#include "inventory/artefact/elf_note.h"
#include "inventory/artefact/macho_sign.h"
#include "inventory/artefact/pe_version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vt_err read_input(void *ctx, uint64_t at, void *p, size_t n, size_t *out_n)
{
	vt_span s = vt_span_clip(*(const vt_span *)ctx, at, n);

	if (s.n)
		memcpy(p, s.p, s.n);
	*out_n = s.n;
	return VT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena arena = VT_ARENA_INIT(32u << 20);
	vt_span all = vt_span_of(data, size);
	struct vt_window w = {
		.read = read_input, .ctx = &all, .size = size, .budget = 1u << 22, .arena = &arena};
	struct vt_macho_part parts[VT_MACHO_PARTS_MAX];
	struct vt_macho_names macho;
	struct vt_macho_pages pages;
	struct vt_elf_names elf;
	struct vt_pe_names pe;
	struct vt_signed s;
	size_t n = 0;
	vt_span der;

	if (vt_elf_names(&w, &elf) == VT_OK && elf.build_id.n > VT_BUILD_ID_MAX)
		abort();
	if (vt_pe_names(&w, &pe) == VT_OK && pe.certificates_n < 65536 &&
		vt_span_sub(all, pe.certificates_at + 8, pe.certificates_n, &der))
		(void)!vt_signed_read(der, vt_span_of(NULL, 0), &arena, &s);
	if (vt_macho_parts(&w, parts, &n) == VT_OK)
		for (size_t i = 0; i < n; i++)
			if (vt_macho_names(&w, &parts[i], &macho) == VT_OK && macho.signature.n) {
				(void)!vt_signed_read(macho.signature, macho.directory, &arena, &s);
				if (vt_macho_pages(macho.directory, &pages) &&
					(!pages.page || !pages.digest_n))
					abort();
			}
	(void)!vt_signed_read(all, vt_span_of(NULL, 0), &arena, &s);
	vt_arena_free(&arena);
	return 0;
}
