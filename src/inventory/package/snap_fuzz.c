/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory/package/package_fuzz.h"
#include "inventory/package/snap.h"

static vt_err on_snap(void *ctx, const struct vt_snap *s)
{
	(void)ctx;
	fuzz_read(s->name);
	fuzz_read(s->revision);
	fuzz_read(s->channel);
	fuzz_read(s->type);
	return VT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span text = vt_span_of(data, size), name, revision;
	struct vt_package p;

	if (vt_snap_state(text, on_snap, NULL))
		fuzz_sum++;
	if (!vt_snap_yaml(text, &p))
		fuzz_package(&p);
	if (vt_snap_file(text, &name, &revision)) {
		fuzz_read(name);
		fuzz_read(revision);
	}
	return 0;
}
