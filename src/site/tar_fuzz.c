/* SPDX-License-Identifier: Apache-2.0 */
/* Any block as a header: a path that it gives leads nowhere else, and can be written again. */
#include <stdlib.h>

#include "site/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_buf b = VT_BUF_INIT(VT_TAR_BLOCK);
	struct vt_tar_entry e, again;

	if (vt_tar_header(vt_span_of(data, size), &e) == VT_OK && e.kind == VT_TAR_FILE) {
		if (e.path[0] == '/' || !e.path[0] || strstr(e.path, "//") ||
			strncmp(e.path, "../", 3) == 0 || strstr(e.path, "/../"))
			abort();
		if (vt_tar_write_header(&b, e.path, e.size) == VT_OK &&
			(vt_tar_header(vt_buf_span(&b), &again) ||
				strcmp(e.path, again.path) != 0 || e.size != again.size))
			abort();
	}
	vt_buf_free(&b);
	return 0;
}
