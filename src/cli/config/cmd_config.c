/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine config policy: the owner's configuration of updates, explained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/config/words.h"
#include "cli/options.h"
#include "cli/text.h"
#include "cli/where.h"
#include "crypto/sign.h"

#define COMMAND "vitrine config policy"
#define ARENA_MAX ((size_t)4 << 20)

struct settings {
	const char *config;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "config", "FILE", VT_OPTION_STRING, offsetof(struct settings, config),
		"the owner's update.conf (default: /etc/vitrine/update.conf,\nof an ordinary user "
		"in ~/.config/vitrine)",
		NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine config policy [OPTION]...\n"
		 "Explains update.conf and the policy file in words: whose word counts, what "
		 "waits, what a person\napproves.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0; 2 if one of the files can't be used.\n",
};

static int explain(const char *path)
{
	struct vt_update_config *c = calloc(1, sizeof *c);
	vt_arena arena = VT_ARENA_INIT(ARENA_MAX);
	struct vt_config_error why = {0};
	vt_err e = c ? vt_update_config_load(path, &arena, c, &why) : VT_ENOMEM;

	if (!e) {
		fputs("This is what ", stdout);
		vt_put_visible(stdout, vt_span_str(path));
		fputs(" asks for, with the policy ", stdout);
		vt_put_visible(stdout, vt_span_str(c->policy_path));
		fputs(".\n\n", stdout);
		vt_policy_words(c, stdout);
	} else {
		fputs(COMMAND ": ", stderr);
		vt_put_visible(stderr, vt_span_str(why.file));
		if (why.line)
			fprintf(stderr, ":%u", why.line);
		fputs(": ", stderr);
		vt_put_visible(stderr, vt_span_str(why.cause));
		fputc('\n', stderr);
	}
	vt_arena_free(&arena);
	free(c);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

static int policy(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	char *folder = NULL, *path = NULL;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n) {
		fputs(COMMAND ": takes no operands\n", stderr);
	} else if (!e && s.config) {
		status = explain(s.config);
	} else if (!e) {
		if (vt_where_config(&folder) || asprintf(&path, "%s/update.conf", folder) < 0)
			fputs(COMMAND ": give --config: HOME is not set\n", stderr);
		else
			status = explain(path);
	}
	free(folder);
	free(path);
	vt_strings_free(&operands);
	return status;
}

int vt_cmd_config(int argc, char **argv)
{
	static const char help[] = "Usage: vitrine config policy [OPTION]...\n"
				   "Explains in words what the owner of this machine asks of "
				   "updates.\n";

	if (vt_sign_init()) {
		fputs("vitrine config: this system has no random numbers\n", stderr);
		return VT_EXIT_ERROR;
	}
	if (argc > 1 && strcmp(argv[1], "policy") == 0)
		return policy(argc - 1, argv + 1);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return VT_EXIT_CLEAN;
	}
	if (argc > 1)
		fprintf(stderr, "vitrine config: there is no verb '%s'\n", argv[1]);
	fputs(help, stderr);
	return VT_EXIT_ERROR;
}
