/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/dpkg.h"
#include "inventory/package/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span text = vt_span_of(data, size), path, name, arch;
	vt_arena a = VT_ARENA_INIT((size_t)16 << 20);
	struct vt_package p;
	size_t at = 0, before = 0, n = 0;
	vt_err e;

	while ((e = vt_dpkg_next(text, &at, true, &a, &p)) != VT_END) {
		if (at <= before || at > size || n++ > size)
			abort(); /* each step takes input */
		before = at;
		if (e)
			continue;
		fuzz_package(&p);
		(void)vt_package_installed(vt_span_str("dpkg"), p.status);
		(void)vt_dpkg_unlisted(p.status);
	}
	(void)vt_dpkg_whole(text, true);
	for (at = 0; vt_dpkg_list_next(text, &at, &path);)
		fuzz_read(path);
	if (vt_dpkg_list_name(text, ".list", &name, &arch)) {
		fuzz_read(name);
		fuzz_read(arch);
	}
	vt_arena_free(&a);
	return 0;
}
