/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine log: finds the verb in verbs.def and calls it. */
#include "base/num.h"
#include "cli/log/log.h"
#include "cli/verbs.h"

static const struct vt_verb_row rows[] = {
#define VT_LOG_VERB(name, help) {#name, help, vt_log_cmd_##name},
#include "cli/log/verbs.def"
#undef VT_LOG_VERB
};
static const struct vt_verbs verbs = {
	.command = "vitrine log",
	.about = "Reads, checks and watches update logs, believing nobody.",
	.signs = true,
	.v = rows,
	.n = VT_COUNT(rows),
};

int vt_cmd_log(int argc, char **argv)
{
	return vt_verbs_run(&verbs, argc, argv);
}
