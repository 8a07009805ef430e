/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New images on trial, in sandboxed workers: they must not fire on this system's own files, must
 * not take long over them, must not crash, and must find their own samples. What the images in use
 * do as well is not held against the new ones.
 */
#ifndef VT_CLI_UPDATE_TRYOUT_H
#define VT_CLI_UPDATE_TRYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct vt_tryout {
	const char *worker; /* the vitrine-worker executable */
	const int *images;  /* on trial */
	size_t nimages;
	const int *in_use; /* may be none */
	size_t nin_use;
	vt_span samples; /* lines "<rule> <base64>": the rule must fire on these bytes */
	/* filled in */
	const char *refusal; /* id of update/refusal.def; NULL: passed */
	char why[512];
	uint64_t files, bytes, nsamples;
};

/* VT_OK with t->refusal set or not; other errors: the trial itself did not work. */
VT_MUST_USE vt_err vt_tryout_run(struct vt_tryout *t);

#endif
