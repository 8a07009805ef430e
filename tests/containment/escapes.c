/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each function is one way by which code in a worker could reach a file, the network, another
 * process, or new code. Raw system calls, as shellcode makes them. True: it worked.
 */
#include "escapes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define FILE_FD 4 /* the scanned file */
#define CHANNEL 3

#define CALL(name, ...) (syscall(SYS_##name, __VA_ARGS__) >= 0)

static const char secret[] = "/etc/passwd";

static bool try_open(void)
{
	return CALL(open, secret, O_RDONLY);
}
static bool try_openat(void)
{
	return CALL(openat, AT_FDCWD, secret, O_RDONLY);
}
static bool try_openat2(void)
{
	uint64_t how[3] = {O_RDONLY, 0, 0};
	return CALL(openat2, AT_FDCWD, secret, how, sizeof how);
}
static bool try_creat(void)
{
	return CALL(creat, "/tmp/vitrine-escaped", 0600);
}
static bool try_stat(void)
{
	char st[256];
	return CALL(newfstatat, AT_FDCWD, secret, st, 0);
}
static bool try_readlink(void)
{
	char path[256];
	return CALL(readlink, "/proc/self/exe", path, sizeof path);
}
static bool try_unlink(void)
{
	return CALL(unlink, "/tmp/vitrine-victim");
}
static bool try_rename(void)
{
	return CALL(rename, "/tmp/vitrine-victim", "/tmp/vitrine-escaped");
}
static bool try_mkdir(void)
{
	return CALL(mkdir, "/tmp/vitrine-escaped", 0700);
}
static bool try_symlink(void)
{
	return CALL(symlink, secret, "/tmp/vitrine-escaped");
}
static bool try_proc_mem(void)
{
	return CALL(openat, AT_FDCWD, "/proc/self/mem", O_RDWR);
}
static bool try_reopen_fd(void)
{
	return CALL(openat, AT_FDCWD, "/proc/self/fd/4", O_RDWR);
}
static bool try_open_by_handle(void)
{
	uint32_t handle[4] = {8, 1, 2, 0};
	return CALL(open_by_handle_at, FILE_FD, handle, O_RDONLY);
}
static bool try_write_fd(void)
{
	return CALL(write, FILE_FD, "x", 1);
}
static bool try_pwrite_fd(void)
{
	return CALL(pwrite64, FILE_FD, "x", 1, 0);
}
static bool try_writev_fd(void)
{
	struct iovec v = {(void *)(uintptr_t) "x", 1};
	return CALL(writev, FILE_FD, &v, 1);
}
static bool try_ftruncate_fd(void)
{
	return CALL(ftruncate, FILE_FD, 0);
}
static bool try_fchmod_fd(void)
{
	return CALL(fchmod, FILE_FD, 04777);
}
static bool try_fcntl_fd(void)
{
	return CALL(fcntl, FILE_FD, F_SETFL, O_APPEND);
}
static bool try_ioctl_fd(void)
{
	int n;
	return CALL(ioctl, FILE_FD, 0x541B /* FIONREAD */, &n);
}
static bool try_sendfile_out(void)
{
	return CALL(sendfile, CHANNEL, FILE_FD, NULL, 10);
}
static bool try_splice_out(void)
{
	return CALL(splice, FILE_FD, NULL, CHANNEL, NULL, 10, 0);
}
static bool try_write_stderr(void)
{
	return CALL(write, 2, "escaped\n", 8);
}
static bool try_mmap_shared_write(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, FILE_FD, 0) != -1;
}

static bool try_tcp(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd >= 0 && CALL(connect, (int)fd, &to, sizeof to);
}
static bool try_udp(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	long fd = syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd >= 0 && CALL(sendto, (int)fd, "x", 1, 0, &to, sizeof to);
}
static bool try_connect_channel(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
	return CALL(connect, CHANNEL, &to, sizeof to);
}
static bool try_sendto_channel(void)
{
	return CALL(sendto, CHANNEL, "x", 1, 0, NULL, 0);
}
static bool try_sendmsg_other(void)
{
	struct msghdr h = {0};
	return CALL(sendmsg, FILE_FD, &h, 0);
}
static bool try_unix(void)
{
	return CALL(socket, AF_UNIX, SOCK_STREAM, 0);
}
static bool try_abstract(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "\0vitrine-test"};
	long fd = syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
	return fd >= 0 && CALL(connect, (int)fd, &to, sizeof to);
}
static bool try_netlink(void)
{
	return CALL(socket, AF_NETLINK, SOCK_RAW, 0);
}
static bool try_packet(void)
{
	return CALL(socket, AF_PACKET, SOCK_RAW, 0);
}
static bool try_socketpair(void)
{
	int fds[2];
	return CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
}
static bool try_pipe(void)
{
	int fds[2];
	return CALL(pipe2, fds, 0);
}
static bool try_io_uring(void)
{
	struct io_uring_params p = {0};
	return CALL(io_uring_setup, 4, &p);
}

