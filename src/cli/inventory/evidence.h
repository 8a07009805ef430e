/* SPDX-License-Identifier: Apache-2.0 */
/* What commands that work on an inventory have in common: where it is, and what went wrong. */
#ifndef VT_CLI_INVENTORY_EVIDENCE_H
#define VT_CLI_INVENTORY_EVIDENCE_H

#include "base/err.h"
#include "inventory/survey.h"

/* The evidence file: `path`, or the usual one if it is NULL; malloc'ed. VT_EIO: there is no home.
 */
VT_MUST_USE vt_err vt_evidence_where(const char *path, char **out);
/*
 * The run (NULL: the latest) of the evidence file (NULL: the usual one). Prints a message that
 * starts with `command` on an error. Free with vt_survey_free(); judge.h wants its findings anew if
 * the catalogue is another one by now.
 */
VT_MUST_USE vt_err vt_evidence_open(
	const char *command, const char *path, const char *run, struct vt_survey **out);

#endif
