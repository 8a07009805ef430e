/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VT_REMEDY_PLAN_ELEMENTS_H
#define VT_REMEDY_PLAN_ELEMENTS_H

#include "remedy/plan/planner.h"

/* Sets out->elements from the directive's template, what is known, and what a person said; needs
 * the findings and steps of `out`. VT_ENOMEM. */
VT_MUST_USE vt_err vt_elements_make(
	const struct vt_planning *p, vt_arena *a, struct vt_removal *out);

#endif
