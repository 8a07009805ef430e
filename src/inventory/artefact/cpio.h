/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names in an initramfs: cpio archives of the "newc" form, one after the other with zeros in
 * between (the kernel's early-userspace/buffer-format document). Fed piece by piece, so that the
 * decompressed whole is never in memory.
 */
#ifndef VT_INVENTORY_ARTEFACT_CPIO_H
#define VT_INVENTORY_ARTEFACT_CPIO_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

#define VT_CPIO_NAME_MAX 4096

struct vt_cpio_entry {
	vt_span name; /* as written: "usr/bin/sh", "./init" */
	uint32_t mode;
	uint64_t size;
};
/* An entry; the content is not looked at. */
typedef void vt_cpio_fn(void *ctx, const struct vt_cpio_entry *entry);

struct vt_cpio {
	vt_cpio_fn *fn;
	void *ctx;
	/* private */
	int state;
	size_t have, name_n;
	uint64_t skip, entries, archives;
	uint32_t mode;
	uint64_t size, at;
	uint8_t head[110];
	uint8_t name[VT_CPIO_NAME_MAX];
};

/* Reads the next bytes, up to the end of an archive: *out_used of them. VT_END: an archive ended
 * there and other bytes than zeros or another archive follow (a compressed one); VT_EFORMAT. */
VT_MUST_USE vt_err vt_cpio_feed(struct vt_cpio *c, vt_span bytes, size_t *out_used);
/* True if what was fed is whole archives. */
bool vt_cpio_whole(const struct vt_cpio *c);

#endif
