/* SPDX-License-Identifier: Apache-2.0 */
/* Real processes: deleted, in memory only, in other namespaces, vanishing. Hard case 8. */
#include "collect/system_test.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

static pid_t started[16];
static size_t nstarted;

/* Starts a program; its standard output is closed by its exec, so that it is that program by now.
 */
static pid_t start_program(const char *path, char *const argv[], int flags)
{
	int ends[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setpgid(0, 0);
		if (flags && unshare(flags))
			_exit(99);
		if (flags & CLONE_NEWPID) { /* this one's children are in the new one */
			pid_t inner = fork();

			/* the first process of a namespace outlives its parent's death signal */
			if (inner != 0) {
				int status;

				(void)close(ends[1]);
				(void)waitpid(inner, &status, 0);
				_exit(0);
			}
		}
		execv(path, argv);
		_exit(98);
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 0); /* it is running the program */
	(void)close(ends[0]);
	started[nstarted++] = pid;
	return pid;
}

static int stop_all(void **state)
{
	(void)state;
	while (nstarted) {
		(void)kill(-started[--nstarted], SIGKILL); /* and what it has started */
		(void)kill(started[nstarted], SIGKILL);
		(void)waitpid(started[nstarted], NULL, 0);
	}
	return 0;
}

static struct vt_collect *look(void)
{
	return run_over("/", &vt_collector_processes, true);
}

static char *const sleeper[] = {(char[]){"kesl"}, (char[]){"1000"}, NULL};

static void test_case_8_deleted_executable(void **state)
{
	char pid[32], scan[64];
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("cp /bin/sleep kesl && mkdir -p opt && mv kesl opt/kesl"), 0);
	(void)snprintf(pid, sizeof pid, "@pid %d ", start_program("opt/kesl", sleeper, 0));
	(void)snprintf(scan, sizeof scan, "scan /proc/%d/exe#/", started[0]);
	c = look();
	ASSERT_SAYS(c, pid, "name=kesl ", "/opt/kesl ", "command=kesl 1000 ", "state=running");
	ASSERT_SILENT(c, scan); /* the walk looks at that file */
	assert_true(c->read > 0);
	fake_collect_free(c);

	assert_int_equal(shell("rm opt/kesl"), 0);
	c = look();
	ASSERT_SAYS(c, pid, "name=kesl ", "/opt/kesl ", "state=deleted");
	ASSERT_SILENT(c, pid, "(deleted)");
	ASSERT_SAYS(c, scan);
	fake_collect_free(c);
}

static void test_case_8_replaced_executable(void **state)
{
	char scan[64];
	struct vt_collect *c;

	(void)state;
	assert_int_equal(shell("cp /bin/sleep victim"), 0);
	(void)start_program("victim", sleeper, 0);
	(void)snprintf(scan, sizeof scan, "scan /proc/%d/exe#/", started[0]);
	assert_int_equal(shell("cp /bin/true other && mv other victim"), 0);
	c = look();
	ASSERT_SAYS(c, scan);
	fake_collect_free(c);
}

static void test_case_8_memfd(void **state)
{
	char path[64], pid[32], scan[64], command[64];
	int fd = memfd_create("hidden", 0);
	struct vt_collect *c;

	(void)state;
	assert_true(fd >= 0);
	(void)snprintf(command, sizeof command, "cat /bin/sleep > /proc/%d/fd/%d", getpid(), fd);
	assert_int_equal(shell(command), 0);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	(void)snprintf(pid, sizeof pid, "@pid %d ", start_program(path, sleeper, 0));
	(void)snprintf(scan, sizeof scan, "scan /proc/%d/exe#/", started[0]);
	(void)close(fd);
	c = look();
	ASSERT_SAYS(c, pid, "name=memfd:hidden ", "path=/memfd:hidden ", "state=memfd");
	ASSERT_SAYS(c, scan);
	fake_collect_free(c);
}

/* How many lines begin with that and the process's number. */
static size_t count(const struct vt_collect *c, const char *what, pid_t pid)
{
	const char *at = (const char *)c->text.p;
	char begin[64];
	size_t n = 0;

	(void)snprintf(begin, sizeof begin, "%s%d/", what, pid);
	while ((at = strstr(at, begin))) {
		n++;
		at++;
	}
	return n;
}

/* A library that is mapped to run, and deleted; and data that is. */
static void test_case_8_mapped_and_deleted(void **state)
{
	char self[32], scan[64];
	struct vt_collect *c;
	void *code, *data;
	int fd;

	(void)state;
	assert_int_equal(shell("cp /lib/x86_64-linux-gnu/libm.so.6 libvendor.so && cp libvendor.so "
			       "plain.dat"),
		0);
	fd = open("libvendor.so", O_RDONLY | O_CLOEXEC);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	(void)close(fd);
	fd = open("plain.dat", O_RDONLY | O_CLOEXEC);
	data = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(code != MAP_FAILED && data != MAP_FAILED);
	(void)snprintf(self, sizeof self, "@pid %d ", getpid());
	c = look();
	ASSERT_SAYS(c, self, "name=libvendor.so ", "state=mapped ");
	fake_collect_free(c);
	assert_int_equal(shell("rm libvendor.so plain.dat"), 0);
	c = look();
	(void)snprintf(scan, sizeof scan, "scan /proc/%d/map_files/%lx-%lx#/", getpid(),
		(unsigned long)code, (unsigned long)code + 4096);
	ASSERT_SAYS(c, self, "name=libvendor.so ", "state=mapped deleted");
	ASSERT_SAYS(c, self, "name=plain.dat ", "state=mapped deleted");
	ASSERT_SAYS(c, self, "name=plain.dat ", "state=open deleted");
	ASSERT_SAYS(c, scan); /* code is; data is not handed over */
	assert_int_equal(count(c, "scan /proc/", getpid()), 1);
	fake_collect_free(c);
	(void)munmap(code, 4096);
	(void)munmap(data, 4096);
	(void)close(fd);
}

