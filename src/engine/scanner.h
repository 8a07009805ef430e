/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner's state, shared by the files of this folder only. */
#ifndef VT_ENGINE_SCANNER_H
#define VT_ENGINE_SCANNER_H

#include "engine/cond/eval.h"
#include "engine/core/object.h"
#include "engine/match/match.h"
#include "engine/unpack/unpack.h"
#include "vitrine/engine.h"

#define VT_MAX_DBS 8

/* Digests of one object, computed when they are first asked for. */
struct vt_digests {
	bool have[VT_HASH_ALGOS];
	uint8_t digest[VT_HASH_ALGOS][32];
};

enum vt_allowed {
	VT_ALLOWED_UNKNOWN,
	VT_ALLOWED_NO,
	VT_ALLOWED_YES,
};

/* An open container on the stack. */
struct vt_frame {
	const struct vt_unpacker *unpacker;
	void *state;
	vt_span bytes; /* of the container */
	vt_type type;
	bool guess;       /* found inside of other data, and no whole member has come out yet */
	size_t path_size; /* of the container's path in the scanner's path buffer */
	struct vt_digests digests;
	enum vt_allowed allowed;
};

struct vt_scanner {
	struct vt_scan_options options;
	size_t ndbs;
	const struct vt_db *dbs[VT_MAX_DBS];
	struct vt_match *matches[VT_MAX_DBS];
	struct vt_eval *evals[VT_MAX_DBS];
	vt_arena arena; /* headers of the object at hand */
	vt_buf storage; /* a source line */
	vt_buf path;    /* of the object at hand */
	struct vt_frame *frames;
	vt_type *parents; /* types of the frames, innermost first */
	unsigned depth;   /* open frames */
	/* the scan at hand */
	struct vt_budget budget;
	struct vt_report *report;
	bool stop; /* a detection was reported and one is enough, or time is up */
	vt_err failure;
};

/* Matches one object against all images; *out_type is what it is. */
void vt_inspect(struct vt_scanner *s, vt_span bytes, struct vt_digests *digests, vt_type *out_type,
	struct vt_object *out);

/* Evaluates container rules (.cdb) for a member of the innermost frame. */
void vt_inspect_member(struct vt_scanner *s, const struct vt_member *m);

/* Adds a gap at the path at hand. */
void vt_scan_gap(struct vt_scanner *s, vt_reason reason);

/* Why an unpacker did not give all, as the report says it; `limit` with VT_ELIMIT. */
vt_reason vt_reason_of(vt_err e, vt_reason limit);

/* The slices of a fat Mach-O file, as a container. */
extern const struct vt_unpacker vt_unpacker_macho_fat;

#endif
