/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine db: finds the verb in db_verbs.def and calls it. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/db.h"

static const struct {
	const char *name, *help;
	vt_cmd_fn *run;
} verbs[] = {
#define VT_DB_VERB(name, help) {#name, help, vt_db_cmd_##name},
#include "cli/db_verbs.def"
#undef VT_DB_VERB
};

static void help(FILE *f)
{
	fputs("Usage: vitrine db VERB [OPTION]...\n"
	      "Builds and inspects database images.\n\nVerbs:\n",
		f);
	for (size_t i = 0; i < VT_COUNT(verbs); i++)
		fprintf(f, "  %-10s%s\n", verbs[i].name, verbs[i].help);
	fputs("\n'vitrine db VERB --help' says more.\n", f);
}

int vt_cmd_db(int argc, char **argv)
{
	const char *names[VT_COUNT(verbs)], *near;

	if (argc < 2) {
		help(stderr);
		return VT_EXIT_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help(stdout);
		return VT_EXIT_CLEAN;
	}
	for (size_t i = 0; i < VT_COUNT(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	}
	near = vt_nearest(argv[1], names, VT_COUNT(names));
	fprintf(stderr, "vitrine db: there is no verb '%s'", argv[1]);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fputs("\nTry 'vitrine db --help'.\n", stderr);
	return VT_EXIT_ERROR;
}
