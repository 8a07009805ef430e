/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One subject under the collectors: what collect.h declares for them, towards the supervisor. An
 * error of the channel is kept and ends the run; collectors need not look at it.
 */
#ifndef VT_PROC_COLLECTOR_RUN_H
#define VT_PROC_COLLECTOR_RUN_H

#include "collect/collect.h"
#include "inventory/catalogue.h"
#include "inventory/survey.h"
#include "ipc/collect.h"

struct vt_collect {
	/* for the whole process */
	int channel;
	const struct vt_wire_collect *job;
	const struct vt_catalogue *catalogue;
	uint32_t *hits; /* of each rule, in this subject */
	vt_buf message, raw;
	vt_err failed;
	uint64_t last_sent; /* ms */
	uint64_t entries;   /* met on walks, for progress */
	/* of the subject */
	struct vt_tree *tree;
	enum vt_subject_kind kind;
	enum vt_platform platform;
	struct vt_coverage coverage[VT_AREAS];
	uint32_t asked; /* bits of areas */
	bool hidden;
	vt_arena arena;
};

VT_MUST_USE vt_err vt_run_init(struct vt_collect *c, int channel, const struct vt_wire_collect *job,
	const struct vt_catalogue *catalogue);
void vt_run_free(struct vt_collect *c);
/*
 * SUBJECT, all that the collectors find in the tree, COVERAGE. `why_not`: the tree is NULL and all
 * areas are missed for that reason.
 */
VT_MUST_USE vt_err vt_run_subject(struct vt_collect *c, struct vt_subject *subject,
	struct vt_tree *tree, enum vt_miss why_not);

#endif
