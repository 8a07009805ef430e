/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a plan of what was found and how it is now. Pure: the same in, the same plan out. */
#ifndef VT_REMEDY_PLAN_PLANNER_H
#define VT_REMEDY_PLAN_PLANNER_H

#include "inventory/directive.h"
#include "remedy/plan/targets.h"

/* How things are now, as the prober (remedy/probe.h) saw them. */
struct vt_scene_place {
	struct vt_place place; /* path without links */
	const struct vt_product *product;
	vt_span sha256; /* of a certificate: its fingerprint */
	size_t nfiles;
	struct vt_removal_file *files; /* what is there, folders before what is in them */
};
struct vt_scene_unit {
	vt_span name, finding;
	const struct vt_product *product;
	size_t nfiles; /* what stands where the mask goes: at most one */
	struct vt_removal_file *files;
};
struct vt_scene_thing { /* a module or account */
	vt_span target, finding;
	const struct vt_product *product;
	uint64_t number;
};
struct vt_scene {
	size_t nplaces, nunits, nmodules, naccounts, npackages, nproblems, npersons;
	struct vt_scene_place *places;
	struct vt_scene_unit *units;
	struct vt_scene_thing *modules, *accounts;
	struct vt_removal_package *packages;
	vt_span *problems;         /* why the plan can't be carried out */
	struct vt_target *persons; /* what turned out to be a person's */
	bool initramfs;            /* there is one that may hold copies */
};

struct vt_planning {
	const struct vt_survey *survey;
	const struct vt_directive *directive;
	const struct vt_catalogue *catalogue;
	const enum vt_standing *standings;
	const struct vt_targets *targets;
	const struct vt_scene *scene;
	vt_span id, tool, machine, root;
	int64_t now;
	enum vt_replacement_kind replacement;
	vt_span replacement_name;
	size_t nanswers; /* elements that a person filled in: id and value */
	const struct vt_element *answers;
};

/* Everything lives in `a` or in what `p` points to. VT_ENOMEM. */
VT_MUST_USE vt_err vt_removal_make(
	const struct vt_planning *p, vt_arena *a, struct vt_removal *out);

#endif
