/* SPDX-License-Identifier: Apache-2.0 */
/* Reading logic code (engine/core/rule.h), node by node. */
#ifndef VT_ENGINE_CORE_LOGIC_H
#define VT_ENGINE_CORE_LOGIC_H

#include "engine/core/rule.h"

struct vt_logic_node {
	uint8_t op, compare; /* enum vt_logic_op, enum vt_compare, or any byte */
	uint32_t x, y;
	vt_span body; /* SUB: one byte; AND, OR: nodes */
};

/* The next node; false at the end or if the code is malformed (r->bad). */
static inline bool vt_logic_next(vt_reader *r, struct vt_logic_node *out)
{
	if (vt_reader_left(r) == 0)
		return false;
	out->op = vt_read_u8(r);
	out->compare = vt_read_u8(r);
	out->x = vt_read_u32le(r);
	out->y = vt_read_u32le(r);
	out->body = vt_read_span(r, vt_read_u16le(r));
	return !r->bad;
}

#endif
