/* SPDX-License-Identifier: Apache-2.0 */
/* From observations to findings, and from findings and coverage to what can be said of a directive.
 */
#ifndef VT_INVENTORY_JUDGE_H
#define VT_INVENTORY_JUDGE_H

#include "inventory/catalogue.h"
#include "inventory/directive.h"
#include "inventory/survey.h"

/*
 * Groups observations by subject, product and place, and weighs them: one sign is a candidate; two
 * of different kinds at different loci, or one decisive one, confirm; what comes from memory can't
 * without one that does not. Replaces s->findings; also sets the subjects' answers. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_judge_findings(struct vt_survey *s, const struct vt_catalogue *c);

enum vt_shown { VT_SHOWN_ABSENT, VT_SHOWN_PRESENT, VT_SHOWN_NOT };
const char *vt_shown_word(enum vt_shown s); /* "absent", "found", "not shown" */

/* Does the area apply to such a subject? Nothing runs in an image; a layer is only files. */
bool vt_area_applies(enum vt_subject_kind k, enum vt_area a);

/* How a directive sees a finding. */
enum vt_standing {
	VT_STANDING_COVERED,
	VT_STANDING_CANDIDATE, /* covered if it were confirmed: keeps "absent" from being shown */
	VT_STANDING_EMBEDDED,  /* embedded code, which this directive does not address */
	VT_STANDING_OTHER,     /* a product that it does not name */
	VT_STANDING_EXCEPTED,  /* an exception in force */
};
const char *vt_standing_word(enum vt_standing s);

/* Why "absent" is not shown. */
struct vt_doubt {
	uint32_t subject;
	enum vt_area area;
	vt_span text; /* "packages: unknown: there is no database of this kind to ask" */
};

struct vt_status {
	enum vt_shown shown;
	size_t nstandings; /* one a finding of the survey */
	enum vt_standing *standings;
	const struct vt_exception **exceptions; /* one a finding; NULL */
	size_t ndoubts;
	struct vt_doubt *doubts;
	size_t nunassessable;
	const struct vt_product **unassessable; /* covered, but not by looking at files */
	vt_span sentence; /* "no X on this machine, within this scope, by these methods, at this
			     time" */
};

/* `on`: the day that exceptions are judged at. Everything lives in `a`. VT_ENOMEM. */
VT_MUST_USE vt_err vt_judge_directive(const struct vt_survey *s, const struct vt_catalogue *c,
	const struct vt_directive *d, vt_day on, vt_arena *a, struct vt_status *out);

#endif
