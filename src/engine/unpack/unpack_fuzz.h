/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of unpackers share: a walk over all members that reads all they give. */
#ifndef VT_ENGINE_UNPACK_UNPACK_FUZZ_H
#define VT_ENGINE_UNPACK_UNPACK_FUZZ_H

#include <stdlib.h>

#include "engine/unpack/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline uint8_t sum_of(vt_span s)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < s.n; i++)
		sum = (uint8_t)(sum + s.p[i]);
	return sum;
}

static inline void fuzz_walk(vt_type type, const uint8_t *data, size_t size)
{
	struct vt_limits limits = vt_limits_default();
	const struct vt_unpacker *u = vt_unpacker_for(type);
	struct vt_budget budget;
	struct vt_member m;
	volatile uint8_t sink = 0;
	void *state;
	vt_err e;

	limits.object_size = (uint64_t)1 << 20;
	limits.total_bytes = (uint64_t)2 << 20;
	limits.objects = 1000;
	vt_budget_start(&budget, &limits, NULL, NULL);
	if (!u || u->open(vt_span_of(data, size), type, &budget, &state) != VT_OK)
		return;
	do {
		e = vt_budget_object(&budget);
		if (!e)
			e = u->next(state, &m);
		if (e)
			break;
		if (m.bytes.n > limits.object_size || m.name.n > VT_MEMBER_NAME_MAX)
			abort();
		sink = (uint8_t)(sink + sum_of(m.name) + sum_of(m.bytes));
	} while (true);
	(void)sink;
	u->close(state);
}

#endif
