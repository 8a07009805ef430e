/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the owner of this machine wants of updates: update.conf and the policy file that it names
 * (docs/formats/update.md). Both are the owner's; nothing that an update carries can change them.
 * Pure but for vt_update_config_load().
 */
#ifndef VT_UPDATE_CONFIG_H
#define VT_UPDATE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/policy.h"

#define VT_CONFIG_MAX ((size_t)256 << 10)
#define VT_CONFIG_SOURCES_MAX 16
#define VT_CONFIG_SETS_MAX 64

enum vt_approve {
	VT_APPROVE_NONE,
	VT_APPROVE_DIRECTIVES,
	VT_APPROVE_ALL,
};

/* Strings live in the arena. Times in seconds. */
struct vt_update_config {
	const char *policy_path;               /* as written */
	const char *log, *witnesses, *mirrors; /* names in the policy; NULL: not given */
	bool has_root;
	vt_hash root; /* leaf hash of the first root entry that this machine believes */
	size_t nsources, nsets;
	const char *sources[VT_CONFIG_SOURCES_MAX];
	vt_span sets[VT_CONFIG_SETS_MAX]; /* none: all */
	int64_t max_age, max_future, cool_off, cool_off_release;
	enum vt_approve approve;
	unsigned rebuilders;
	uint32_t timeout_ms;      /* of the network; 0: the default */
	const char *certificates; /* PEM file; NULL: the system's */

	/* from the policy file, once vt_update_config_policy() took it */
	const struct vt_policy *policy;
	const struct vt_key *log_key;
	unsigned witness_group, mirror_group; /* VT_POLICY_NONE: nothing asked for */
};

struct vt_config_error {
	char file[256];
	unsigned line; /* from 1; 0: the file as a whole */
	char cause[160];
};

/* update.conf. VT_EFORMAT with *why; `text` need not outlive it. */
VT_MUST_USE vt_err vt_update_config_parse(
	vt_span text, vt_arena *a, struct vt_update_config *out, struct vt_config_error *why);
/*
 * Takes the policy file's text, which must outlive the config, and finds in it what update.conf
 * names. VT_EFORMAT with *why.
 */
VT_MUST_USE vt_err vt_update_config_policy(
	struct vt_update_config *c, vt_span text, vt_arena *a, struct vt_config_error *why);
/* Reads both files; a relative Policy is beside update.conf. VT_EIO with *why too. */
VT_MUST_USE vt_err vt_update_config_load(
	const char *path, vt_arena *a, struct vt_update_config *out, struct vt_config_error *why);

/* Does the owner want this set? */
bool vt_update_config_wants(const struct vt_update_config *c, vt_span set);

/*
 * Is the checkpoint cosigned as the owner asks: the policy's quorum, the witnesses and the mirrors?
 * *out_mirrors: it is only the mirrors that are missing. *out_time as vt_policy_check()'s, or with
 * `since` as vt_policy_since()'s. VT_ECHECKSUM: a false cosignature.
 */
VT_MUST_USE vt_err vt_update_quorum(const struct vt_update_config *c, const struct vt_note *note,
	bool since, bool *out_enough, bool *out_mirrors, uint64_t *out_time);

#endif
