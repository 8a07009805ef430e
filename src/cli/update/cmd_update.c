/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine update: finds the verb in verbs.def and calls it; without one, updates. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/update/update.h"
#include "crypto/sign.h"

static const struct {
	const char *name, *help;
	vt_cmd_fn *run;
} verbs[] = {
#define VT_UPDATE_VERB(name, help) {#name, help, vt_update_cmd_##name},
#include "cli/update/verbs.def"
#undef VT_UPDATE_VERB
};

static int unknown(const char *word)
{
	const char *names[VT_COUNT(verbs)], *near;

	for (size_t i = 0; i < VT_COUNT(verbs); i++)
		names[i] = verbs[i].name;
	near = vt_nearest(word, names, VT_COUNT(names));
	fprintf(stderr, "vitrine update: there is no verb '%s'", word);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fputs("\nTry 'vitrine update --help'.\n", stderr);
	return VT_EXIT_ERROR;
}

int vt_cmd_update(int argc, char **argv)
{
	int status;

	if (vt_sign_init()) {
		fputs("vitrine update: this system has no random numbers\n", stderr);
		return VT_EXIT_ERROR;
	}
	for (size_t i = 0; argc > 1 && i < VT_COUNT(verbs); i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	if (argc > 1 && argv[1][0] != '-')
		return unknown(argv[1]);
	status = vt_update_cmd_run(argc, argv);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		puts("\nVerbs:");
		for (size_t i = 0; i < VT_COUNT(verbs); i++)
			printf("  %-12s%s\n", verbs[i].name, verbs[i].help);
		puts("\n'vitrine update VERB --help' says more.");
	}
	return status;
}
