/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs of `vitrine log` share: whom the caller believes (a policy or one key), a place
 * whose every answer is checked against a signed head, and entries in words.
 */
#ifndef VT_CLI_LOG_LOG_H
#define VT_CLI_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "cli/cmd.h"
#include "entry/entry.h"
#include "site/fetcher.h"
#include "site/site.h"
#include "tlog/checkpoint.h"
#include "tlog/policy.h"
#include "tlog/tile.h"

/* The verbs: a row in verbs.def each. Needs vt_sign_init(). */
#define VT_LOG_VERB(name, help) vt_cmd_fn vt_log_cmd_##name;
#include "cli/log/verbs.def"
#undef VT_LOG_VERB

#define VT_LOG_FILE_MAX ((size_t)8 << 20) /* of files that the caller names */
#define VT_LOG_WHY_MAX 512

/* trust.c: whom the caller believes. */
struct vt_log_trust {
	vt_buf text; /* a tlog-policy; p points into it */
	struct vt_policy *p;
};
/*
 * From --policy FILE, or --log VKEY, which is a policy of that log without cosigners; messages are
 * printed. VT_EARG: neither or both.
 */
VT_MUST_USE vt_err vt_log_trust_open(
	struct vt_log_trust *t, const char *command, const char *policy, const char *vkey);
void vt_log_trust_close(struct vt_log_trust *t);
/* The log of that origin; NULL if the policy names none. */
const struct vt_key *vt_log_trust_key(const struct vt_log_trust *t, vt_span origin);
/* A file that the caller named, whole ("-": standard input); a message is printed. */
VT_MUST_USE vt_err vt_log_read_file(const char *command, const char *path, vt_buf *out);
/* Writes a new file or over an old one; a message is printed. NULL or "-": standard output. */
VT_MUST_USE vt_err vt_log_write_file(const char *command, const char *path, vt_span bytes);

/* head.c: a head as somebody signed it. Spans point into `note`. */
struct vt_log_head {
	vt_buf note;
	struct vt_head head;
	const struct vt_key *log;
	bool enough;   /* cosigned as the policy asks */
	uint64_t time; /* as of when; 0: the policy asks for nobody */
};
/*
 * Reads h->note. *why: up to VT_LOG_WHY_MAX bytes of cause. VT_EFORMAT: no checkpoint;
 * VT_ECHECKSUM: a false signature; VT_EARG: of a log that is not believed.
 */
VT_MUST_USE vt_err vt_log_head_check(
	struct vt_log_head *h, const struct vt_log_trust *t, char *why);
void vt_log_head_free(struct vt_log_head *h);
/* Who cosigned and when, of those the policy knows: "witness1 2026-...", a line or an object each.
 */
void vt_log_put_cosigners(
	FILE *f, const struct vt_log_head *h, const struct vt_log_trust *t, bool json);

/* place.c */
struct vt_log_place {
	const char *name; /* the caller's */
	struct vt_site *site;
	struct vt_log_head at;
	struct vt_tiles *tiles; /* of at.head; NULL before vt_log_place_tiles() */
};
/* A fetcher for http(s) places, its ledger in <state>/egress (NULL: the usual one); else NULL. */
VT_MUST_USE vt_err vt_log_fetcher(const char *command, const char *state, const char *const *places,
	size_t n, struct vt_fetcher **out);
/* Opens the place; reads and checks its checkpoint; opens its tiles. *why as above. */
VT_MUST_USE vt_err vt_log_place_open(
	struct vt_log_place *p, const char *name, struct vt_fetcher *f, char *why);
VT_MUST_USE vt_err vt_log_place_head(
	struct vt_log_place *p, const struct vt_log_trust *t, char *why);
VT_MUST_USE vt_err vt_log_place_tiles(struct vt_log_place *p, char *why);
void vt_log_place_close(struct vt_log_place *p);
/* All of that; a message is printed. */
VT_MUST_USE vt_err vt_log_place_ready(struct vt_log_place *p, const char *command, const char *name,
	struct vt_fetcher *f, const struct vt_log_trust *t);
/* Why reading from it failed, in words. */
void vt_log_place_why(const struct vt_log_place *p, vt_err e, char *why);

/* words.c: entries for people and programs. All of an entry's text is hostile. */
/* "content main 27" or "root 2"; at most VT_LOG_WHY_MAX bytes, safe to print. */
void vt_log_entry_title(const struct vt_entry *e, char *out);
/* The names that signed (not checked), separated by commas. */
void vt_log_put_signers(FILE *f, const struct vt_entry *e);
void vt_log_put_hex(FILE *f, vt_span bytes);

#endif
