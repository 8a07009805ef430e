/* SPDX-License-Identifier: Apache-2.0 */
/* Why an update is refused: the rows of refusal.def. */
#ifndef VT_UPDATE_REFUSAL_H
#define VT_UPDATE_REFUSAL_H

#include "base/span.h"

enum vt_refusal {
	VT_REFUSED_NOT,
#define VT_REFUSAL(NAME, id, step, sentence, remedy) VT_REFUSED_##NAME,
#include "update/refusal.def"
#undef VT_REFUSAL
	VT_REFUSALS
};

struct vt_refusal_row {
	const char *id; /* "" for VT_REFUSED_NOT */
	unsigned step;
	const char *sentence, *remedy;
};
/* Never NULL. */
const struct vt_refusal_row *vt_refusal_of(enum vt_refusal r);
/* VT_REFUSED_NOT for an id that is not in the table. */
enum vt_refusal vt_refusal_find(vt_span id);

/* The steps of an update, 0 to VT_STEPS - 1, in words: "the log's signature". */
#define VT_STEPS 14u
const char *vt_update_step(unsigned step);

#endif
