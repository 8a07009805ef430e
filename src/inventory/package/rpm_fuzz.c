/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/rpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
	struct vt_rpm_files files;
	struct vt_package p;
	vt_span folder, name;
	size_t n = 0;

	if (!vt_rpm_header(vt_span_of(data, size), &a, &p, &files)) {
		fuzz_package(&p);
		while (n++ < 64 && vt_rpm_file_next(&files, &folder, &name)) {
			fuzz_read(folder);
			fuzz_read(name);
		}
	}
	vt_arena_free(&a);
	return 0;
}
