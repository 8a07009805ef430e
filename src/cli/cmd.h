/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands. To add one: a row in commands.def and a file cmd_<name>.c. */
#ifndef VT_CLI_CMD_H
#define VT_CLI_CMD_H

/* What `vitrine` exits with; docs/cli.md lists them for users. */
enum vt_exit {
	VT_EXIT_CLEAN = 0,
	VT_EXIT_FOUND = 1,
	VT_EXIT_ERROR = 2,
	/* 128 + signal, as a shell reports a program that the signal ended */
	VT_EXIT_INTERRUPTED = 130,
	VT_EXIT_BROKEN_PIPE = 141,
	VT_EXIT_TERMINATED = 143,
};

/* argv[0] is the subcommand's name. Returns an exit status. */
typedef int vt_cmd_fn(int argc, char **argv);

#define VT_COMMAND(name, help) vt_cmd_fn vt_cmd_##name;
#include "cli/commands.def"
#undef VT_COMMAND

#endif
