/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine witness, vitrine mirror: find the verb and call it. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/options.h"
#include "cli/service/service.h"

static const struct vt_service_verb verbs[] = {
	{"serve", "answer over HTTP until SIGTERM", vt_service_cmd_serve},
	{"keygen", "make its key and print the public part", vt_service_cmd_keygen},
	{"status", "what it knows of each log, from its state folder", vt_service_cmd_status},
	{"add-log", "add a log to its configuration", vt_service_cmd_add_log},
};

static void help(enum vt_service kind, FILE *f)
{
	fprintf(f, "Usage: vitrine %s VERB [OPTION]...\n%s\n\nVerbs:\n", vt_service_word(kind),
		kind == VT_SERVICE_WITNESS ? "Cosigns the checkpoints of logs that only grow."
					   : "Keeps copies of logs, and cosigns that it has them.");
	for (size_t i = 0; i < VT_COUNT(verbs); i++)
		fprintf(f, "  %-10s%s\n", verbs[i].name, verbs[i].help);
	fprintf(f, "\n'vitrine %s VERB --help' says more.\n", vt_service_word(kind));
}

static int dispatch(enum vt_service kind, int argc, char **argv)
{
	const char *names[VT_COUNT(verbs)], *near;

	if (argc < 2) {
		help(kind, stderr);
		return VT_EXIT_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help(kind, stdout);
		return VT_EXIT_CLEAN;
	}
	for (size_t i = 0; i < VT_COUNT(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(kind, argc - 1, argv + 1);
	}
	near = vt_nearest(argv[1], names, VT_COUNT(names));
	fprintf(stderr, "vitrine %s: there is no verb '%s'", vt_service_word(kind), argv[1]);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fprintf(stderr, "\nTry 'vitrine %s --help'.\n", vt_service_word(kind));
	return VT_EXIT_ERROR;
}

int vt_cmd_witness(int argc, char **argv)
{
	return dispatch(VT_SERVICE_WITNESS, argc, argv);
}

int vt_cmd_mirror(int argc, char **argv)
{
	return dispatch(VT_SERVICE_MIRROR, argc, argv);
}
