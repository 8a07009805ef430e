/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/unpack.h"

#include "engine/unpack/formats.h"

static const struct format {
	const struct vt_unpacker *unpacker;
	bool container;
} formats[VT_TYPE_COUNT] = {
#define VT_FORMAT(id, u) [VT_TYPE_##id] = {.unpacker = &(u), .container = true},
#define VT_CLOSED(id) [VT_TYPE_##id] = {.container = true},
#include "engine/unpack/formats.def"
#undef VT_FORMAT
#undef VT_CLOSED
};

const struct vt_unpacker *vt_unpacker_for(vt_type type)
{
	return (unsigned)type < VT_TYPE_COUNT ? formats[type].unpacker : NULL;
}

bool vt_type_is_container(vt_type type)
{
	return (unsigned)type < VT_TYPE_COUNT && formats[type].container;
}
