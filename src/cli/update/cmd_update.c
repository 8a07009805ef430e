/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine update: finds the verb in verbs.def and calls it; without one, updates. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/update/update.h"
#include "cli/verbs.h"
#include "crypto/sign.h"

static const struct vt_verb_row rows[] = {
#define VT_UPDATE_VERB(name, help) {#name, help, vt_update_cmd_##name},
#include "cli/update/verbs.def"
#undef VT_UPDATE_VERB
};
static const struct vt_verbs verbs = {.command = "vitrine update", .v = rows, .n = VT_COUNT(rows)};

int vt_cmd_update(int argc, char **argv)
{
	int status;

	if (vt_sign_init()) {
		fputs("vitrine update: this system has no random numbers\n", stderr);
		return VT_EXIT_ERROR;
	}
	for (size_t i = 0; argc > 1 && i < VT_COUNT(rows); i++)
		if (strcmp(rows[i].name, argv[1]) == 0)
			return rows[i].run(argc - 1, argv + 1);
	if (argc > 1 && argv[1][0] != '-')
		return vt_verbs_unknown(&verbs, argv[1]);
	status = vt_update_cmd_run(argc, argv);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		puts("\nVerbs:");
		for (size_t i = 0; i < VT_COUNT(rows); i++)
			printf("  %-12s%s\n", rows[i].name, rows[i].help);
		puts("\n'vitrine update VERB --help' says more.");
	}
	return status;
}
