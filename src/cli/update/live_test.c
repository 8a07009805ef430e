/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/update/live.h"
#include "os/fd.h"

static char state[64];
static int dir;
static vt_arena arena = VT_ARENA_INIT(1 << 20);

static int set_up(void **unused)
{
	(void)unused;
	snprintf(state, sizeof state, "/tmp/vitrine-live-XXXXXX");
	return !mkdtemp(state) || vt_live_open(state, true, &dir) != VT_OK;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

static int tear_down(void **unused)
{
	(void)unused;
	vt_fd_close(dir);
	vt_arena_free(&arena);
	return nftw(state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_file(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(vt_fd_write(fd, text, strlen(text)), VT_OK);
	close(fd);
}

/* A generation whose images hold `text`. */
static void switch_to(uint64_t index, const char *text, bool delta)
{
	struct vt_live_set sets[] = {{.name = vt_span_str("daily"), .version = index, .base = 1},
		{.name = vt_span_str("main"), .version = 7, .base = 7}};
	vt_hash withdrawn[] = {{{1, 2, 3}}};
	struct vt_generation g = {.log = vt_span_str("updates.example+01234567+AAAA"),
		.state_index = index,
		.state_version = index + 1,
		.applied = 1700000000,
		.has_content = true,
		.content = {{9, 8, 7}},
		.nwithdrawn = 1,
		.withdrawn = withdrawn,
		.nsets = 2,
		.sets = sets,
		.delta = delta};
	int into;

	assert_int_equal(vt_live_new(dir, &into), VT_OK);
	write_file(into, "base.vtdb", text);
	if (delta)
		write_file(into, "delta.vtdb", "delta");
	close(into);
	assert_int_equal(vt_live_switch(dir, &g), VT_OK);
}

static void expect(const char *link, uint64_t index, const char *text, size_t images)
{
	struct vt_generation g;
	char name[VT_GENERATION_MAX], got[16] = "";
	int fds[2];
	size_t n;

	assert_int_equal(vt_live_read(dir, link, &arena, &g), VT_OK);
	assert_true(vt_span_eq(g.log, vt_span_str("updates.example+01234567+AAAA")));
	assert_int_equal(g.state_index, index);
	assert_int_equal(g.state_version, index + 1);
	assert_int_equal(g.applied, 1700000000);
	assert_true(g.has_content && g.content.b[0] == 9 && g.nwithdrawn == 1 &&
		g.withdrawn[0].b[2] == 3);
	assert_int_equal(g.nsets, 2);
	assert_true(vt_span_eq(g.sets[0].name, vt_span_str("daily")));
	assert_int_equal(g.sets[0].version, index);
	assert_int_equal(g.sets[0].base, 1);
	assert_int_equal(g.delta, images == 2);
	assert_int_equal(vt_live_images(state, link, fds, &n, name), VT_OK);
	assert_string_equal(name, g.name);
	assert_int_equal(n, images);
	assert_true(read(fds[0], got, sizeof got - 1) > 0);
	assert_string_equal(got, text);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static bool there(const char *path)
{
	return faccessat(dir, path, F_OK, 0) == 0;
}

static void test_nothing_yet(void **unused)
{
	char name[VT_GENERATION_MAX];
	struct vt_generation g;
	int fds[2];
	size_t n = 9;

	(void)unused;
	assert_int_equal(vt_live_images("/nonexistent", "live", fds, &n, name), VT_OK);
	assert_int_equal(n, 0);
	assert_int_equal(vt_live_images(state, "live", fds, &n, name), VT_OK);
	assert_int_equal(n, 0);
	assert_int_equal(vt_live_read(dir, "live", &arena, &g), VT_END);
	assert_int_equal(vt_live_back(dir), VT_END);
}

static void test_switching(void **unused)
{
	(void)unused;
	switch_to(3, "three", false);
	expect("live", 3, "three", 1);
	switch_to(5, "five", true);
	expect("live", 5, "five", 2);
	expect("good", 3, "three", 1);
	assert_true(there("g1") && there("g2"));
	switch_to(9, "nine", true);
	expect("live", 9, "nine", 2);
	expect("good", 5, "five", 2);
	assert_false(there("g1")); /* two are kept */
	assert_int_equal(vt_live_back(dir), VT_OK);
	expect("live", 5, "five", 2);
	expect("bad", 9, "nine", 2);
	assert_int_equal(vt_live_back(dir), VT_END);
}

/* Killed between making and linking: what lies there is in nobody's way. */
static void test_leftovers(void **unused)
{
	int into;

	(void)unused;
	switch_to(3, "three", false);
	assert_int_equal(mkdirat(dir, "g2", 0755), 0);
	into = openat(dir, "g2", O_RDONLY | O_DIRECTORY);
	write_file(into, "base.vtdb", "torn");
	close(into);
	assert_int_equal(vt_live_new(dir, &into), VT_OK);
	write_file(into, "delta.vtdb", "of a run that died");
	close(into);
	switch_to(5, "five", false);
	expect("live", 5, "five", 1);
	expect("good", 3, "three", 1);
}

static void test_crashes_put_the_one_before_back(void **unused)
{
	struct vt_generation g;
	bool back;

	(void)unused;
	switch_to(3, "three", false);
	switch_to(5, "five", false);
	assert_int_equal(vt_live_read(dir, "live", &arena, &g), VT_OK);
	for (unsigned i = 1; i < VT_CRASHES_MAX; i++) {
		assert_int_equal(vt_live_crashed(state, g.name, &back), VT_OK);
		assert_false(back);
	}
	expect("live", 5, "five", 1);
	assert_int_equal(vt_live_crashed(state, g.name, &back), VT_OK);
	assert_true(back);
	expect("live", 3, "three", 1);
	expect("bad", 5, "five", 1);
	assert_int_equal(vt_live_crashed(state, "../../etc", &back), VT_EARG);
}

static void test_damaged_manifests(void **unused)
{
	static const char good[] = "state 1 1\napplied 2026-01-01T00:00:00Z\nset a 1 1\nimages "
				   "base\n";
	static const char *const bad[] = {"", "state 1 1\n",
		"state 1 x\napplied 2026-01-01T00:00:00Z\nimages base\n",
		"state 1 1\napplied yesterday\nimages base\n",
		"state 1 1\napplied 2026-01-01T00:00:00Z\nset a 1\nimages base\n",
		"state 1 1\napplied 2026-01-01T00:00:00Z\nimages all\n",
		"state 1 1\napplied 2026-01-01T00:00:00Z\nimages base\nx\n",
		"state 1 1\napplied 2026-01-01T00:00:00Z\ncontent 12\nimages base\n",
		"state 1 1\napplied 2026-01-01T00:00:00Z\nwithdrawn 12\nimages base\n"};
	struct vt_generation g;
	char text[256];
	int sub;

	(void)unused;
	switch_to(3, "three", false);
	sub = openat(dir, "g1", O_RDONLY | O_DIRECTORY);
	(void)snprintf(text, sizeof text, "vitrine/generation/v1\nlog a+b\n%s", good);
	write_file(sub, "manifest", text);
	assert_int_equal(vt_live_read(dir, "live", &arena, &g), VT_OK);
	(void)snprintf(text, sizeof text, "vitrine/generation/v2\nlog a+b\n%s", good);
	write_file(sub, "manifest", text);
	assert_int_equal(vt_live_read(dir, "live", &arena, &g), VT_EFORMAT);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		(void)snprintf(text, sizeof text, "vitrine/generation/v1\nlog a+b\n%s", bad[i]);
		write_file(sub, "manifest", text);
		assert_int_equal(vt_live_read(dir, "live", &arena, &g), VT_EFORMAT);
	}
	close(sub);
}

/* Each becomes what the other was; nothing is put out of use. */
static void test_swap(void **unused)
{
	struct vt_generation g;

	(void)unused;
	switch_to(3, "three", false);
	assert_int_equal(vt_live_swap(dir), VT_END);
	switch_to(5, "five", true);
	assert_int_equal(vt_live_swap(dir), VT_OK);
	expect("live", 3, "three", 1);
	expect("good", 5, "five", 2);
	assert_int_equal(vt_live_bad(dir, &arena, &g), VT_END);
	switch_to(6, "six", false);
	expect("live", 6, "six", 1);
	expect("good", 3, "three", 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_yet),
		TEST(test_switching),
		TEST(test_leftovers),
		TEST(test_swap),
		TEST(test_crashes_put_the_one_before_back),
		TEST(test_damaged_manifests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
