/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader-escapes collector|processes FOLDER PID NAME: a process goes into the sandbox of a
 * collector that may read below FOLDER, and then tries what it must not, by name; without NAME the
 * names are listed. "worked" and "refused" are said, being killed is seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "sandbox/enter.h"

#define CALL(name, ...) (syscall(SYS_##name, __VA_ARGS__) >= 0)

static int folder; /* the root */
static int pid;    /* of another process of the same user */
static char text[256];

static bool try_read_below(void)
{
	int fd = openat(folder, "file", O_RDONLY);

	return fd >= 0 && read(fd, text, sizeof text) > 0;
}
static bool try_shadow(void)
{
	return CALL(openat, AT_FDCWD, "/etc/shadow", O_RDONLY);
}
static bool try_passwd(void)
{
	return CALL(openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}
static bool try_passwd_by_openat2(void)
{
	uint64_t how[3] = {O_RDONLY, 0, 0};
	return CALL(openat2, AT_FDCWD, "/etc/passwd", how, sizeof how);
}
static bool try_dot_dot(void)
{
	return CALL(openat, folder, "../outside", O_RDONLY);
}
static bool try_link_out(void)
{
	return CALL(openat, folder, "out", O_RDONLY);
}
static bool try_write(void)
{
	return CALL(openat, folder, "file", O_WRONLY);
}
static bool try_write_openat2(void)
{
	uint64_t how[3] = {O_RDWR, 0, 0};
	return CALL(openat2, folder, "file", how, sizeof how);
}
static bool try_create_openat2(void)
{
	uint64_t how[3] = {O_WRONLY | O_CREAT, 0600, 0};
	return CALL(openat2, folder, "new", how, sizeof how);
}
static bool try_create(void)
{
	return CALL(openat, folder, "new", O_WRONLY | O_CREAT, 0600);
}
static bool try_unnamed(void)
{
	return CALL(openat, folder, ".", O_RDWR | O_TMPFILE, 0600);
}
static bool try_unnamed_elsewhere(void)
{
	return CALL(openat, AT_FDCWD, "/tmp", O_RDWR | O_TMPFILE, 0600);
}
static bool try_reopen_to_write(void)
{
	int fd = openat(folder, "file", O_RDONLY);

	(void)snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
	return CALL(openat, AT_FDCWD, text, O_RDWR);
}
static bool try_write_what_is_read(void)
{
	int fd = openat(folder, "file", O_RDONLY);

	return fd >= 0 && write(fd, "x", 1) == 1;
}
static bool try_truncate(void)
{
	int fd = openat(folder, "file", O_RDONLY);

	return fd >= 0 && ftruncate(fd, 0) == 0;
}
static bool try_write_by_path(void)
{
	int fd = openat(folder, "file", O_PATH);

	return fd >= 0 && write(fd, "x", 1) == 1;
}
static bool try_fifo(void)
{
	int fd = openat(folder, "fifo", O_RDONLY | O_NONBLOCK);

	return fd >= 0 && write(fd, "x", 1) == 1;
}
static bool try_append(void)
{
	int fd = openat(folder, "file", O_RDONLY);

	return fd >= 0 && CALL(fcntl, fd, F_SETFL, O_APPEND | O_ASYNC);
}
static bool try_owner(void)
{
	return CALL(fcntl, 3, F_SETOWN, pid);
}
static bool try_signal(void)
{
	return CALL(fcntl, 3, F_SETSIG, SIGKILL);
}
static bool try_lease(void)
{
	return CALL(fcntl, openat(folder, "file", O_RDONLY), F_SETLEASE, F_RDLCK);
}
static bool try_lock(void)
{
	struct flock lock = {.l_type = F_RDLCK};
	return CALL(fcntl, openat(folder, "file", O_RDONLY), F_SETLK, &lock);
}
static bool try_channel_by_dup2(void)
{
	return CALL(dup2, folder, 3);
}
static bool try_channel_by_dup(void)
{
	(void)close(3);
	return dup(folder) == 3 && CALL(sendmsg, 3, &(struct msghdr){0}, 0);
}
static bool try_socket(void)
{
	return CALL(socket, AF_INET, SOCK_STREAM, 0);
}
static bool try_exec(void)
{
	char *none[] = {NULL};
	return CALL(execve, "/bin/true", none, none);
}
static bool try_fork(void)
{
	return CALL(fork, 0);
}
static bool try_kill(void)
{
	return CALL(kill, pid, 0);
}
static bool try_ptrace(void)
{
	return CALL(ptrace, PTRACE_ATTACH, pid, 0, 0);
}
static bool try_vm_read(void)
{
	return CALL(process_vm_readv, pid, NULL, 0, NULL, 0, 0);
}
static bool try_unlink(void)
{
	return CALL(unlinkat, folder, "file", 0);
}
static bool try_ioctl(void)
{
	return CALL(ioctl, folder, 0x541B, text);
}

/* The stack of another process, which its maps give away. */
static uint64_t stack_of(void)
{
	static char maps[1 << 16];
	size_t n = 0;
	ssize_t r;
	int fd;
	const char *line;

	(void)snprintf(text, sizeof text, "/proc/%d/maps", pid);
	fd = openat(AT_FDCWD, text, O_RDONLY);
	while (fd >= 0 && (r = read(fd, maps + n, sizeof maps - 1 - n)) > 0)
		n += (size_t)r;
	line = strstr(maps, "[stack]");
	while (line && line > maps && line[-1] != '\n')
		line--;
	line = line ? strchr(line, '-') : NULL;
	return line ? strtoull(line + 1, NULL, 16) - 4096 : 0;
}

static int memory(void)
{
	(void)snprintf(text, sizeof text, "/proc/%d/mem", pid);
	return openat(AT_FDCWD, text, O_RDONLY);
}
static bool try_maps(void)
{
	return stack_of() != 0;
}
static bool try_memory(void)
{
	uint64_t at = stack_of();
	int fd = memory();

	return at && fd >= 0 && pread(fd, text, 16, (off_t)at) == 16;
}
static bool try_memory_by_lseek(void)
{
	uint64_t at = stack_of();
	int fd = memory();

	return at && fd >= 0 && lseek(fd, (off_t)at, SEEK_SET) >= 0 && read(fd, text, 16) == 16;
}
static bool try_memory_in_steps(void)
{
	int fd = memory();

	for (unsigned i = 0; fd >= 0 && i < 40000; i++)
		if (lseek(fd, (off_t)0xfffff000, SEEK_CUR) < 0)
			return false;
	return fd >= 0;
}
static bool try_memory_to_write(void)
{
	(void)snprintf(text, sizeof text, "/proc/%d/mem", pid);
	return CALL(openat, AT_FDCWD, text, O_RDWR);
}

static const struct {
	const char *name;
	bool (*attempt)(void);
} ways[] = {
#define WAY(name)                                                                                  \
	{                                                                                          \
#name, try_##name                                                                  \
	}
	WAY(read_below),
	WAY(shadow),
	WAY(passwd),
	WAY(passwd_by_openat2),
	WAY(dot_dot),
	WAY(link_out),
	WAY(write),
	WAY(write_openat2),
	WAY(create_openat2),
	WAY(create),
	WAY(unnamed),
	WAY(unnamed_elsewhere),
	WAY(reopen_to_write),
	WAY(write_what_is_read),
	WAY(truncate),
	WAY(write_by_path),
	WAY(fifo),
	WAY(append),
	WAY(owner),
	WAY(signal),
	WAY(lease),
	WAY(lock),
	WAY(channel_by_dup2),
	WAY(channel_by_dup),
	WAY(socket),
	WAY(exec),
	WAY(fork),
	WAY(kill),
	WAY(ptrace),
	WAY(vm_read),
	WAY(unlink),
	WAY(ioctl),
	WAY(maps),
	WAY(memory),
	WAY(memory_by_lseek),
	WAY(memory_in_steps),
	WAY(memory_to_write),
#undef WAY
};

static int go_in(const char *role)
{
	struct vt_sandbox s = {
		.role = strcmp(role, "processes") == 0 ? VT_ROLE_PROCESSES : VT_ROLE_COLLECTOR,
		.memory = UINT64_C(1) << 30,
		.folder = -1,
		.readable = &folder,
		.nreadable = 1};
	int ends[2];
	unsigned layers;

	if (folder < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) || dup2(ends[0], 3) < 0)
		return -1;
	return vt_sandbox_enter(&s, &layers) ? -1 : (int)layers;
}

int main(int argc, char **argv)
{
	int layers;

	for (size_t i = 0; argc == 1 && i < VT_COUNT(ways); i++)
		puts(ways[i].name);
	if (argc != 5)
		return argc == 1 ? 0 : 2;
	/* not 3, which is the channel's */
	folder = fcntl(open(argv[2], O_RDONLY | O_DIRECTORY), F_DUPFD, 10);
	pid = (int)strtol(argv[3], NULL, 10);
	layers = go_in(argv[1]);
	if (layers < 0)
		return 3;
	for (size_t i = 0; i < VT_COUNT(ways); i++)
		if (strcmp(ways[i].name, argv[4]) == 0) {
			const char *said = ways[i].attempt() ? "worked\n" : "refused\n";

			(void)!write(1, said, strlen(said));
			_exit((unsigned)layers & VT_LAYER_LANDLOCK ? 0 : 4);
		}
	_exit(5);
}
