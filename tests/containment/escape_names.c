/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape-names: the names of all ways out, one a line. escape-names NAME...: tries them here,
 * without a sandbox, and says which work: a way that works nowhere proves nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escapes.h"

static const char *try_outside(const char *name)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(vt_escape_try(name) == VT_ESCAPE_WORKED ? 0 : 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return "failed";
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "works" : "fails";
}

int main(int argc, char **argv)
{
	const char *name;

	for (int i = 1; i < argc; i++)
		printf("%s %s\n", argv[i], try_outside(argv[i]));
	for (unsigned i = 0; argc == 1 && (name = vt_escape_name(i)); i++)
		printf("%s\n", name);
	return 0;
}