static bool try_ptrace_parent(void)
{
	return CALL(ptrace, PTRACE_ATTACH, syscall(SYS_getppid), NULL, NULL);
}
static bool try_ptrace_me(void)
{
	return CALL(ptrace, PTRACE_TRACEME, 0, NULL, NULL);
}
static bool try_kill_parent(void)
{
	return CALL(kill, 1, 0);
}
static bool try_kill_all(void)
{
	return CALL(kill, -1, 0);
}
static bool try_tgkill(void)
{
	return CALL(tgkill, 1, 1, 0);
}
static bool try_sigqueue(void)
{
	return CALL(rt_sigqueueinfo, 1, SIGUSR1, NULL);
}
static bool try_pidfd_open(void)
{
	return CALL(pidfd_open, 1, 0);
}
static bool try_pidfd_getfd(void)
{
	return CALL(pidfd_getfd, FILE_FD, 0, 0);
}
static bool try_vm_readv(void)
{
	char b[8];
	struct iovec mine = {b, 8}, theirs = {b, 8};
	return CALL(process_vm_readv, 1, &mine, 1, &theirs, 1, 0);
}
static bool try_vm_writev(void)
{
	char b[8] = "";
	struct iovec mine = {b, 8}, theirs = {b, 8};
	return CALL(process_vm_writev, 1, &mine, 1, &theirs, 1, 0);
}
static bool try_kcmp(void)
{
	return CALL(kcmp, 1, 1, 0, 0, 0);
}

static bool try_execve(void)
{
	char *const argv[] = {NULL};
	return CALL(execve, "/bin/true", argv, argv);
}
static bool try_execveat_fd(void)
{
	char *const argv[] = {NULL};
	return CALL(execveat, FILE_FD, "", argv, argv, AT_EMPTY_PATH);
}
static bool try_memfd(void)
{
	return CALL(memfd_create, "x", 0);
}
static bool try_memfd_secret(void)
{
	return CALL(memfd_secret, 0);
}
static bool try_fork(void)
{
	return CALL(fork, 0);
}
static bool try_vfork(void)
{
	return CALL(vfork, 0);
}
static bool try_clone_thread(void)
{
	return CALL(clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL, NULL, NULL, NULL);
}
static bool try_clone3(void)
{
	uint64_t args[8] = {0};
	return CALL(clone3, args, sizeof args);
}
static bool try_mmap_exec(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0) != -1;
}
static bool try_mmap_file_exec(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, FILE_FD, 0) != -1;
}
static bool try_mprotect_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED && CALL(mprotect, p, 4096, PROT_READ | PROT_EXEC);
}
static bool try_pkey_mprotect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED && CALL(pkey_mprotect, p, 4096, PROT_READ | PROT_EXEC, -1);
}
static bool try_shmat_exec(void)
{
	return CALL(shmget, 0, 4096, 01700);
}
static bool try_personality(void)
{
	return CALL(personality, READ_IMPLIES_EXEC);
}

