/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A builder for tests of the front ends: keeps no image, but writes what it is given as text, one
 * line an entry. Codes are spelt as in: L(6865) M(60/f0) G(2-5) G(0-) A(L(61)|L(62)) !A(...) B(B)
 * for patterns, and 0, &(0 1)=2,1 for logic. A code that breaks rule.h's promises aborts.
 */
#ifndef VT_COMPILE_CLAMAV_FAKE_BUILDER_H
#define VT_COMPILE_CLAMAV_FAKE_BUILDER_H

#include "base/num.h"
#include "compile/builder.h"

struct vt_builder {
	vt_buf log;
	bool quiet; /* only count what is added */
	size_t sets, rules, hashes, containers, ignores, asides;
	uint64_t sum; /* of digests, so that a compiler must make them */
};

/* A line and what the log says of it, without the line's number. */
struct vt_fake_case {
	const char *line, *log;
};

/* The builder after one file; the caller frees it. */
struct vt_builder *vt_fake_compile(const char *name, vt_span text);
/* Aborts, saying how they differ, if the log is not `log`. */
void vt_fake_expect(const struct vt_builder *b, const char *log);
/* Compiles each line on its own as a file `name`. */
void vt_fake_check(const char *name, const struct vt_fake_case *cases, size_t n);

#endif
