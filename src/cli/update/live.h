/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generations of the content in use, in <state>/update/sets (docs/formats/update.md):
 *   <generation>/manifest      what it is made of
 *   <generation>/plan          the plan that asked for it
 *   <generation>/base.vtdb     the image of everything, shared by generations (hard link)
 *   <generation>/delta.vtdb    what changed since, if anything
 *   <generation>/crashes       one byte for each worker that crashed on it
 *   live, good                 symbolic links: the one in use, the one before
 *   new/                       being made
 */
#ifndef VT_CLI_UPDATE_LIVE_H
#define VT_CLI_UPDATE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/merkle.h"

#define VT_GENERATION_MAX 32
/* Workers that may crash on a generation before the one before it is put back. */
#define VT_CRASHES_MAX 3

struct vt_live_set {
	vt_span name;
	uint64_t version; /* in force */
	uint64_t base;    /* the version in base.vtdb */
};
struct vt_generation {
	char name[VT_GENERATION_MAX];
	vt_span log; /* its verifier key: versions are of this log and of no other */
	uint64_t state_index, state_version;
	int64_t applied;
	size_t nsets;
	struct vt_live_set *sets; /* by name */
	bool delta;               /* there is a delta.vtdb */
	bool has_content;
	vt_hash content; /* vt_plan_digest() */
	/* Lines that are withdrawn in base.vtdb, by SHA-256: it can't give them back. */
	size_t nwithdrawn;
	vt_hash *withdrawn;
};

/* <state>/update/sets, made if `make`. VT_EIO. */
VT_MUST_USE vt_err vt_live_open(const char *state, bool make, int *out_dir);
/* What `link` ("live" or "good") leads to; VT_END: nothing. Spans and sets live in `a`. */
VT_MUST_USE vt_err vt_live_read(int dir, const char *link, vt_arena *a, struct vt_generation *out);
/* Writes new/manifest for g (g->name is set to the next free name), and makes new/ live. */
VT_MUST_USE vt_err vt_live_switch(int dir, struct vt_generation *g);
/* Puts the generation before back into use; VT_END: there is none. */
VT_MUST_USE vt_err vt_live_back(int dir);
/* The same without putting the other out of use: each becomes what the other was. */
VT_MUST_USE vt_err vt_live_swap(int dir);
/* Empties and makes new/; VT_EIO. */
VT_MUST_USE vt_err vt_live_new(int dir, int *out_new);

/*
 * Opens the images that `link` leads to (at most two); *out_n 0: there is no update state.
 * `name` is the generation's.
 */
VT_MUST_USE vt_err vt_live_images(const char *state, const char *link, int fds[2], size_t *out_n,
	char name[VT_GENERATION_MAX]);
/*
 * A worker crashed on this generation. *out_back: it was one too many, and the generation before
 * is in use again.
 */
VT_MUST_USE vt_err vt_live_crashed(const char *state, const char *name, bool *out_back);
/* The generation that crashes put out of use last; VT_END: none. Never put back by itself. */
VT_MUST_USE vt_err vt_live_bad(int dir, vt_arena *a, struct vt_generation *out);

#endif
