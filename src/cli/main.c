/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine: finds the subcommand in commands.def and calls it. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/options.h"

static const struct {
	const char *name, *help;
	vt_cmd_fn *run;
} commands[] = {
#define VT_COMMAND(name, help) {#name, help, vt_cmd_##name},
#include "cli/commands.def"
#undef VT_COMMAND
};

static int help(void)
{
	puts("Usage: vitrine COMMAND [OPTION]...\n\nCommands:");
	for (size_t i = 0; i < VT_COUNT(commands); i++)
		printf("  %-12s%s\n", commands[i].name, commands[i].help);
	puts("\n'vitrine help COMMAND' and 'vitrine COMMAND --help' say more.\n"
	     "'vitrine --version' prints the version.");
	return VT_EXIT_CLEAN;
}

static int unknown(const char *word)
{
	const char *names[VT_COUNT(commands)], *near;

	for (size_t i = 0; i < VT_COUNT(commands); i++)
		names[i] = commands[i].name;
	near = vt_nearest(word, names, VT_COUNT(names));
	fprintf(stderr, "vitrine: there is no command '%s'", word);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fputs("\nTry 'vitrine --help'.\n", stderr);
	return VT_EXIT_ERROR;
}

static int run(const char *name, int argc, char **argv)
{
	for (size_t i = 0; i < VT_COUNT(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(argc, argv);
	return unknown(name);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	char option[] = "--help";
	char *help_argv[] = {argc > 2 ? argv[2] : NULL, option, NULL};

	if (!word) {
		(void)help();
		return VT_EXIT_ERROR;
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		puts("vitrine " VITRINE_VERSION);
		return VT_EXIT_CLEAN;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return argc > 2 ? run(argv[2], 2, help_argv) : help();
	return run(word, argc - 1, argv + 1);
}
