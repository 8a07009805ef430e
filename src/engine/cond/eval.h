/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a rule hold for an object? Only asked for rules that the matcher found an anchor of, and
 * those of the "always" lists. Subsignatures are searched for one by one as the logic needs them.
 */
#ifndef VT_ENGINE_COND_EVAL_H
#define VT_ENGINE_COND_EVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/core/budget.h"
#include "engine/core/object.h"
#include "engine/db/db.h"
#include "engine/match/pattern.h"

/* Scratch memory and compiled regular expressions for one image; one a scanner and image. */
struct vt_eval;
VT_MUST_USE vt_err vt_eval_new(const struct vt_db *db, struct vt_eval **out);
void vt_eval_free(struct vt_eval *e);

/*
 * True if the rule's conditions and logic hold, whatever was not looked for; false with
 * steps->exhausted may be wrong. `steps` is what is left for this object; `absent` are the
 * subsignatures that are known to have no hit in it (bit i: number i).
 */
bool vt_eval_rule(struct vt_eval *e, const struct vt_object *o, struct vt_steps *steps,
	const struct vt_image_rule *rule, uint64_t absent);

/* What a container says of one of its members, for .cdb rules. */
struct vt_member_facts {
	vt_type container;
	uint64_t container_size, packed_size, real_size, position; /* VT_SIZE_ANY: not known */
	vt_span name;
	bool encrypted, has_crc;
	uint32_t crc;
};
/* True if the member fits the container rule. */
bool vt_eval_container(struct vt_eval *e, struct vt_steps *steps, const struct vt_member_facts *m,
	const struct vt_image_container *rule);

#endif
