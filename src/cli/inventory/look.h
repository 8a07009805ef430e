/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a survey: what is looked at, by collectors and the scanner, and what follows from it. */
#ifndef VT_CLI_INVENTORY_LOOK_H
#define VT_CLI_INVENTORY_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/options.h"
#include "inventory/catalogue.h"
#include "inventory/survey.h"

struct vt_inventory_job {
	const char *command; /* starts each message */
	const char *line;    /* how it was asked for, for the record */
	/* What to look at; nothing: this system. */
	struct vt_strings roots, images, disks;
	uint32_t areas; /* bits */
	bool cross, content, progress;
	struct vt_strings excludes;
	uint64_t max_file;
	unsigned workers;
	const char *spool; /* folder for temporary files; NULL: memory */
	/* the catalogue, and the documents that it came from */
	const struct vt_catalogue *catalogue;
	vt_span position;
	const int *documents;
	size_t ndocuments;
};

/*
 * VT_OK: *out is complete and judged. Otherwise messages were printed; *out is set if there is
 * something all the same (VT_EPEER, VT_EAGAIN: stopped), with broken areas. Free with
 * vt_survey_free().
 */
VT_MUST_USE vt_err vt_inventory_run(const struct vt_inventory_job *job, struct vt_survey **out);

#endif
