/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine log: finds the verb in verbs.def and calls it. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/log/log.h"
#include "cli/options.h"

static const struct {
	const char *name, *help;
	vt_cmd_fn *run;
} verbs[] = {
#define VT_LOG_VERB(name, help) {#name, help, vt_log_cmd_##name},
#include "cli/log/verbs.def"
#undef VT_LOG_VERB
};

static void help(FILE *f)
{
	fputs("Usage: vitrine log VERB [OPTION]...\n"
	      "Reads, checks and watches update logs, believing nobody.\n\nVerbs:\n",
		f);
	for (size_t i = 0; i < VT_COUNT(verbs); i++)
		fprintf(f, "  %-10s%s\n", verbs[i].name, verbs[i].help);
	fputs("\n'vitrine log VERB --help' says more.\n", f);
}

int vt_cmd_log(int argc, char **argv)
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
		fputs("vitrine log: libsodium does not start\n", stderr);
		return VT_EXIT_ERROR;
	}
	for (size_t i = 0; i < VT_COUNT(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	}
	near = vt_nearest(argv[1], names, VT_COUNT(names));
	fprintf(stderr, "vitrine log: there is no verb '%s'", argv[1]);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fputs("\nTry 'vitrine log --help'.\n", stderr);
	return VT_EXIT_ERROR;
}
