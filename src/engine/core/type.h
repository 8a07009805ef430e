/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is: see types.def for the list, its names and its signature targets. */
#ifndef VT_ENGINE_CORE_TYPE_H
#define VT_ENGINE_CORE_TYPE_H

#include "base/span.h"

typedef enum vt_type {
#define VT_TYPE(id, clam, target, name) VT_TYPE_##id,
#include "engine/core/types.def"
#undef VT_TYPE
	VT_TYPE_COUNT
} vt_type;

/* Signature targets are 0 (any) to 14. */
#define VT_TARGETS 15

/* Our short name ("zip"); static storage; "data" for a value out of range. */
const char *vt_type_name(vt_type t);
/* ClamAV's name ("CL_TYPE_ZIP"), or "" where it has none. */
const char *vt_type_clam_name(vt_type t);
/* The signature target of objects of this type, 0..14. */
unsigned vt_type_target(vt_type t);
/* The type that ClamAV calls by this name; false if there is none. */
bool vt_type_from_clam_name(vt_span name, vt_type *out);

/*
 * True if rules for objects of type `as` are for those of type `t` too: the same type, or an Office
 * document in a zip archive asked for as a zip archive, which ClamAV reads as both.
 */
bool vt_type_is(vt_type t, vt_type as);

#endif
