/* SPDX-License-Identifier: Apache-2.0 */
/* A chunk that a log vouches for, of any bytes: its size is in the first four. */
#include <stdlib.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "publish/chunks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vt_span in = vt_span_of(data, size), packed;
	vt_buf b = VT_BUF_INIT(VT_CHUNK_RAW_MAX);
	struct vt_chunk c = {0};
	vt_err e;

	if (!vt_get_u32le(in, 0, &c.raw) || size > VT_CHUNK_PACKED_MAX)
		return 0;
	/* megabytes of zeros at each try would take the time from what matters */
	c.raw %= (uint32_t)1 << 20;
	packed = vt_span_of(data + 4, size - 4);
	c.packed = (uint32_t)packed.n;
	vt_sha256(packed, c.sha256.b);
	e = vt_chunk_unpack(&c, packed, &b);
	if (b.n != (e ? 0 : c.raw))
		abort();
	for (unsigned i = 0; b.p && i < VT_BUF_SLACK; i++)
		if (b.p[b.n + i])
			abort();
	vt_buf_free(&b);
	return 0;
}
