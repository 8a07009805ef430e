/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of an update that knows nothing of networks and logs: from a verified plan to the set
 * that scans use. Content becomes database images in the sandboxed compiler, a sandboxed worker
 * tries them on this system's own files and on the content's own samples, and only then they are
 * switched to (live.h). Whatever fails, the set in use stays.
 */
#ifndef VT_CLI_UPDATE_APPLY_H
#define VT_CLI_UPDATE_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "update/plan.h"

struct vt_apply_job {
	const char *command; /* starts each message */
	const char *state;   /* the state folder; chunks are in update/chunk/ of it */
	const struct vt_plan *plan;
	vt_span log; /* the verifier key of the log that it is from */
	bool merge;  /* compile everything into one image, even if a small one would do */
	bool quiet;
};

enum vt_apply_outcome {
	VT_APPLY_DONE,    /* scans use it from now on */
	VT_APPLY_SAME,    /* it was in use already */
	VT_APPLY_REFUSED, /* it could be harmful: `refusal` and `why` say how */
	VT_APPLY_FAILED,  /* this machine could not: `why` */
};

/* Steps of docs/formats/update.md that are carried out here. */
#define VT_STEP_TRYOUT 11u
#define VT_STEP_SWITCH 12u

struct vt_apply_result {
	enum vt_apply_outcome outcome;
	unsigned step;
	const char
		*refusal; /* an id of update/refusal.def: "tryout-goodware"; NULL unless refused */
	char why[512];    /* a sentence; may hold names from the content, made safe */
	char generation[32];             /* name of what is live now; empty if nothing is */
	uint64_t lines_more, lines_less; /* of the small image; 0 if everything was compiled */
	double seconds_compile, seconds_tryout;
};

/* *out is always filled in. Messages go to standard error unless quiet. */
void vt_update_apply(const struct vt_apply_job *job, struct vt_apply_result *out);

#endif
