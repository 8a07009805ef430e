/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/fd.h"
#include "store/folder.h"

static char root[] = "/tmp/vt-store-XXXXXX";
static int dir = -1;

static int begin(void **state)
{
	(void)state;
	return mkdtemp(root) && vt_store_open(root, false, &dir) == VT_OK ? 0 : -1;
}

static int end(void **state)
{
	char command[] = "rm";
	char flags[] = "-rf";
	char *argv[] = {command, flags, root, NULL};
	int status;
	pid_t pid;

	(void)state;
	vt_fd_close(dir);
	pid = fork();
	if (pid == 0) {
		execvp("rm", argv);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static void test_paths(void **state)
{
	static const char *good[] = {
		"a", "tile/0/x001/067.p/3", "...", ".a", "a..b/-_", "checkpoint"};
	static const char *bad[] = {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..",
		"a/../b", "a/./b", "a b", "a\nb", "a~", "\xc3\xa9", "a\\b", "a:b"};
	char longest[1200];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(vt_store_path_ok(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		vt_buf b = VT_BUF_INIT(100);

		assert_false(vt_store_path_ok(bad[i]));
		assert_int_equal(vt_store_read(dir, bad[i], 100, &b), VT_EARG);
		assert_int_equal(vt_store_write(dir, bad[i], vt_span_str("x")), VT_EARG);
		assert_int_equal(vt_store_remove(dir, bad[i]), VT_EARG);
		assert_false(vt_store_has(dir, bad[i]));
	}
	memset(longest, 'a', sizeof longest);
	longest[201] = '\0';
	assert_false(vt_store_path_ok(longest));
	longest[200] = '\0';
	assert_true(vt_store_path_ok(longest));
}

static void expect(const char *path, const char *text)
{
	vt_buf b = VT_BUF_INIT(1000);

	assert_int_equal(vt_store_read(dir, path, 1000, &b), VT_OK);
	assert_int_equal(b.n, strlen(text));
	assert_memory_equal(b.p, text, b.n);
	vt_buf_free(&b);
}

static void test_write_read(void **state)
{
	vt_buf b = VT_BUF_INIT(100);

	(void)state;
	assert_int_equal(vt_store_read(dir, "one/two/three", 10, &b), VT_END);
	assert_int_equal(vt_store_write(dir, "one/two/three", vt_span_str("0123456789")), VT_OK);
	assert_true(vt_store_has(dir, "one/two/three"));
	assert_false(vt_store_has(dir, "one/two"));
	expect("one/two/three", "0123456789");
	assert_int_equal(vt_store_read(dir, "one/two/three", 9, &b), VT_ELIMIT);
	assert_int_equal(b.n, 0);
	/* exactly the maximum is not past it, and what was in the buffer stays */
	assert_int_equal(vt_buf_add(&b, "x", 1), VT_OK);
	assert_int_equal(vt_store_read(dir, "one/two/three", 10, &b), VT_OK);
	assert_int_equal(b.n, 11);
	assert_memory_equal(b.p, "x0123456789", 11);
	vt_buf_free(&b);
	b.max = 5;
	assert_int_equal(vt_store_read(dir, "one/two/three", 10, &b), VT_ELIMIT);
	assert_int_equal(vt_store_put(dir, "one/two/three", vt_span_str("new")), VT_OK);
	assert_int_equal(vt_store_sync(dir), VT_OK);
	expect("one/two/three", "new");
	assert_int_equal(vt_store_write(dir, "one/empty", vt_span_of(NULL, 0)), VT_OK);
	expect("one/empty", "");
	assert_int_equal(vt_store_remove(dir, "one/two/three"), VT_OK);
	assert_int_equal(vt_store_remove(dir, "one/two/three"), VT_OK);
	assert_int_equal(vt_store_remove(dir, "nowhere/three"), VT_OK);
	assert_false(vt_store_has(dir, "one/two/three"));
	/* a file where a folder should be */
	assert_int_equal(vt_store_write(dir, "one/empty/x", vt_span_str("x")), VT_EIO);
	vt_buf_free(&b);
}

/* Links, in the last component or before it, are followed by nothing. */
static void test_links(void **state)
{
	vt_buf b = VT_BUF_INIT(100);
	struct stat st;

	(void)state;
	assert_int_equal(vt_store_write(dir, "real/secret", vt_span_str("secret")), VT_OK);
	assert_int_equal(symlinkat("real", dir, "way"), 0);
	assert_int_equal(symlinkat("real/secret", dir, "file"), 0);
	assert_int_equal(vt_store_read(dir, "way/secret", 100, &b), VT_EIO);
	assert_int_equal(vt_store_read(dir, "file", 100, &b), VT_EIO);
	assert_false(vt_store_has(dir, "way/secret"));
	assert_false(vt_store_has(dir, "file"));
	assert_int_equal(vt_store_write(dir, "way/secret", vt_span_str("bad")), VT_EIO);
	assert_int_equal(vt_store_remove(dir, "way/secret"), VT_EIO);
	expect("real/secret", "secret");
	/* writing over a link puts a file in its place */
	assert_int_equal(vt_store_write(dir, "file", vt_span_str("mine")), VT_OK);
	expect("real/secret", "secret");
	assert_int_equal(fstatat(dir, "file", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	/* a pipe neither blocks nor is read */
	assert_int_equal(mkfifoat(dir, "pipe", 0600), 0);
	assert_int_equal(vt_store_read(dir, "pipe", 100, &b), VT_EIO);
	vt_buf_free(&b);
}

static unsigned count_files(const char *name)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	(void)snprintf(path, sizeof path, "%s/%s", root, name);
	d = opendir(path);
	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* A write that the system refuses half way leaves the old file and nothing else. */
static void test_failed_write(void **state)
{
	static char big[200000];
	struct rlimit was, small;
	void (*old)(int);

	(void)state;
	assert_int_equal(vt_store_write(dir, "full/file", vt_span_str("old")), VT_OK);
	old = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 100000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(vt_store_write(dir, "full/file", vt_span_of(big, sizeof big)), VT_EIO);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	(void)signal(SIGXFSZ, old);
	expect("full/file", "old");
	assert_int_equal(count_files("full"), 1);
}

/* Whoever reads while another writes, and is killed, sees one of the versions whole. */
static void test_killed_writer(void **state)
{
	static char version[2][50000];
	vt_buf b = VT_BUF_INIT(100000);

	(void)state;
	memset(version[0], 'a', sizeof version[0]);
	memset(version[1], 'b', sizeof version[1]);
	assert_int_equal(
		vt_store_write(dir, "kill/file", vt_span_of(version[0], sizeof version[0])), VT_OK);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			for (unsigned n = 0;; n++)
				if (vt_store_put(dir, "kill/file",
					    vt_span_of(version[n % 2], sizeof version[0])))
					_exit(1);
		for (int k = 0; k < 20; k++) {
			vt_buf_clear(&b);
			assert_int_equal(vt_store_read(dir, "kill/file", 100000, &b), VT_OK);
			assert_int_equal(b.n, sizeof version[0]);
			assert_memory_equal(b.p, version[b.p[0] == 'b'], b.n);
		}
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	vt_buf_free(&b);
}

static void test_lock(void **state)
{
	int a, b;

	(void)state;
	assert_int_equal(vt_store_lock(dir, false, &a), VT_OK);
	assert_int_equal(vt_store_lock(dir, false, &b), VT_EAGAIN);
	vt_fd_close(a);
	assert_int_equal(vt_store_lock(dir, true, &b), VT_OK);
	vt_fd_close(b);
}

static void test_open(void **state)
{
	char path[64];
	int fd;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/new/deep/folder", root);
	errno = 0;
	assert_int_equal(vt_store_open(path, false, &fd), VT_EIO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(vt_store_open(path, true, &fd), VT_OK);
	vt_fd_close(fd);
	assert_int_equal(vt_store_open(path, false, &fd), VT_OK);
	vt_fd_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_write_read),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_failed_write),
		cmocka_unit_test(test_killed_writer),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
