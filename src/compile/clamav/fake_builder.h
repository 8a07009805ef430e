/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A builder for tests of the front ends: keeps no image, but writes what it is given as text, one
 * line an entry. Codes are spelt as in: L(6865) M(60/f0) G(2-5) G(0-) A(L(61)|L(62)) !A(...) B(B)
 * for patterns, and 0, &(0 1)=2,1 for logic.
 */
#ifndef VT_COMPILE_CLAMAV_FAKE_BUILDER_H
#define VT_COMPILE_CLAMAV_FAKE_BUILDER_H

#include "compile/builder.h"

struct vt_builder {
	vt_buf log;
	bool quiet; /* count only */
	size_t sets, rules, hashes, containers, ignores, asides;
	uint64_t sum; /* of digests, so that a compiler must make them */
};

#endif
