/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `vitrine egress` share: a ledger, in its folder or as an export. */
#ifndef VT_CLI_EGRESS_EGRESS_H
#define VT_CLI_EGRESS_EGRESS_H

#include "cli/cmd.h"
#include "egress/read.h"
#include "site/site.h"

/* The verbs: a row in verbs.def each. */
#define VT_EGRESS_VERB(name, help) vt_cmd_fn vt_egress_cmd_##name;
#include "cli/egress/verbs.def"
#undef VT_EGRESS_VERB

struct vt_ledger_view {
	struct vt_site *site;
	struct vt_ledger_files files;
};
/*
 * Opens `place`: a folder or an exported file; NULL is this machine's own. What is wrong has been
 * printed, in the name of `command`.
 */
VT_MUST_USE vt_err vt_ledger_view_open(
	struct vt_ledger_view *v, const char *command, const char *place);
void vt_ledger_view_close(struct vt_ledger_view *v);
/* Prints what a walk came to, if it did not come to its end. Returns an exit status. */
int vt_ledger_view_result(const struct vt_ledger_view *v, const char *command, vt_err e,
	const struct vt_ledger_walk *walk);
/* How the bytes begin, in printable ASCII: the name of a DNS question, the first line of a text. */
#define VT_SAMPLE_TEXT 64
void vt_egress_sample(const struct vt_egress *e, char out[VT_SAMPLE_TEXT]);
/* "2026-11-24T04:00:00.123456Z"; returns buf. */
#define VT_TIME_TEXT 40
const char *vt_time_text(int64_t us, char buf[VT_TIME_TEXT]);

#endif
