/* SPDX-License-Identifier: Apache-2.0 */
/* One thing to match: a file, or what was unpacked from it, with the facts that rules ask for. */
#ifndef VT_ENGINE_CORE_OBJECT_H
#define VT_ENGINE_CORE_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "engine/core/exe.h"
#include "engine/core/type.h"

struct vt_object {
	vt_span bytes;
	vt_type type;
	unsigned target; /* vt_type_target(type) */
	bool has_exe;    /* exe is valid */
	struct vt_exe exe;
	/* The types of the containers around it, innermost first. */
	const vt_type *parents;
	unsigned nparents;
};

#endif
