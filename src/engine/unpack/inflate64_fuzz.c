/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/unpack_fuzz.h"

#include "engine/unpack/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt_limits limits = vt_limits_default();
	struct vt_budget budget;
	struct vt_output out;
	struct vt_codec codec = {0};
	size_t used = 0;

	limits.object_size = (uint64_t)1 << 20;
	vt_budget_start(&budget, &limits, NULL, NULL);
	vt_output_init(&out, &budget);
	vt_output_start(&out, size);
	if (vt_inflate64(&codec, vt_span_of(data, size), &out, &used) == VT_OK && used > size)
		abort();
	if (out.buf.n > limits.object_size)
		abort();
	vt_output_free(&out);
	vt_codec_free(&codec);
	return 0;
}
