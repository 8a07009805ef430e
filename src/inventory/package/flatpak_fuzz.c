/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/flatpak.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span text = vt_span_of(data, size), origin, version, license;
	struct vt_flatpak_place at;
	struct vt_package p;

	if (!vt_flatpak_metadata(text, &p))
		fuzz_package(&p);
	if (!vt_flatpak_deploy(text, &origin, &version, &license)) {
		fuzz_read(origin);
		fuzz_read(version);
		fuzz_read(license);
	}
	if (vt_flatpak_place(text, &at)) {
		fuzz_read(at.folder);
		fuzz_read(at.id);
		fuzz_read(at.branch_folder);
	}
	return 0;
}
