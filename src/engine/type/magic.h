/* SPDX-License-Identifier: Apache-2.0 */
/* Magic numbers at fixed places: the table of magic.def. */
#ifndef VT_ENGINE_TYPE_MAGIC_H
#define VT_ENGINE_TYPE_MAGIC_H

#include "base/span.h"
#include "engine/core/type.h"

/* The type of the first row that fits; false if none does. */
bool vt_magic_find(vt_span bytes, vt_type *out);

/*
 * Is this the header of an archive, and not just its magic number? Each looks at a handful of
 * fields. `at` is where the magic number starts.
 */
bool vt_magic_is_zip(vt_span bytes, uint64_t at);
bool vt_magic_is_cab(vt_span bytes, uint64_t at);
bool vt_magic_is_arj(vt_span bytes, uint64_t at);
bool vt_magic_is_7z(vt_span bytes, uint64_t at);

#endif
