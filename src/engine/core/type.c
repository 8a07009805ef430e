/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/type.h"

#include "base/num.h"

static const struct {
	const char *clam, *name;
	unsigned target;
} table[] = {
#define VT_TYPE(id, clam_, target_, name_) {.clam = (clam_), .name = (name_), .target = (target_)},
#include "engine/core/types.def"
#undef VT_TYPE
};

const char *vt_type_name(vt_type t)
{
	return (size_t)t < VT_COUNT(table) ? table[t].name : table[VT_TYPE_UNKNOWN].name;
}

const char *vt_type_clam_name(vt_type t)
{
	return (size_t)t < VT_COUNT(table) ? table[t].clam : "";
}

unsigned vt_type_target(vt_type t)
{
	return (size_t)t < VT_COUNT(table) ? table[t].target : 0;
}

bool vt_type_from_clam_name(vt_span name, vt_type *out)
{
	if (name.n == 0)
		return false;
	for (size_t i = 0; i < VT_COUNT(table); i++) {
		if (vt_span_eq(name, vt_span_str(table[i].clam))) {
			*out = (vt_type)i;
			return true;
		}
	}
	return false;
}

bool vt_type_is(vt_type t, vt_type as)
{
	return t == as || (as == VT_TYPE_ZIP && t >= VT_TYPE_OOXML_WORD && t <= VT_TYPE_OOXML_HWP);
}
