/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps 0 to 9 of an update (docs/formats/update.md), in that order: from files that somebody
 * served to a plan that this machine may carry out. Nothing that comes from a source is believed;
 * what is believed is the owner's policy and what was verified before.
 *
 * A refusal is a result, not an error: errors are this machine's own troubles.
 */
#ifndef VT_UPDATE_VERIFY_H
#define VT_UPDATE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "tlog/tile.h"
#include "update/config.h"
#include "update/plan.h"
#include "update/refusal.h"
#include "update/settings.h"
#include "update/trusted.h"

#define VT_VERIFY_ARENA_MAX ((size_t)64 << 20)
#define VT_VERIFY_WHY_MAX 600

struct vt_verify_source {
	const char *place;
	vt_file_get *get; /* errors as vt_site_get() */
	void *ctx;
	const char *(*why)(void *ctx); /* what went wrong last; may be NULL */
};

struct vt_verify_job {
	const struct vt_update_config *config;
	const struct vt_trusted *trusted;   /* what was known before */
	const struct vt_settings *settings; /* pins; NULL: none */
	vt_span old_plan;                   /* the plan file of before; empty: none */
	int64_t now;
	int store; /* the update folder: chunks go in; -1: none are fetched */
	size_t nsources;
	const struct vt_verify_source *sources;
	vt_arena *arena; /* of the result */
};

/* A source that did not do. */
struct vt_verify_failure {
	const char *place;
	enum vt_refusal refusal;
	char why[VT_VERIFY_WHY_MAX];
};

struct vt_verify_result {
	enum vt_refusal refusal;
	char why[VT_VERIFY_WHY_MAX]; /* holds served bytes only as hashes, numbers and names */
	size_t source;               /* whose head it was */
	size_t nfailures;
	struct vt_verify_failure failures[VT_CONFIG_SOURCES_MAX];
	/* What to trust from now on; true even if it was refused (the head was verified then). */
	bool trusted_changed;
	struct vt_trusted *trusted;
	/* Two heads that can't both be true, with what anyone needs to check that; empty: none. */
	vt_buf evidence;
	const char *evidence_kind; /* "fork", "rollback" */

	/* If nothing was refused: */
	struct vt_plan plan;
	bool plan_changed;      /* from old_plan */
	int64_t newer_waits;    /* a newer state waits for its cool-off until about then; 0: none */
	uint64_t chunks, bytes; /* fetched */
};

/* About 500 KB of results: not for a stack. VT_ENOMEM, VT_EIO of the store; *out is filled in. */
VT_MUST_USE vt_err vt_verify_run(const struct vt_verify_job *job, struct vt_verify_result *out);
void vt_verify_free(struct vt_verify_result *r);

#endif
