/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is what a plan lists really gone? Asked by other means than those of the inventory and of the
 * remover: package managers are asked one package at a time, the whole root is walked for the
 * listed paths and for copies with the listed content, systemd is asked for units, /proc for what
 * runs or is mapped, bundles for fingerprints.
 */
#ifndef VT_REMEDY_VERIFY_H
#define VT_REMEDY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "remedy/plan/plan.h"

enum vt_check_answer {
	VT_CHECK_GONE,
	VT_CHECK_THERE,
	VT_CHECK_UNKNOWN,
	VT_CHECK_PERSON, /* a person's step: nothing here can tell */
	VT_CHECK_SAID,   /* a person's step, and a person says that it was done */
	VT_CHECK_ANSWERS
};
const char *vt_check_word(enum vt_check_answer a);

/* Valid during the call. */
struct vt_check {
	enum vt_check_answer answer;
	const char *method; /* static: "dpkg-query", "walk", ... */
	vt_span what;
	const char *why;
};
struct vt_verified {
	size_t n, by_answer[VT_CHECK_ANSWERS];
	uint64_t files, hashed, unreadable; /* of the walk */
};
/* A person's word that a step was done. */
struct vt_said {
	size_t step;     /* from 1, as the plan shows them */
	const char *who; /* name and how */
};
typedef void vt_check_fn(void *ctx, const struct vt_check *c);

/*
 * `deep`: walk the whole root for copies too, not only the plan's places. `fn` gets each check.
 * VT_EIO, VT_ENOMEM: it could not be done at all.
 */
VT_MUST_USE vt_err vt_verify_removal(const struct vt_removal *p, const char *root, bool deep,
	const struct vt_said *said, size_t nsaid, vt_check_fn *fn, void *ctx,
	struct vt_verified *out);

/* Private: the parts. */
struct vt_verifying {
	const struct vt_removal *plan;
	const char *root;
	bool live, deep;
	const struct vt_said *said;
	size_t nsaid;
	vt_check_fn *fn;
	void *ctx;
	struct vt_verified *v;
};
void vt_verify_say(struct vt_verifying *v, enum vt_check_answer a, const char *method, vt_span what,
	const char *why);
VT_MUST_USE vt_err vt_verify_files(struct vt_verifying *v);
void vt_verify_certificates(struct vt_verifying *v);

#endif
