/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine doctor --verify-self: are the installed executables those of a release in an update log,
 * and who built the same ones from its sources? A program can't vouch for itself: this shows what
 * was replaced by accident or behind the back of a program that is true, and, run from another
 * system (--prefix), what is on a disk.
 */
#ifndef VT_CLI_SELF_SELF_H
#define VT_CLI_SELF_SELF_H

#include "cli/log/audit.h"
#include "cli/log/log.h"
#include "cli/options.h"

struct vt_self_settings {
	const char *policy, *config, *log, *root, *name, *prefix, *state;
	struct vt_strings entries, proofs;
	uint32_t rebuilders;
	int format;
};

/* A rebuilder's word; keys that the root in force knew when it was given. */
struct vt_self_attest {
	uint64_t index;
	char who[VT_KEY_NAME_MAX + 1];
	const char *differs; /* a file's name in the release; NULL: all of them are the same */
	bool checked;        /* the signature */
};

enum vt_self_result {
	VT_SELF_SAME,
	VT_SELF_DIFFERS,
	VT_SELF_MISSING,
	VT_SELF_UNREADABLE,
	VT_SELF_UNNAMED, /* installed, and the release does not name it */
};
struct vt_self_file {
	const char *name; /* in the release; NULL: not named */
	char *path;       /* NULL: there is none */
	vt_hash sha256;
	enum vt_self_result result;
};

struct vt_self {
	const struct vt_self_settings *s;
	char why[VT_LOG_WHY_MAX]; /* of an error */
	/* what the log says */
	char log[VT_KEY_NAME_MAX + 1];
	struct vt_seen *release, *root; /* root: in force for the release; NULL: not at hand */
	bool signed_by_owners, live;
	uint64_t size, head_time;
	int64_t expires; /* of the newest state; 0: not known */
	size_t nattests;
	struct vt_self_attest *attests;
	char *strings[64]; /* names that attests point at */
	/* what is installed */
	size_t nfiles;
	struct vt_self_file *files;
};

/*
 * self_log.c: finds the release and who attested, at a place or in files with proofs. VT_ECHECKSUM
 * or VT_END with s->why: it can't be found, or not be believed. Other errors were printed or are
 * this system's.
 */
VT_MUST_USE vt_err vt_self_from_place(
	struct vt_self *f, struct vt_log_place *p, const vt_hash *first_root);
VT_MUST_USE vt_err vt_self_from_proofs(
	struct vt_self *f, const struct vt_log_trust *t, const char *command);

/* self_files.c: hashes what is installed. VT_ENOMEM. */
VT_MUST_USE vt_err vt_self_files(struct vt_self *f);

/* self.c: the whole; the exit status. */
int vt_self_run(const struct vt_self_settings *s, const char *command);

#endif