static bool try_unshare(void)
{
	return CALL(unshare, CLONE_NEWUSER);
}
static bool try_setns(void)
{
	return CALL(setns, FILE_FD, 0);
}
static bool try_mount(void)
{
	return CALL(mount, "none", "/nonexistent", "tmpfs", 0, NULL);
}
static bool try_open_tree(void)
{
	return CALL(open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */);
}
static bool try_chroot(void)
{
	return CALL(chroot, "/");
}
static bool try_pivot_root(void)
{
	return CALL(pivot_root, "/", "/");
}
static bool try_chdir(void)
{
	return CALL(chdir, "/");
}
static bool try_setuid(void)
{
	return CALL(setuid, 0);
}
static bool try_capset(void)
{
	return CALL(capset, NULL, NULL);
}
static bool try_prctl_undo(void)
{
	return CALL(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
}
static bool try_prctl_dumpable(void)
{
	return CALL(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static bool try_seccomp_again(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog p = {1, &allow};
	return CALL(seccomp, SECCOMP_SET_MODE_FILTER, 0, &p);
}
static bool try_seccomp_listener(void)
{
	struct sock_filter notify = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	struct sock_fprog p = {1, &notify};
	return CALL(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
}
static bool try_landlock_again(void)
{
	return CALL(landlock_create_ruleset, NULL, 0, 1);
}
static bool try_setrlimit(void)
{
	struct {
		uint64_t cur, max;
	} l = {1000000, 1000000};
	return CALL(prlimit64, 0, 6 /* RLIMIT_NPROC */, &l, NULL);
}

static bool try_bpf(void)
{
	union bpf_attr a = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
	return CALL(bpf, BPF_MAP_CREATE, &a, sizeof a);
}
static bool try_perf(void)
{
	struct perf_event_attr a = {.type = PERF_TYPE_SOFTWARE, .size = sizeof a};
	return CALL(perf_event_open, &a, 0, -1, -1, 0);
}
static bool try_userfaultfd(void)
{
	return CALL(userfaultfd, 0);
}
static bool try_keyctl(void)
{
	return CALL(keyctl, 0, -3, 0, 0, 0);
}
static bool try_add_key(void)
{
	return CALL(add_key, "user", "x", "y", 1, -3);
}
static bool try_mq_open(void)
{
	return CALL(mq_open, "vitrine", O_CREAT | O_RDWR, 0600, NULL);
}
static bool try_msgget(void)
{
	return CALL(msgget, 0, 01600);
}
static bool try_shm_open(void)
{
	return CALL(openat, AT_FDCWD, "/dev/shm/vitrine", O_CREAT | O_RDWR, 0600);
}
static bool try_inotify(void)
{
	return CALL(inotify_init1, 0);
}
static bool try_fanotify(void)
{
	return CALL(fanotify_init, 0, 0);
}
static bool try_timer(void)
{
	return CALL(timerfd_create, 1, 0);
}
static bool try_syslog(void)
{
	return CALL(syslog, 10, NULL, 0);
}
static bool try_reboot(void)
{
	return CALL(reboot, 0, 0, 0, NULL);
}
static bool try_init_module(void)
{
	return CALL(finit_module, FILE_FD, "", 0);
}
static bool try_getrandom(void)
{
	char b[8];
	return CALL(getrandom, b, sizeof b, 0);
}
static bool try_uname(void)
{
	char b[512];
	return CALL(uname, b);
}
static bool try_getuid(void)
{
	return CALL(getuid, 0);
}
static bool try_hwpoison(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED && CALL(madvise, p, 4096, MADV_HWPOISON);
}
static bool try_process_madvise(void)
{
	return CALL(process_madvise, FILE_FD, NULL, 0, 0, 0);
}
/* The 32-bit table of system calls: there, 5 is open. */
static bool try_int80(void)
{
	long r = 5;
#ifdef __x86_64__
	__asm__ volatile("int $0x80"
			 : "+a"(r)
			 : "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
#endif
	return r >= 0;
}
static bool try_x32(void)
{
	return syscall(0x40000000L + SYS_open, secret, O_RDONLY) >= 0;
}

static const struct {
	const char *name;
	bool (*attempt)(void);
} ways[] = {
#define WAY(n)                                                                                     \
	{                                                                                          \
#n, try_##n                                                                        \
	}
	WAY(open),
	WAY(openat),
	WAY(openat2),
	WAY(creat),
	WAY(stat),
	WAY(readlink),
	WAY(unlink),
	WAY(rename),
	WAY(mkdir),
	WAY(symlink),
	WAY(proc_mem),
	WAY(reopen_fd),
	WAY(open_by_handle),
	WAY(write_fd),
	WAY(pwrite_fd),
	WAY(writev_fd),
	WAY(ftruncate_fd),
	WAY(fchmod_fd),
	WAY(fcntl_fd),
	WAY(ioctl_fd),
	WAY(sendfile_out),
	WAY(splice_out),
	WAY(write_stderr),
	WAY(mmap_shared_write),
	WAY(tcp),
	WAY(udp),
	WAY(connect_channel),
	WAY(sendto_channel),
	WAY(sendmsg_other),
	WAY(unix),
	WAY(abstract),
	WAY(netlink),
	WAY(packet),
	WAY(socketpair),
	WAY(pipe),
	WAY(io_uring),
	WAY(ptrace_parent),
	WAY(ptrace_me),
	WAY(kill_parent),
	WAY(kill_all),
	WAY(tgkill),
	WAY(sigqueue),
	WAY(pidfd_open),
	WAY(pidfd_getfd),
	WAY(vm_readv),
	WAY(vm_writev),
	WAY(kcmp),
	WAY(execve),
	WAY(execveat_fd),
	WAY(memfd),
	WAY(memfd_secret),
	WAY(fork),
	WAY(vfork),
	WAY(clone_thread),
	WAY(clone3),
	WAY(mmap_exec),
	WAY(mmap_file_exec),
	WAY(mprotect_exec),
	WAY(pkey_mprotect),
	WAY(shmat_exec),
	WAY(personality),
	WAY(unshare),
	WAY(setns),
	WAY(mount),
	WAY(open_tree),
	WAY(chroot),
	WAY(pivot_root),
	WAY(chdir),
	WAY(setuid),
	WAY(capset),
	WAY(prctl_undo),
	WAY(prctl_dumpable),
	WAY(seccomp_again),
	WAY(seccomp_listener),
	WAY(landlock_again),
	WAY(setrlimit),
	WAY(bpf),
	WAY(perf),
	WAY(userfaultfd),
	WAY(keyctl),
	WAY(add_key),
	WAY(mq_open),
	WAY(msgget),
	WAY(shm_open),
	WAY(inotify),
	WAY(fanotify),
	WAY(timer),
	WAY(syslog),
	WAY(reboot),
	WAY(init_module),
	WAY(getrandom),
	WAY(uname),
	WAY(getuid),
	WAY(hwpoison),
	WAY(process_madvise),
	WAY(int80),
	WAY(x32),
#undef WAY
};

const char *vt_escape_name(unsigned i)
{
	return i < sizeof ways / sizeof *ways ? ways[i].name : NULL;
}

enum vt_escape vt_escape_try(const char *name)
{
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (strcmp(ways[i].name, name) == 0)
			return ways[i].attempt() ? VT_ESCAPE_WORKED : VT_ESCAPE_REFUSED;
	}
	return VT_ESCAPE_UNKNOWN;
}
