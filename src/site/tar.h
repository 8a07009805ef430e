/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles: POSIX ustar archives (IEEE 1003.1, pax, "ustar Interchange Format") of plain files and
 * folders, and nothing else: no links, devices, long-name or pax records. Pure.
 */
#ifndef VT_SITE_TAR_H
#define VT_SITE_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_TAR_BLOCK 512u
#define VT_TAR_PATH_MAX 256
#define VT_TAR_FILE_MAX ((uint64_t)1 << 33) /* eleven octal digits */

enum vt_tar_kind { VT_TAR_FILE, VT_TAR_FOLDER, VT_TAR_END };

struct vt_tar_entry {
	enum vt_tar_kind kind;
	uint64_t size;
	char path[VT_TAR_PATH_MAX + 1]; /* without "./" in front and "/" behind; "" is the root */
};

/*
 * Reads one header block. VT_TAR_END for a block of zeros. VT_EFORMAT; VT_EUNSUPPORTED for what the
 * above leaves out.
 */
VT_MUST_USE vt_err vt_tar_header(vt_span block, struct vt_tar_entry *out);
/* Bytes of the content with its padding. */
uint64_t vt_tar_padded(uint64_t size);
/* Appends a header: mode 0644, no owner, time 0, so that equal folders give equal bundles. VT_EARG.
 */
VT_MUST_USE vt_err vt_tar_write_header(vt_buf *b, const char *path, uint64_t size);

#endif
