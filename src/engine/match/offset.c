/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets of signatures, resolved for one object (ClamAV manual, "Body-based signatures"). */
#include "engine/match/match.h"

#include "base/num.h"

static bool before(uint64_t base, uint64_t distance, uint64_t *out)
{
	*out = base - distance;
	return distance <= base;
}

/* base + value, if that is not before the object; a start past its end matches nothing later. */
static bool at(uint64_t base, int64_t value, uint64_t *out)
{
	return value < 0 ? before(base, -(uint64_t)value, out)
			 : vt_add_u64(base, (uint64_t)value, out);
}

static bool section_base(const struct vt_object *o, unsigned i, uint64_t *out)
{
	if (!o->has_exe || i >= o->exe.nsections)
		return false;
	*out = o->exe.sections[i].offset;
	return true;
}

static bool range_start(const struct vt_object *o, const struct vt_image_sub *sub, uint64_t *lo)
{
	uint64_t base;

	switch (sub->offset_kind) {
	case VT_OFF_ABS: return at(0, sub->offset_value, lo);
	case VT_OFF_EOF: return before(o->bytes.n, (uint64_t)sub->offset_value, lo);
	case VT_OFF_EP:
		return o->has_exe && o->exe.has_entry && at(o->exe.entry, sub->offset_value, lo);
	case VT_OFF_SECTION:
		return section_base(o, sub->section, &base) && at(base, sub->offset_value, lo);
	case VT_OFF_SECTION_LAST:
		return o->has_exe && o->exe.nsections &&
			section_base(o, o->exe.nsections - 1, &base) &&
			at(base, sub->offset_value, lo);
	default: return false;
	}
}

bool vt_offset_range(
	const struct vt_object *o, const struct vt_image_sub *sub, uint64_t *lo, uint64_t *hi)
{
	uint64_t start, end;

	if (sub->offset_kind == VT_OFF_ANY || sub->offset_kind == VT_OFF_VERSION ||
		sub->offset_kind == VT_OFF_MACRO) {
		*lo = 0;
		*hi = o->bytes.n;
		return true;
	}
	if (sub->offset_kind == VT_OFF_SECTION_END) {
		if (!section_base(o, sub->section, &start))
			return false;
		end = o->exe.sections[sub->section].size;
	} else {
		if (!range_start(o, sub, &start))
			return false;
		end = 0;
	}
	if (!vt_add_u64(start, end, &end) || !vt_add_u64(end, sub->shift, &end))
		return false;
	*lo = start;
	*hi = end;
	return start <= o->bytes.n;
}

bool vt_offset_allows(const struct vt_object *o, const struct vt_image_sub *sub, uint64_t start)
{
	uint64_t lo, hi;

	if (sub->offset_kind == VT_OFF_ANY)
		return true;
	if (sub->offset_kind == VT_OFF_VERSION) {
		for (unsigned i = 0; o->has_exe && i < o->exe.nversions; i++) {
			const struct vt_exe_range *v = &o->exe.versions[i];

			if (start >= v->offset && start - v->offset < v->size)
				return true;
		}
		return false;
	}
	return vt_offset_range(o, sub, &lo, &hi) && start >= lo && start <= hi;
}
