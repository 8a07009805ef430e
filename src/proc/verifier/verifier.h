/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifying half of an update (docs/adr/0006): a child that gives up sockets, other programs
 * and all files but the update state before it sees the first byte of a source. It asks its parent
 * for files of the log by their paths, and leaves texts behind, which the parent reads as strictly
 * as if a source had sent them.
 */
#ifndef VT_PROC_VERIFIER_VERIFIER_H
#define VT_PROC_VERIFIER_VERIFIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "update/config.h"
#include "update/refusal.h"
#include "update/settings.h"
#include "update/trusted.h"
#include "update/verify.h"

struct vt_verifier_job {
	const struct vt_update_config *config;
	const struct vt_trusted *trusted;
	const struct vt_settings *settings; /* NULL: nobody decided anything */
	vt_span old_plan;
	int64_t now;
	int folder; /* the update folder: the child reads it, and writes into its chunk/ */
	size_t nsources;
	const char *const *places; /* of the sources, for messages */
	/* Files of source `i`; errors as vt_site_get(). Called in this process. */
	vt_err (*get)(void *ctx, size_t source, const char *path, size_t max, vt_buf *out);
	const char *(*why)(void *ctx, size_t source);
	void *ctx;
};

struct vt_verifier_failure {
	size_t source;
	enum vt_refusal refusal;
	char why[VT_VERIFY_WHY_MAX];
};
/* Everything in it is the child's word. */
struct vt_verifier_result {
	enum vt_refusal refusal;
	char why[VT_VERIFY_WHY_MAX];
	size_t source, nfailures;
	struct vt_verifier_failure failures[VT_CONFIG_SOURCES_MAX];
	bool trusted_changed, plan_changed;
	int64_t newer_waits;
	uint64_t chunks, bytes;
	char kind[16];                  /* of the evidence */
	vt_buf trusted, plan, evidence; /* texts; empty: none */
};

/*
 * VT_OK: the child came to a result, be it a refusal. Otherwise out->why says what failed on this
 * machine. vt_verifier_free() in any case.
 */
VT_MUST_USE vt_err vt_verifier_run(
	const struct vt_verifier_job *job, struct vt_verifier_result *out);
void vt_verifier_free(struct vt_verifier_result *r);

/* Is this a path of a file that a log has? Nothing else is asked of a source. */
bool vt_verifier_path_ok(vt_span path);

/* The child: child.c. Never returns. */
_Noreturn void vt_verifier_child(const struct vt_verifier_job *job, int channel, int chunks);

#endif
