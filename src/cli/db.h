/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `vitrine db` share: open images, and what a source line is about. */
#ifndef VT_CLI_DB_H
#define VT_CLI_DB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/span.h"
#include "cli/cmd.h"
#include "cli/database.h"
#include "engine/db/db.h"

/* The verbs: a row in db_verbs.def each. */
#define VT_DB_VERB(name, help) vt_cmd_fn vt_db_cmd_##name;
#include "cli/db_verbs.def"
#undef VT_DB_VERB

struct vt_db_view {
	vt_span map;
	struct vt_db *db;
};

/* Open images, in the order that they were named in. */
struct vt_db_views {
	struct vt_databases databases;
	struct vt_db_view v[VT_MAX_IMAGES];
	size_t n;
};

/* As `vitrine scan --db` opens them; each failure has been printed. */
VT_MUST_USE vt_err vt_db_views_open(
	struct vt_db_views *views, const char *command, const struct vt_strings *paths, bool quiet);
void vt_db_views_close(struct vt_db_views *views);
/* One image from an open file; `name` is for the message. */
VT_MUST_USE vt_err vt_db_view_open(
	struct vt_db_view *view, int fd, const char *command, const char *name);
void vt_db_view_close(struct vt_db_view *view);

/* What the lines of a set are, by the extension of its name: "hash of a whole file". */
const char *vt_line_kind(vt_span set_name);
/* The name of the rule on a line; empty for comments and lines that make no rule. */
vt_span vt_line_name(vt_span set_name, vt_span text);

/* What enum vt_count_kind counts: "byte patterns". */
const char *vt_count_name(unsigned kind);

/* A line of an image, as the verbs list them. */
struct vt_db_line {
	const struct vt_db *db;
	uint32_t index;  /* among all lines of the image */
	vt_span set;     /* name of its set */
	uint64_t number; /* 1-based, in the set */
	vt_span name, text;
	const char *left_out; /* why it is not in force, in a word; NULL if it is */
	vt_span cause;        /* the same in more words */
};
typedef vt_err vt_db_line_fn(void *ctx, const struct vt_db_line *line);
/* Every line that has a rule's name; an error from `fn` ends it. */
VT_MUST_USE vt_err vt_db_each_rule(const struct vt_db *db, vt_db_line_fn *fn, void *ctx);

#endif
