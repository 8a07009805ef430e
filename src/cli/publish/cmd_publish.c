/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine publish: finds the verb in verbs.def and calls it. */
#include "base/num.h"
#include "cli/publish/publish.h"
#include "cli/verbs.h"

static const struct vt_verb_row rows[] = {
#define VT_PUBLISH_VERB(name, help) {#name, help, vt_publish_cmd_##name},
#include "cli/publish/verbs.def"
#undef VT_PUBLISH_VERB
};
static const struct vt_verbs verbs = {
	.command = "vitrine publish",
	.about = "Runs the log that updates come from: imports content, has the owners sign it, "
		 "publishes\nand checks it.",
	.signs = true,
	.v = rows,
	.n = VT_COUNT(rows),
};

int vt_cmd_publish(int argc, char **argv)
{
	return vt_verbs_run(&verbs, argc, argv);
}
