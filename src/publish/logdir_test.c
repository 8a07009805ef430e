/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/fd.h"
#include "publish/logdir.h"
#include "store/folder.h"

static char root[] = "/tmp/vt-logdir-XXXXXX";
static unsigned folders;

/* Every file becomes visible by this call: here is where a power loss is tried out. */
static int renames_left = -1;
int renameat(int olddir, const char *old, int newdir, const char *new)
{
	if (renames_left >= 0 && renames_left-- == 0)
		_exit(42);
	return (int)syscall(SYS_renameat, olddir, old, newdir, new);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
	char command[] = "rm", flags[] = "-rf";
	char *argv[] = {command, flags, root, NULL};
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		execvp("rm", argv);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int folder(void)
{
	char path[64];
	int dir;

	(void)snprintf(path, sizeof path, "%s/%u", root, folders++);
	assert_int_equal(vt_store_open(path, true, &dir), VT_OK);
	return dir;
}

/* Entry `i` of an attempt: lengths differ, and some are empty. */
static vt_span entry(uint64_t i, unsigned attempt, char out[64])
{
	int n = i % 7 == 3 ? 0
			   : snprintf(out, 64, "%u/%llu/%.*s", attempt, (unsigned long long)i,
				     (int)(i * 5 % 40), "........................................");

	return vt_span_of(out, (size_t)n);
}

struct leaves {
	unsigned attempt;
	uint64_t from; /* entries before are of attempt 0 */
};

/* Hashes of the entries, by definition and not by tiles. */
static vt_err leaf(void *ctx, unsigned level, uint64_t index, vt_hash *out)
{
	const struct leaves *l = ctx;
	char text[64];
	vt_hash a, b;

	if (level == 0) {
		vt_merkle_leaf(entry(index, index < l->from ? 0 : l->attempt, text), out);
		return VT_OK;
	}
	if (leaf(ctx, level - 1, 2 * index, &a) || leaf(ctx, level - 1, 2 * index + 1, &b))
		return VT_EARG;
	vt_merkle_node(&a, &b, out);
	return VT_OK;
}

static vt_err from_folder(void *ctx, const char *path, size_t max, vt_buf *out)
{
	return vt_store_read(*(const int *)ctx, path, max, out);
}

static vt_err same(void *ctx, uint64_t index, vt_span got)
{
	const struct leaves *l = ctx;
	char text[64];

	return vt_span_eq(got, entry(index, index < l->from ? 0 : l->attempt, text)) ? VT_OK
										     : VT_EFORMAT;
}

/* A reader with the checkpoint of that size gets every entry, checked against the root. */
static void readable(int dir, uint64_t size, struct leaves *l)
{
	struct vt_tiles *t;
	vt_hash want;

	assert_int_equal(vt_merkle_root(leaf, l, size, &want), VT_OK);
	assert_int_equal(vt_tiles_open(size, &want, from_folder, &dir, &t), VT_OK);
	assert_int_equal(vt_tiles_each_entry(t, 0, size, same, l), VT_OK);
	vt_tiles_close(t);
}

static void add(struct vt_logdir *d, uint64_t from, uint64_t to, unsigned attempt)
{
	char text[64];

	for (uint64_t i = from; i < to; i++)
		assert_int_equal(vt_logdir_add(d, entry(i, attempt, text)), VT_OK);
}

static void root_is(const struct vt_logdir *d, uint64_t size, struct leaves *l)
{
	vt_hash want, root_hash;
	uint64_t n;

	assert_int_equal(vt_merkle_root(leaf, l, size, &want), VT_OK);
	vt_logdir_head(d, &n, &root_hash);
	assert_int_equal(n, size);
	assert_true(vt_hash_eq(&root_hash, &want));
}

/* Steps between flushes, across the edges of tiles of two levels. */
static void test_grow(void **state)
{
	static const uint64_t sizes[] = {
		1, 2, 255, 256, 257, 511, 512, 513, 700, 65535, 65536, 65537, 66000, 66048};
	struct leaves l = {0, UINT64_MAX};
	struct vt_logdir *d;
	uint64_t at = 0;
	int dir = folder();

	(void)state;
	assert_int_equal(vt_logdir_open(dir, 0, &d), VT_OK);
	root_is(d, 0, &l);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		add(d, at, sizes[i], 0);
		at = sizes[i];
		root_is(d, at, &l);
		assert_int_equal(vt_logdir_flush(d), VT_OK);
		root_is(d, at, &l);
		readable(dir, at, &l);
		if (i % 2) {
			vt_logdir_close(d);
			assert_int_equal(vt_logdir_open(dir, at, &d), VT_OK);
			root_is(d, at, &l);
		}
	}
	/* what readers of older checkpoints ask for is still there */
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		readable(dir, sizes[i], &l);
	vt_logdir_close(d);
	vt_fd_close(dir);
}

