/* SPDX-License-Identifier: Apache-2.0 */
/* Looks how the targets of a removal are now: files with their hashes, units, accounts, owners, and
 * what the package managers would do. Changes nothing. */
#ifndef VT_REMEDY_PROBE_H
#define VT_REMEDY_PROBE_H

#include "remedy/plan/planner.h"

/* Everything lives in `a`. VT_EIO: the root can't be opened; VT_ENOMEM; VT_ELIMIT: too many files.
 */
VT_MUST_USE vt_err vt_probe(const struct vt_targets *t, const struct vt_survey *s, const char *root,
	vt_arena *a, struct vt_scene *out);

/* Private: what the parts of the prober share. */
struct vt_probing {
	const struct vt_targets *t;
	const struct vt_survey *s;
	const char *root_path;
	int root;
	vt_arena *a;
	struct vt_scene *out;
	size_t cap_places, cap_units, cap_problems, cap_persons, cap_things[2], cap_packages;
	size_t nfiles;
};
/* Makes room for one more in an array of the arena. */
VT_MUST_USE vt_err vt_probe_grow(
	struct vt_probing *p, void **v, size_t n, size_t *cap, size_t size);
VT_MUST_USE vt_err vt_probe_problem(struct vt_probing *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
VT_MUST_USE vt_err vt_probe_person(struct vt_probing *p, const struct vt_target *t, const char *fmt,
	...) __attribute__((format(printf, 3, 4)));
/* Adds the place, if something is there; what is in it too if it is a folder. `path` is plain. */
VT_MUST_USE vt_err vt_probe_place(
	struct vt_probing *p, enum vt_place_kind kind, vt_span path, const struct vt_target *t);
/* One file as it is now, in the arena. VT_END: nothing is there. */
VT_MUST_USE vt_err vt_probe_file(struct vt_probing *p, vt_span path, struct vt_removal_file *out);
VT_MUST_USE vt_err vt_probe_units(struct vt_probing *p);
VT_MUST_USE vt_err vt_probe_packages(struct vt_probing *p);
VT_MUST_USE vt_err vt_probe_owners(struct vt_probing *p);
vt_span vt_probe_finding(const struct vt_probing *p, const struct vt_target *t);

#endif