static void test_case_8_other_namespaces(void **state)
{
	char mine[64], line[80];
	struct vt_collect *c;
	ssize_t n;

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)start_program("/bin/sleep",
		(char *const[]){(char[]){"innerpid"}, (char[]){"1000"}, NULL},
		CLONE_NEWPID | CLONE_NEWNS);
	n = readlink("/proc/self/ns/pid", mine, sizeof mine - 1);
	assert_true(n > 0);
	mine[n] = 0;
	c = look();
	ASSERT_SAYS(c, "command=innerpid 1000 ", "state=running", "owner=");
	(void)snprintf(line, sizeof line, " %s ", mine);
	ASSERT_SILENT(c, "command=innerpid 1000 ", line); /* its namespace is another */
	fake_collect_free(c);
}

/* A program in a root of its own: its path is what it sees, and where that root is. */
static void test_case_8_own_root(void **state)
{
	char folder[256];
	struct vt_collect *c;
	char *const argv[] = {
		(char[]){"chroot"}, folder, (char[]){"/opt/kaspersky/kesl"}, (char[]){"60"}, NULL};

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)snprintf(folder, sizeof folder, "%s/jail", scratch);
	assert_int_equal(shell("mkdir -p jail/opt/kaspersky jail/lib64 jail/lib/x86_64-linux-gnu;"
			       "cp /bin/sleep jail/opt/kaspersky/kesl;"
			       "cp /lib64/ld-linux-x86-64.so.2 jail/lib64;"
			       "cp /lib/x86_64-linux-gnu/libc.so.6 jail/lib/x86_64-linux-gnu"),
		0);
	(void)start_program("/usr/sbin/chroot", argv, 0);
	for (int i = 0; i < 100; i++) { /* chroot(8) becomes the program */
		c = look();
		if (SAYS(c, " path=/opt/kaspersky/kesl ", "state=running"))
			break;
		fake_collect_free(c);
		(void)usleep(20000);
	}
	ASSERT_SAYS(c, " path=/opt/kaspersky/kesl ", "state=running", folder);
	fake_collect_free(c);
}

/* Processes of another user, seen by nobody in particular: each is unreadable, none is forgotten.
 */
static void test_unreadable_is_counted(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)start_program("/bin/sleep", sleeper, 0);
	pid = fork();
	if (pid == 0) {
		char line[64];
		struct vt_collect *c;
		bool ok;

		if (setgid(65534) || setuid(65534))
			_exit(3);
		c = look();
		(void)snprintf(line, sizeof line, "missed unreadable pid %d\n", started[0]);
		ok = SAYS(c, line) || strstr((const char *)c->text.p, line);
		_exit(ok && c->misses > 0 && c->seen == c->read + c->misses ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Kernel threads and the dead have no program: they are not counted, and are no misses. */
static void test_zombies_are_not_counted(void **state)
{
	char line[64];
	struct vt_collect *c;
	pid_t pid = fork();
	siginfo_t info;

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	(void)snprintf(line, sizeof line, "pid %d", pid);
	c = look();
	ASSERT_SILENT(c, line);
	ASSERT_SAYS(c, "source processes proc /proc");
	fake_collect_free(c);
	(void)waitpid(pid, NULL, 0);
}

/* Hundreds of processes that come and go while it looks: nothing is counted twice or lost. */
static void test_vanishing(void **state)
{
	struct vt_collect *c;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		for (;;) {
			pid_t one = fork();

			if (one == 0)
				execl("/bin/true", "true", (char *)NULL);
			(void)waitpid(one, NULL, 0);
		}
	started[nstarted++] = pid;
	for (int i = 0; i < 30; i++) {
		c = look();
		assert_int_equal(c->seen, c->read + c->misses);
		assert_true(c->read > 0);
		fake_collect_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_case_8_deleted_executable, stop_all),
		cmocka_unit_test_teardown(test_case_8_replaced_executable, stop_all),
		cmocka_unit_test_teardown(test_case_8_memfd, stop_all),
		cmocka_unit_test_teardown(test_case_8_mapped_and_deleted, stop_all),
		cmocka_unit_test_teardown(test_case_8_other_namespaces, stop_all),
		cmocka_unit_test_teardown(test_case_8_own_root, stop_all),
		cmocka_unit_test_teardown(test_unreadable_is_counted, stop_all),
		cmocka_unit_test_teardown(test_zombies_are_not_counted, stop_all),
		cmocka_unit_test_teardown(test_vanishing, stop_all),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
