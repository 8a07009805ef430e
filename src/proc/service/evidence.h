/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log signed and should not have, kept for people: two heads of one size with different
 * roots (a fork: proof by itself), or a head for which no proof of consistency was to be had
 * (suspect: perhaps only a client that errs). A bounded number of files a log, in the folder
 * evidence/<hex SHA-256 of the origin>/.
 */
#ifndef VT_PROC_SERVICE_EVIDENCE_H
#define VT_PROC_SERVICE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define VT_EVIDENCE_FORKS_MAX 64
#define VT_EVIDENCE_SUSPECTS_MAX 16

/* How many of a log are kept; starts as {-1, -1}, which is "not counted yet". */
struct vt_evidence_count {
	int forks, suspects;
};

struct vt_evidence {
	bool fork;
	uint64_t time;
	vt_span origin;
	vt_span known;   /* the checkpoint that this service holds, with its signatures */
	vt_span request; /* as it came */
};
/*
 * Keeps it, unless there is enough or it is kept already. Files are named by the request's SHA-256.
 * *out_kept: a new file. VT_EIO, VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_evidence_keep(
	int dir, struct vt_evidence_count *count, const struct vt_evidence *e, bool *out_kept);
/* Files in the folder of an origin, by kind. Zeros if there is none. */
void vt_evidence_tally(int dir, vt_span origin, struct vt_evidence_count *out);

#endif
