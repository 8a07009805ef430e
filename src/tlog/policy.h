/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose word on a checkpoint is enough: the policy file of c2sp.org/tlog-policy (log, witness,
 * group, quorum). Mirrors are witnesses in its syntax: cosigners that also keep the contents.
 */
#ifndef VT_TLOG_POLICY_H
#define VT_TLOG_POLICY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/checkpoint.h"
#include "tlog/key.h"

#define VT_POLICY_LOGS_MAX 32
#define VT_POLICY_NAMES_MAX 128 /* witnesses and groups */
#define VT_POLICY_NONE (~0u)

/* Spans point into the file's bytes, which must outlive it. */
struct vt_policy_log {
	struct vt_key key;
	vt_span url; /* empty: none */
};
struct vt_policy_name {
	vt_span name;
	bool group;
	/* a witness */
	struct vt_key key;
	vt_span url;
	/* a group: `threshold` of `nmembers`, each an index into names[] */
	unsigned threshold, nmembers;
	unsigned members[VT_POLICY_NAMES_MAX];
};
struct vt_policy {
	size_t nlogs, nnames;
	struct vt_policy_log logs[VT_POLICY_LOGS_MAX];
	struct vt_policy_name names[VT_POLICY_NAMES_MAX];
	unsigned quorum; /* index into names[]; VT_POLICY_NONE: "none" */
};

struct vt_policy_error {
	unsigned line;     /* from 1; 0: the file as a whole */
	const char *cause; /* static */
};
/*
 * VT_EFORMAT or VT_ELIMIT, and *why; *out is worth nothing then. About 100 KB: keep it off small
 * stacks.
 */
VT_MUST_USE vt_err vt_policy_parse(
	vt_span file, struct vt_policy *out, struct vt_policy_error *why);
/* The index of a witness or group; VT_POLICY_NONE if there is none of that name. */
unsigned vt_policy_find(const struct vt_policy *p, vt_span name);

/*
 * Is the checkpoint cosigned as names[which] asks (VT_POLICY_NONE: always, and the time is 0)? A
 * key counts once.
 * *out_time: the latest time such that cosignatures of that time or later are enough: as of then
 * the checkpoint was the newest. VT_ECHECKSUM: a cosignature of a known key does not verify.
 */
VT_MUST_USE vt_err vt_policy_check(const struct vt_policy *p, unsigned which,
	const struct vt_note *note, bool *out_enough, uint64_t *out_time);
/* *out_since: the earliest time by which the cosignatures were enough (for cool-off periods). */
VT_MUST_USE vt_err vt_policy_since(const struct vt_policy *p, unsigned which,
	const struct vt_note *note, bool *out_enough, uint64_t *out_since);

#endif
