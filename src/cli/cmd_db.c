/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine db: finds the verb in db_verbs.def and calls it. */
#include "base/num.h"
#include "cli/db.h"
#include "cli/verbs.h"

static const struct vt_verb_row rows[] = {
#define VT_DB_VERB(name, help) {#name, help, vt_db_cmd_##name},
#include "cli/db_verbs.def"
#undef VT_DB_VERB
};
static const struct vt_verbs verbs = {
	.command = "vitrine db",
	.about = "Builds and inspects database images.",
	.v = rows,
	.n = VT_COUNT(rows),
};

int vt_cmd_db(int argc, char **argv)
{
	return vt_verbs_run(&verbs, argc, argv);
}
