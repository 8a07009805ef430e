/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine publish: finds the verb in verbs.def and calls it. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/publish/publish.h"
#include "crypto/sign.h"

static const struct {
	const char *name, *help;
	vt_cmd_fn *run;
} verbs[] = {
#define VT_PUBLISH_VERB(name, help) {#name, help, vt_publish_cmd_##name},
#include "cli/publish/verbs.def"
#undef VT_PUBLISH_VERB
};

static void help(FILE *f)
{
	fputs("Usage: vitrine publish VERB [OPTION]...\n"
	      "Runs the log that updates come from: imports content, has the owners sign it, "
	      "publishes\nand checks it.\n\nVerbs:\n",
		f);
	for (size_t i = 0; i < VT_COUNT(verbs); i++)
		fprintf(f, "  %-10s%s\n", verbs[i].name, verbs[i].help);
	fputs("\n'vitrine publish VERB --help' says more.\n", f);
}

int vt_cmd_publish(int argc, char **argv)
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
	if (vt_sign_init()) {
		fputs("vitrine publish: this system has no random numbers\n", stderr);
		return VT_EXIT_ERROR;
	}
	for (size_t i = 0; i < VT_COUNT(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	}
	near = vt_nearest(argv[1], names, VT_COUNT(names));
	fprintf(stderr, "vitrine publish: there is no verb '%s'", argv[1]);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fputs("\nTry 'vitrine publish --help'.\n", stderr);
	return VT_EXIT_ERROR;
}
