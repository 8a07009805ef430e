/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/apk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span text = vt_span_of(data, size), folder, name;
	struct vt_package p;
	size_t at = 0, before = 0;
	vt_err e;

	for (struct vt_apk_files f; (e = vt_apk_next(text, &at, &p, &folder)) != VT_END;) {
		if (at <= before || at > size)
			abort();
		before = at;
		if (e)
			continue;
		fuzz_package(&p);
		f = (struct vt_apk_files){.text = folder};
		while (vt_apk_file_next(&f, &folder, &name)) {
			fuzz_read(folder);
			fuzz_read(name);
		}
	}
	return 0;
}
