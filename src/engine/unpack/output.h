/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an unpacker puts a member's bytes: memory that is reused from member to member and that
 * grows only as far as the budget allows.
 */
#ifndef VT_ENGINE_UNPACK_OUTPUT_H
#define VT_ENGINE_UNPACK_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "engine/core/budget.h"

struct vt_output {
	struct vt_budget *budget;
	vt_buf buf;
	uint64_t packed; /* for the ratio check; 0: none */
};

void vt_output_init(struct vt_output *o, struct vt_budget *budget);
void vt_output_free(struct vt_output *o);
/* Begins an empty member that takes up `packed` bytes in its container. */
void vt_output_start(struct vt_output *o, uint64_t packed);
/*
 * Room behind the content to decode into: at least 1 byte, normally far more. It is not content
 * before vt_output_commit() says how much of it was filled.
 */
VT_MUST_USE vt_err vt_output_room(struct vt_output *o, uint8_t **out_p, size_t *out_n);
/* Like vt_output_room() for a known number of bytes: VT_ELIMIT if the budget has less left. */
VT_MUST_USE vt_err vt_output_exact(struct vt_output *o, size_t n, uint8_t **out_p);
/* Spends for n bytes that were put into the room; on VT_ELIMIT, those that the budget allows. */
VT_MUST_USE vt_err vt_output_commit(struct vt_output *o, size_t n);
VT_MUST_USE vt_err vt_output_add(struct vt_output *o, vt_span s);
/*
 * Spends for bytes that stay where they are; *io is cut to what the budget allows if the answer is
 * VT_ELIMIT.
 */
VT_MUST_USE vt_err vt_output_borrow(struct vt_output *o, vt_span *io);

static inline vt_span vt_output_span(const struct vt_output *o)
{
	return vt_buf_span(&o->buf);
}

#endif
