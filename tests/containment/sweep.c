/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep ROLE: goes into the sandbox as a role does, once for each system call number, native and
 * x32, and makes the call with arguments of zero. One line for each number whose call did not end
 * in SIGSYS: "native 17 returned" or "x32 3 signal 4". trust.md calls this proof by exhaustion.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/enter.h"

#define NUMBERS 480
#define X32 0x40000000L

/* Without the library: an exit that the filter allows, whatever the call did. */
_Noreturn static void leave(void)
{
	for (;;)
		(void)syscall(SYS_exit_group, 42);
}

static int attempt(enum vt_role role, long number)
{
	struct vt_sandbox s = {.role = role, .memory = (uint64_t)1 << 30, .folder = -1};
	pid_t pid = fork();
	unsigned layers;
	int status = 0;

	if (pid == 0) {
		int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (role == VT_ROLE_UPDATER || role == VT_ROLE_VERIFIER)
			s.folder = tmp;
		if (role == VT_ROLE_COLLECTOR) {
			s.readable = &tmp;
			s.nreadable = 1;
		}
		if (vt_sandbox_enter(&s, &layers) || !(layers & VT_LAYER_SECCOMP))
			_exit(99);
		(void)syscall(number, 0, 0, 0, 0, 0, 0);
		leave();
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		enum vt_role role;
	} roles[] = {
		{"worker", VT_ROLE_WORKER},
		{"compiler", VT_ROLE_COMPILER},
		{"updater", VT_ROLE_UPDATER},
		{"collector", VT_ROLE_COLLECTOR},
		{"processes", VT_ROLE_PROCESSES},
		{"verifier", VT_ROLE_VERIFIER},
	};
	enum vt_role role = (enum vt_role)0;
	unsigned tried = 0;

	for (size_t i = 0; argc == 2 && i < sizeof roles / sizeof *roles; i++)
		if (strcmp(argv[1], roles[i].name) == 0)
			role = roles[i].role;
	if (!role)
		return 2;
	(void)setvbuf(stdout, NULL, _IONBF, 0);
	for (long base = 0; base <= X32; base += X32) {
		for (long n = 0; n < NUMBERS; n++) {
			int status = attempt(role, base + n);

			tried++;
			if (status < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 99))
				return 2;
			if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
				continue;
			if (WIFSIGNALED(status))
				printf("%s %ld signal %d\n", base ? "x32" : "native", n,
					WTERMSIG(status));
			else
				printf("%s %ld returned\n", base ? "x32" : "native", n);
		}
	}
	printf("tried %u\n", tried);
	return 0;
}