static void test_nodes(void **state)
{
	struct leaves l = {0, UINT64_MAX};
	struct vt_proof p;
	struct vt_logdir *d;
	vt_hash h, want, old, now;
	int dir = folder();

	(void)state;
	assert_int_equal(vt_logdir_open(dir, 0, &d), VT_OK);
	add(d, 0, 70000, 0);
	assert_int_equal(vt_logdir_flush(d), VT_OK);
	add(d, 70000, 70300, 0);
	for (unsigned level = 0; level < 17; level++) {
		uint64_t n = 70300u >> level;

		for (uint64_t i = 0; i < n; i += 1 + n / 9) {
			assert_int_equal(vt_logdir_get(d, level, i, &h), VT_OK);
			assert_int_equal(leaf(&l, level, i, &want), VT_OK);
			assert_true(vt_hash_eq(&h, &want));
		}
		assert_int_equal(vt_logdir_get(d, level, n, &h), VT_EARG);
	}
	assert_int_equal(vt_logdir_get(d, 63, 0, &h), VT_EARG);
	assert_int_equal(vt_logdir_get(d, 64, 0, &h), VT_EARG);
	assert_int_equal(vt_logdir_get(d, 8, UINT64_MAX, &h), VT_EARG);
	assert_int_equal(vt_merkle_prove_consistent(vt_logdir_get, d, 69999, 70300, &p), VT_OK);
	assert_int_equal(vt_merkle_root(vt_logdir_get, d, 69999, &old), VT_OK);
	assert_int_equal(vt_merkle_root(vt_logdir_get, d, 70300, &now), VT_OK);
	assert_true(vt_merkle_consistent(&p, 69999, &old, 70300, &now));
	vt_logdir_close(d);
	vt_fd_close(dir);
}

/* Killed before each file that a flush brings: the old tree stays whole, and another can follow. */
static void test_killed(void **state)
{
	struct leaves before = {0, UINT64_MAX}, after = {2, 250};
	bool done = false;

	(void)state;
	for (int kill_at = 0; !done; kill_at++) {
		int dir = folder(), status;
		struct vt_logdir *d;
		pid_t pid;

		assert_int_equal(vt_logdir_open(dir, 0, &d), VT_OK);
		add(d, 0, 250, 0);
		assert_int_equal(vt_logdir_flush(d), VT_OK);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			char text[64];

			renames_left = kill_at;
			for (uint64_t i = 250; i < 1000; i++)
				if (vt_logdir_add(d, entry(i, 1, text)))
					_exit(1);
			_exit(vt_logdir_flush(d) ? 1 : 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		done = WEXITSTATUS(status) == 0;
		assert_true(done || WEXITSTATUS(status) == 42);
		vt_logdir_close(d);
		readable(dir, 250, &before);
		/* the next attempt is another one, and longer than what lies about */
		assert_int_equal(vt_logdir_open(dir, 250, &d), VT_OK);
		add(d, 250, 600, 2);
		assert_int_equal(vt_logdir_flush(d), VT_OK);
		root_is(d, 600, &after);
		readable(dir, 600, &after);
		vt_logdir_close(d);
		vt_fd_close(dir);
		/* 750 entries: four bundles, four tiles, one tile above */
		assert_true(kill_at <= 9);
		if (done)
			assert_int_equal(kill_at, 9);
	}
}

/* Files that are gone or changed are noticed when it is opened. */
static void test_damage(void **state)
{
	static const char *files[] = {"tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/002.p/88"};
	struct vt_logdir *d, *again;
	int dir = folder();

	(void)state;
	assert_int_equal(vt_logdir_open(dir, 0, &d), VT_OK);
	add(d, 0, 600, 0);
	assert_int_equal(vt_logdir_flush(d), VT_OK);
	vt_logdir_close(d);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		vt_buf b = VT_BUF_INIT(100000);

		assert_int_equal(vt_store_read(dir, files[i], 100000, &b), VT_OK);
		assert_int_equal(vt_store_remove(dir, files[i]), VT_OK);
		assert_int_equal(vt_logdir_open(dir, 600, &again), VT_EFORMAT);
		assert_int_equal(vt_store_write(dir, files[i], vt_span_of(b.p, b.n - 33)), VT_OK);
		assert_int_equal(vt_logdir_open(dir, 600, &again), VT_EFORMAT);
		if (i == 2) {
			b.p[b.n - 1] ^= 1;
			assert_int_equal(vt_store_write(dir, files[i], vt_buf_span(&b)), VT_OK);
			assert_int_equal(vt_logdir_open(dir, 600, &again), VT_EFORMAT);
			b.p[b.n - 1] ^= 1;
		}
		assert_int_equal(vt_store_write(dir, files[i], vt_buf_span(&b)), VT_OK);
		vt_buf_free(&b);
	}
	assert_int_equal(vt_logdir_open(dir, 600, &again), VT_OK);
	/* a partial tile may be gone once the whole one is there */
	add(again, 600, 768, 0);
	assert_int_equal(vt_logdir_flush(again), VT_OK);
	vt_logdir_close(again);
	assert_int_equal(vt_store_remove(dir, files[0]), VT_OK);
	assert_int_equal(vt_store_remove(dir, files[2]), VT_OK);
	assert_int_equal(vt_logdir_open(dir, 600, &again), VT_OK);
	root_is(again, 600, &(struct leaves){0, UINT64_MAX});
	vt_logdir_close(again);
	vt_fd_close(dir);
}

static void test_limits(void **state)
{
	static uint8_t big[VT_ENTRY_MAX + 1];
	struct vt_logdir *d;
	vt_hash before, now;
	uint64_t n;
	int dir = folder();

	(void)state;
	assert_int_equal(vt_logdir_open(dir, 0, &d), VT_OK);
	assert_int_equal(vt_logdir_add(d, vt_span_of(big, VT_ENTRY_MAX)), VT_OK);
	vt_logdir_head(d, &n, &before);
	assert_int_equal(vt_logdir_add(d, vt_span_of(big, sizeof big)), VT_EARG);
	vt_logdir_head(d, &n, &now);
	assert_int_equal(n, 1);
	assert_true(vt_hash_eq(&before, &now));
	vt_logdir_close(d);
	assert_int_equal(vt_logdir_open(dir, UINT64_MAX, &d), VT_EARG);
	vt_fd_close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
