/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an initramfs: the same entries whether it comes whole or in small pieces. */
#include <stdlib.h>

#include "inventory/artefact/cpio.h"
#include "inventory/artefact/uki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_entry(void *ctx, const struct vt_cpio_entry *entry)
{
	uint64_t *sum = ctx;

	*sum = *sum * 31 + entry->size + entry->mode;
	for (size_t i = 0; i < entry->name.n; i++)
		*sum = *sum * 31 + entry->name.p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole = 0, pieces = 0;
	static struct vt_cpio c, d; /* large */
	size_t used, used_pieces = 0;
	vt_err e, f = VT_OK;
	vt_span section;

	c = (struct vt_cpio){.fn = on_entry, .ctx = &whole};
	d = (struct vt_cpio){.fn = on_entry, .ctx = &pieces};
	e = vt_cpio_feed(&c, vt_span_of(data, size), &used);
	while (!f && used_pieces < size) {
		size_t n = size - used_pieces < 7 ? size - used_pieces : 7, got;

		f = vt_cpio_feed(&d, vt_span_of(data + used_pieces, n), &got);
		used_pieces += got;
	}
	if (e != f || whole != pieces || used != used_pieces ||
		vt_cpio_whole(&c) != vt_cpio_whole(&d))
		abort();
	if (vt_uki_section(vt_span_of(data, size), ".initrd", &section) == VT_OK && section.n)
		pieces += (uint64_t)section.p[0] + section.p[section.n - 1];
	return 0;
}
