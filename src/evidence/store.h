/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evidence file: every run's survey in one SQLite database (docs/formats/evidence.md), so that
 * a finding can be explained, and a proof repeated, long after the run. Runs are only added.
 */
#ifndef VT_EVIDENCE_STORE_H
#define VT_EVIDENCE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "inventory/survey.h"

#define VT_EVIDENCE_FILE "inventory/evidence.db" /* below the state folder */
#define VT_EVIDENCE_WHY_MAX 256
#define VT_SURVEY_MEMORY ((size_t)4 << 30)

/*
 * Adds the survey as a run; the file and its folder are made if need be (mode 0600). All or
 * nothing. VT_EIO, VT_EFORMAT (the file is no evidence file), VT_EVERSION, with `why`.
 */
VT_MUST_USE vt_err vt_evidence_save(
	const char *path, const struct vt_survey *s, char why[VT_EVIDENCE_WHY_MAX]);
/*
 * A run by its id or the beginning of it; NULL: the latest. VT_END: there is none of that id (or it
 * is ambiguous). Free with vt_survey_free().
 */
VT_MUST_USE vt_err vt_evidence_load(
	const char *path, const char *run, struct vt_survey **out, char why[VT_EVIDENCE_WHY_MAX]);

struct vt_evidence_run {
	char id[33];
	int64_t started, ended;
	uint64_t subjects, observations, findings;
	char host[256], command[1024];
};
/* Each run, the latest first. */
typedef void vt_evidence_run_fn(void *ctx, const struct vt_evidence_run *r);
VT_MUST_USE vt_err vt_evidence_runs(
	const char *path, vt_evidence_run_fn *fn, void *ctx, char why[VT_EVIDENCE_WHY_MAX]);

#endif
