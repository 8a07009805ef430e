/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a sandboxed collector and the scanner's workers over one system, root, image or disk, and
 * takes what they say into a survey. The collector is hostile: whatever it says, only the survey
 * can be wrong.
 */
#ifndef VT_PROC_SUPERVISOR_COLLECT_H
#define VT_PROC_SUPERVISOR_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "inventory/catalogue.h"
#include "inventory/survey.h"
#include "ipc/collect.h"
#include "proc/supervisor/pool.h"

struct vt_collect_request {
	const char *collector_path; /* the vitrine-collector executable */
	struct vt_wire_collect job; /* ncatalogues and spool are set by the run */
	int subject;                /* open; stays the caller's */
	int spool;                  /* a folder for unnamed files; -1: memory */
	const int *catalogues;      /* open files of documents; stay the caller's */
	size_t ncatalogues;
	const struct vt_catalogue *catalogue; /* the same documents as one */
	/* The scanner for content rules; no image: no FILE is asked for. */
	struct vt_pool_config scan;
	/* Index of the subject that is gone on with (VT_COLLECT_PROCESSES); UINT32_MAX: new ones.
	 */
	uint32_t into;
	uint64_t silence_ms; /* a collector that is silent for so long is ended; 0: 15 minutes */
	/* Called now and then: entries met, files scanned. May be NULL. False: stop. */
	bool (*progress)(void *ctx, uint64_t entries, uint64_t scanned);
	void *ctx;
};

/*
 * VT_OK: the survey has it all. Otherwise it has what came until then, all areas of the run's
 * subjects are broken, and `why` says what happened: VT_EPEER (the collector crashed, hung or spoke
 * badly), VT_EAGAIN (stopped), VT_ELIMIT (it said more than there is room for), or the collector's
 * own error. `why` may be the collector's words: hostile, like all that it says.
 */
VT_MUST_USE vt_err vt_collect_run(const struct vt_collect_request *request, struct vt_survey *s,
	char why[VT_COLLECT_WHY_MAX]);

#endif
