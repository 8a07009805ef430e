/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs of `vitrine publish` share: the publisher's folder.
 *
 *	public/           what any web server serves: the log and the chunks (docs/formats/log.md)
 *	private/log.key   the log's key; its name is the log's origin
 *	private/policy    who cosigns (c2sp.org/tlog-policy)
 *	private/draft/    entries that the next proposal takes, not signed yet
 *	private/stage/    chunks of these
 *	private/pending/  a commit that is under way
 */
#ifndef VT_CLI_PUBLISH_PUBLISH_H
#define VT_CLI_PUBLISH_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "cli/cmd.h"
#include "cli/options.h"
#include "entry/entry.h"
#include "publish/keyfile.h"
#include "tlog/checkpoint.h"
#include "tlog/policy.h"
#include "tlog/tile.h"

/* The verbs: a row in verbs.def each. */
#define VT_PUBLISH_VERB(name, help) vt_cmd_fn vt_publish_cmd_##name;
#include "cli/publish/verbs.def"
#undef VT_PUBLISH_VERB

/* An entry of the log. */
struct vt_record {
	uint64_t index;
	vt_hash leaf;
	vt_span bytes;
	struct vt_entry e;
};

struct vt_house {
	const char *command; /* starts each message */
	const char *path;
	int top, priv, pub, lock;
	vt_arena a;
	struct vt_key log;
	bool sealed; /* the log's key has a passphrase */
	vt_buf policy_text;
	struct vt_policy *policy;
	/* What is published. Size 0: nothing yet; then there is no root and no state. */
	vt_buf checkpoint;
	uint64_t size;
	vt_hash hash;
	struct vt_tiles *tiles;
	struct vt_record root, state;
};

/* Opens and locks. What is wrong has been printed. Close in any case. */
VT_MUST_USE vt_err vt_house_open(struct vt_house *h, const char *command, const char *path);
void vt_house_close(struct vt_house *h);
/* Entry `index`; it lives as long as the house. */
VT_MUST_USE vt_err vt_house_record(struct vt_house *h, uint64_t index, struct vt_record *out);
/*
 * The newest version of a set (`kind`: content or directive) before index `end`; VT_END: there is
 * none.
 */
VT_MUST_USE vt_err vt_house_find(struct vt_house *h, enum vt_entry_kind kind, vt_span name,
	uint64_t end, struct vt_record *out);
/*
 * The entries that make up a version: the newest full one, then those with deltas. In the arena.
 */
VT_MUST_USE vt_err vt_house_chain(struct vt_house *h, const struct vt_record *version,
	const struct vt_content ***out, size_t *out_n);

/* Saves an entry's text for the next proposal, in place of another of that name. */
VT_MUST_USE vt_err vt_draft_save(struct vt_house *h, const char *name, const struct vt_entry *e);
/* The names of all drafts, in the order of their entries; vt_strings_free_all(). */
VT_MUST_USE vt_err vt_draft_list(struct vt_house *h, struct vt_strings *out);
VT_MUST_USE vt_err vt_draft_read(struct vt_house *h, const char *name, vt_buf *out);
VT_MUST_USE vt_err vt_draft_remove(struct vt_house *h, const char *name);
/* A name of the form "<prefix>.<number>" that no draft has. */
void vt_draft_new_name(struct vt_house *h, const char *prefix, char out[64]);

/* "<command>: <place>: <what the format says>" */
void vt_complain(const char *command, const char *place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for an error; errno with VT_EIO. */
void vt_complain_err(const char *command, const char *place, vt_err e);

/* Where a passphrase comes from; never from the command line. */
struct vt_passphrase {
	const char *file; /* its first line; NULL: asked for on the terminal */
	bool bare;        /* none, for a new key */
};
/* `twice`: for a new key. What is wrong has been printed. The caller wipes it. */
VT_MUST_USE vt_err vt_passphrase_get(const struct vt_passphrase *p, const char *command,
	const char *what, bool twice, vt_buf *out);
/* Opens a key file, asking for the passphrase if it has one. What is wrong has been printed. */
VT_MUST_USE vt_err vt_signer_open(const struct vt_passphrase *p, const char *command,
	const char *path, struct vt_signer *out);
/* Makes a key file. What is wrong has been printed. */
VT_MUST_USE vt_err vt_signer_new(const struct vt_passphrase *p, const char *command,
	const char *path, vt_span name, enum vt_key_type type, struct vt_signer *out);

/* A whole file, at most `max` bytes; what is wrong has been printed. */
VT_MUST_USE vt_err vt_slurp(const char *command, const char *path, size_t max, vt_buf *out);
/* Writes a file whole or not at all; "-" is standard output. What is wrong has been printed. */
VT_MUST_USE vt_err vt_spit(const char *command, const char *path, vt_span bytes);
/* Seconds since 1970. */
int64_t vt_now_seconds(void);
/* "90m", "12h", "7d", "4w" or seconds. False if it is none. */
bool vt_days_parse(const char *text, int64_t *out_seconds);

/* What options of verbs share. */
#define VT_PASSPHRASE_OPTION(T)                                                                    \
	{                                                                                          \
		0, "passphrase-file", "FILE", VT_OPTION_STRING, offsetof(T, pass.file),            \
			"first line of FILE (/dev/fd/N: of a descriptor) is the passphrase", NULL  \
	}
#define VT_HELP_OPTION                                                                             \
	{                                                                                          \
		'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL                            \
	}

#endif
