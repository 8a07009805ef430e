/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a removal is about: the parts of findings that a directive covers, before anybody looks how
 * they are now. Pure.
 */
#ifndef VT_REMEDY_PLAN_TARGETS_H
#define VT_REMEDY_PLAN_TARGETS_H

#include "base/arena.h"
#include "inventory/catalogue.h"
#include "inventory/judge.h"
#include "inventory/survey.h"
#include "remedy/plan/plan.h"

enum vt_target_kind {
	VT_TARGET_PACKAGE, /* manager and name */
	VT_TARGET_PATH,    /* one file */
	VT_TARGET_FOLDER,  /* a folder that is the product's */
	VT_TARGET_UNIT,    /* name of a unit */
	VT_TARGET_MODULE,
	VT_TARGET_CERTIFICATE, /* a file, with the fingerprint */
	VT_TARGET_BROWSER,     /* a file or folder of a browser */
	VT_TARGET_ACCOUNT,     /* name of a user or group */
	VT_TARGET_PERSON,      /* text: what a person has to do */
};
struct vt_target {
	enum vt_target_kind kind;
	uint32_t finding; /* index in the survey */
	const struct vt_product *product;
	vt_span value, manager, sha256;
	bool sure; /* seen, and not only what the catalogue says may be there */
};
struct vt_targets {
	size_t n, cap;
	struct vt_target *v;
	enum vt_acting *acting; /* one a finding of the survey */
};

/*
 * `subject`: the system that is acted on (of kind SYSTEM or ROOT). What is elsewhere, embedded, or
 * not certain becomes a person's. Distinct; in the order of findings. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_targets_make(const struct vt_survey *s, const struct vt_catalogue *c,
	const enum vt_standing *standings, uint32_t subject, vt_arena *a, struct vt_targets *out);

#endif
