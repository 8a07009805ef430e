/* SPDX-License-Identifier: Apache-2.0 */
/* An image made in memory from signature text, for tests of the whole engine. */
#ifndef VT_TESTS_ENGINE_FIXTURE_H
#define VT_TESTS_ENGINE_FIXTURE_H

#include "base/buf.h"
#include "vitrine/engine.h"

struct set {
	const char *name, *text;
};

/* The image's bytes, aligned as a mapping is; abort() on any error. free() when done. */
uint8_t *make_image(const struct set *sets, size_t n, size_t *out_size);

/* Rules that use each part of the engine. */
extern const struct set every_kind[];
extern const size_t every_kind_count;

#endif
