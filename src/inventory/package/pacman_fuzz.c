/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/pacman.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span text = vt_span_of(data, size), path;
	struct vt_package p;
	size_t at = 0;

	if (!vt_pacman_desc(text, &p))
		fuzz_package(&p);
	while (vt_pacman_file_next(text, &at, &path))
		fuzz_read(path);
	return 0;
}
