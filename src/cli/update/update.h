/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs of `vitrine update` share: the update folder of this machine
 * (docs/formats/update.md), the owner's configuration, and ways to be loud.
 */
#ifndef VT_CLI_UPDATE_UPDATE_H
#define VT_CLI_UPDATE_UPDATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "cli/cmd.h"
#include "cli/options.h"
#include "cli/update/live.h"
#include "proc/verifier/verifier.h"
#include "site/fetcher.h"
#include "site/site.h"
#include "update/config.h"
#include "update/history.h"
#include "update/plan.h"
#include "update/settings.h"
#include "update/trusted.h"

/* The verbs: a row in verbs.def each. */
#define VT_UPDATE_VERB(name, help) vt_cmd_fn vt_update_cmd_##name;
#include "cli/update/verbs.def"
#undef VT_UPDATE_VERB
/* `vitrine update` itself. */
vt_cmd_fn vt_update_cmd_run;

#define VT_PLAN_FILE "plan"
#define VT_HEAD_FILE "head"
#define VT_EVIDENCE_MAX 100u /* files that are kept */

/* Options of all verbs. */
struct vt_update_where {
	const char *state, *config;
};
/* `member`: the struct vt_update_where in T. */
#define VT_UPDATE_WHERE_OPTIONS(T, member)                                                         \
	{0, "config", "FILE", VT_OPTION_STRING, offsetof(T, member.config),                        \
		"the owner's update.conf (default: /etc/vitrine/update.conf,\nof an ordinary user" \
		" in ~/.config/vitrine)",                                                          \
		NULL},                                                                             \
		{0, "state", "DIR", VT_OPTION_STRING, offsetof(T, member.state),                   \
			"the state folder (default: /var/lib/vitrine, of an\nordinary user"        \
			" ~/.local/state/vitrine)",                                                \
			NULL},                                                                     \
	{                                                                                          \
		'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL                            \
	}

struct vt_updates {
	const char *command; /* starts each message */
	char *state, *config_path;
	int top, dir, lock; /* the state folder, update/ in it; negative: not there */
	vt_arena arena;     /* of everything below */
	struct vt_update_config config;
	struct vt_trusted *trusted;
	struct vt_settings *settings;
	vt_span plan_text; /* empty: none */
	bool has_plan, has_applied;
	struct vt_plan plan, applied; /* verified last; in use */
};
/*
 * Opens the folders; `change`: makes them if need be, and waits for whoever else changes them.
 * What is wrong has been printed. Without `change` it is fine that there are none. Close in any
 * case.
 */
VT_MUST_USE vt_err vt_updates_open(struct vt_updates *u, const char *command,
	const struct vt_update_where *where, bool change);
void vt_updates_close(struct vt_updates *u);
/* The owner's files. *why is filled in if they can't be used; nothing is printed. */
VT_MUST_USE vt_err vt_updates_config(struct vt_updates *u, struct vt_config_error *why);
/* What is known so far. A damaged file has been printed: VT_EFORMAT. */
VT_MUST_USE vt_err vt_updates_load(struct vt_updates *u);
/* Only what people decided. */
VT_MUST_USE vt_err vt_updates_settings(struct vt_updates *u);
/* A file of the update folder in the arena; VT_END: there is none. */
VT_MUST_USE vt_err vt_updates_read(
	struct vt_updates *u, const char *name, size_t max, vt_span *out);
/* Saves u->settings, and writes the decision into the history. Failure has been printed. */
VT_MUST_USE vt_err vt_updates_decided(struct vt_updates *u, const char *action, const char *text);
/* The generation in use, in the arena; false: none. */
bool vt_updates_live(struct vt_updates *u, struct vt_generation *out);
/* Would the plan make scans use other content than they do? */
bool vt_updates_changes(struct vt_updates *u, const struct vt_plan *p);

/* sources.c: where files of the log come from. */
struct vt_update_sources {
	size_t n;
	const char *places[VT_CONFIG_SOURCES_MAX];
	struct vt_site *sites[VT_CONFIG_SOURCES_MAX];
	char why[VT_CONFIG_SOURCES_MAX][300]; /* one could not be opened */
	struct vt_fetcher *fetcher;
};
/* `bundle` NULL: those of the configuration. What is wrong with this machine has been printed. */
VT_MUST_USE vt_err vt_update_sources_open(
	struct vt_update_sources *s, const struct vt_updates *u, const char *bundle);
void vt_update_sources_close(struct vt_update_sources *s);
uint64_t vt_update_sources_bytes(const struct vt_update_sources *s);
/* For struct vt_verifier_job. */
vt_err vt_update_sources_get(void *ctx, size_t source, const char *path, size_t max, vt_buf *out);
const char *vt_update_sources_why(void *ctx, size_t source);

/* say.c: to standard error, and to the journal or the system's log unless that is the same. */
enum vt_loudness { VT_SAY_NOTICE, VT_SAY_WARNING, VT_SAY_ERROR };
/* "<command>: ..." as one line; what is hostile in it is made visible. */
void vt_update_say(enum vt_loudness how, const char *command, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* gate.c: what the owner and this machine's people allow. */
/*
 * What of u->plan may be applied now, in *out (arena): all of it; without directives that wait
 * (*out_waits); or VT_REFUSED_HELD.
 */
VT_MUST_USE vt_err vt_update_gate(
	struct vt_updates *u, struct vt_plan *out, bool *out_waits, enum vt_refusal *out_refusal);
/* Was this plan approved? *out_row may be NULL. */
bool vt_update_approved(
	const struct vt_updates *u, const struct vt_plan *p, const struct vt_setting_row **out_row);
/* The plan's digest as 64 hexadecimal digits. */
#define VT_DIGEST_TEXT 65
VT_MUST_USE vt_err vt_update_digest(const struct vt_plan *p, char out[VT_DIGEST_TEXT]);

/* chunks.c: pieces in update/chunk. */
/* Removes those of the plan that are not what the log says; how many. */
size_t vt_update_chunks_mend(int dir, const struct vt_plan *p);
/* Removes those that neither plan needs. */
void vt_update_chunks_sweep(int dir, const struct vt_plan *a, const struct vt_plan *b);

/* carry.c: the plan into use. */
struct vt_carry {
	struct vt_updates *u;
	bool merge, quiet;
	/* filled in */
	struct vt_last last; /* what is to be written down: outcome, refusal, why, ... */
	char why[1024], generation[VT_GENERATION_MAX];
	bool waits; /* a directive waits for approval */
	uint64_t more, less;
	bool damaged; /* pieces were damaged and removed: fetch again */
};
/* Gate, try-out, switch. The result is in c->last. */
void vt_update_carry(struct vt_carry *c);
/* Writes down and says what came of it; an exit status. */
int vt_update_conclude(struct vt_carry *c);

/* run.c */
struct vt_update_options {
	struct vt_update_where where;
	const char *bundle; /* NULL: the sources of update.conf */
	bool merge, wait, quiet;
	const char *command, *action; /* for messages, for the history */
};
/* All of an update; an exit status. */
int vt_update_run(const struct vt_update_options *o);
/*
 * Steps 0 to 9: u->plan is what is verified then. False: c->last says why not. *io_evidence: set if
 * there is more of it than before.
 */
bool vt_update_verify(struct vt_carry *c, struct vt_update_sources *s, bool *io_evidence);
/* The owner's files can't be used: that is said like any other refusal. */
void vt_update_refuse_policy(struct vt_carry *c, const struct vt_config_error *why);

/* evidence.c: <state>/evidence. */
/* Keeps it; says so. *out_new: it was not there. */
VT_MUST_USE vt_err vt_update_evidence_keep(
	const struct vt_updates *u, const char *kind, vt_span text, bool *out_new);
/* Calls `fn` with each file's name, in order. */
typedef void vt_evidence_fn(void *ctx, const char *name, int64_t time);
void vt_update_evidence_each(const struct vt_updates *u, vt_evidence_fn *fn, void *ctx);
/* How many nobody acknowledged. */
size_t vt_update_evidence_new(const struct vt_updates *u);

#endif
