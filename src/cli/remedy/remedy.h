/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands plan, approve, remove, verify and guard share. */
#ifndef VT_CLI_REMEDY_REMEDY_H
#define VT_CLI_REMEDY_REMEDY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/directive/store.h"
#include "cli/machine.h"
#include "cli/options.h"
#include "remedy/plan/approval.h"
#include "remedy/plan/plan.h"

/* A plan from a file. */
struct vt_removal_document {
	vt_buf bytes;
	vt_arena a;
	struct vt_removal plan;
	char sha256[65];
};
/* What is wrong has been printed. Close in any case. */
VT_MUST_USE vt_err vt_removal_open(
	struct vt_removal_document *f, const char *command, const char *path);
void vt_removal_close(struct vt_removal_document *f);

/* The documents that a plan is bound to. */
struct vt_binding {
	const char *directive; /* --directive: a file; NULL: by id */
	struct vt_strings catalogues;
	bool unsigned_ok;
	const char *state;
};
#define VT_BINDING_OPTIONS(T)                                                                      \
	{0, "directive", "FILE", VT_OPTION_STRING, offsetof(T, binding.directive),                 \
		"the directive's document, if it was not added", NULL},                            \
		{0, "catalogue", "FILE", VT_OPTION_STRINGS, offsetof(T, binding.catalogues),       \
			"a catalogue besides the shipped ones", NULL},                             \
		{0, "unsigned", NULL, VT_OPTION_FLAG, offsetof(T, binding.unsigned_ok),            \
			"take documents that nobody signed", NULL},                                \
	{                                                                                          \
		0, "state", "FOLDER", VT_OPTION_STRING, offsetof(T, binding.state),                \
			"where Vitrine keeps its state", NULL                                      \
	}
/*
 * Is the plan for this machine, this root, and the documents as they are now? VT_EARG: no, which
 * has been printed.
 */
VT_MUST_USE vt_err vt_binding_check(const struct vt_binding *b, const char *command,
	const struct vt_removal *p, const char *root);
/* Is it approved by a key of CONFIG/approvers? *out_who is malloc'ed. What is wrong is printed. */
VT_MUST_USE vt_err vt_approval_check(const char *command, const char *plan_path,
	const struct vt_removal_document *f, char **out_who);

/* The plan for people, as Markdown that reads as text. `all`: each file, too. */
void vt_removal_show(FILE *f, const struct vt_removal *p, bool all);

#endif
