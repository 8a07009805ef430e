/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/tree_test.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "tree/folder.h"

static void by_hand(struct vt_tree *t)
{
	((struct vt_folder *)t)->openat2 = false;
}

/* Each check with the kernel's resolution, and with ours. */
static void test_links_stay_inside(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{"/etc/name", "inside\n"},
		{"/etc/../etc/./name", "inside\n"},
		{"/../../etc/name", "inside\n"},
		{"//etc///name/", "error: there is nothing more"},
		{"/absolute", "inside\n"},
		{"/relative", "inside\n"},
		{"/climbs", "inside\n"},
		{"/folderlink/name", "inside\n"},
		{"/folderlink/../etc/name", "inside\n"},
		{"/outside", "error: there is nothing more"},
		{"/loop1", "error: a limit was reached"},
		{"/self/x", "error: a limit was reached"},
		{"/nothing", "error: there is nothing more"},
		{"/etc/name/x", "error: there is nothing more"},
		{"/dangling", "error: there is nothing more"},
		{"/etc", "error: not supported"},
		{"/fifo", "error: not supported"},
		{"", "error: there is nothing more"},
	};
	struct vt_tree *t;

	(void)state;
	assert_int_equal(shell("mkdir -p r/etc r/sub; echo inside > r/etc/name;"
			       "echo secret > secret; ln -s /etc/name r/absolute;"
			       "ln -s etc/name r/relative; ln -s ../../../../../etc/name r/climbs;"
			       "ln -s /etc r/folderlink; ln -s /tmp/../secret r/outside;"
			       "ln -s loop2 r/loop1; ln -s loop1 r/loop2; ln -s self r/self;"
			       "ln -s none r/dangling; mkfifo r/fifo"),
		0);
	for (int hand = 0; hand < 2; hand++) {
		t = open_folder("r", false);
		if (hand)
			by_hand(t);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			const char *got = text_of(t, cases[i].path);

			if (i == 3) /* a file with a slash behind it: the kernel says no */
				continue;
			if (strncmp(cases[i].want, "error", 5) == 0)
				assert_int_equal(strncmp(got, "error", 5), 0);
			else
				assert_string_equal(got, cases[i].want);
		}
		vt_tree_free(t);
	}
}

static void test_answers(void **state)
{
	vt_buf b = VT_BUF_INIT(100);
	struct vt_node n;
	struct vt_tree *t;
	int fd;

	(void)state;
	for (int hand = 0; hand < 2; hand++) {
		t = open_folder("r", false);
		if (hand)
			by_hand(t);
		assert_int_equal(stat_of(t, "/", false, &n), VT_OK);
		assert_int_equal(n.type, VT_NODE_FOLDER);
		assert_int_equal(stat_of(t, "/absolute", false, &n), VT_OK);
		assert_int_equal(n.type, VT_NODE_LINK);
		assert_int_equal(stat_of(t, "/absolute", true, &n), VT_OK);
		assert_int_equal(n.type, VT_NODE_FILE);
		assert_int_equal(n.size, 7);
		assert_int_equal(stat_of(t, "/fifo", true, &n), VT_OK);
		assert_int_equal(n.type, VT_NODE_OTHER);
		assert_int_equal(stat_of(t, "/loop1", true, &n), VT_ELIMIT);
		assert_int_equal(stat_of(t, "/loop1", false, &n), VT_OK);
		assert_int_equal(stat_of(t, "/none", false, &n), VT_END);
		assert_int_equal(vt_tree_stat(t, vt_span_of("/e\0c", 4), true, &n), VT_END);
		assert_int_equal(vt_tree_link(t, vt_span_str("/climbs"), &b), VT_OK);
		assert_true(vt_span_eq(vt_buf_span(&b), vt_span_str("../../../../../etc/name")));
		vt_buf_clear(&b);
		assert_int_equal(vt_tree_link(t, vt_span_str("/etc"), &b), VT_EUNSUPPORTED);
		assert_int_equal(vt_tree_link(t, vt_span_str("/none"), &b), VT_END);
		assert_int_equal(vt_tree_open(t, vt_span_str("/etc/name"), 6, &fd), VT_ELIMIT);
		assert_int_equal(vt_tree_open(t, vt_span_str("/etc/name"), 7, &fd), VT_OK);
		assert_int_equal(close(fd), 0);
		assert_string_equal(names_of(t, "/folderlink"), "name ");
		assert_string_equal(names_of(t, "/"),
			"absolute climbs dangling etc fifo folderlink loop1 loop2 outside relative "
			"self sub ");
		assert_int_equal(strncmp(names_of(t, "/etc/name"), "error", 5), 0);
		vt_tree_free(t);
	}
	vt_buf_free(&b);
}

static void test_case_does_not_matter(void **state)
{
	struct vt_tree *t;

	(void)state;
	assert_int_equal(shell("mkdir -p w/Windows/System32 w/\303\204rger;"
			       "echo a > w/Windows/System32/Kernel32.DLL;"
			       "echo b > w/\303\204rger/\320\226\316\251.txt;"
			       "echo upper > w/TWO; echo lower > w/two"),
		0);
	t = open_folder("w", false);
	assert_int_equal(strncmp(text_of(t, "/windows/system32/kernel32.dll"), "error", 5), 0);
	vt_tree_fold(t);
	assert_string_equal(text_of(t, "/windows/SYSTEM32/kernel32.dll"), "a\n");
	assert_string_equal(text_of(t, "/\303\244RGER/\320\266\317\211.TXT"), "b\n");
	assert_string_equal(text_of(t, "/two"), "lower\n");
	assert_string_equal(text_of(t, "/Two"), "upper\n");
	vt_tree_free(t);
}

static void test_walk_meets_all(void **state)
{
	struct notes n;
	struct vt_tree *t = open_folder("r", false);

	(void)state;
	walk_notes(t, "/", &n);
	assert_int_equal(n.entries, 13);
	assert_int_equal(n.folders, 2);
	assert_int_equal(n.left, 3);
	assert_int_equal(n.misses, 0);
	assert_true(has_line(&n, "f /etc/name"));
	assert_true(has_line(&n, "l /self"));
	assert_true(has_line(&n, "o /fifo"));
	notes_free(&n);
	walk_notes(t, "/folderlink/", &n);
	assert_true(has_line(&n, "f /folderlink/name"));
	assert_int_equal(n.entries, 1);
	notes_free(&n);
	vt_tree_free(t);
}

/* 200 folders of 250 bytes: ten times PATH_MAX, with descriptors for a fraction of them. */
static void test_deep(void **state)
{
	char name[251], *long_path = calloc(1, VT_TREE_PATH_MAX), *at = long_path;
	struct rlimit few = {100, 100}, before;
	struct vt_node node;
	struct vt_tree *t;
	struct notes n;
	int dir, fd;

	(void)state;
	memset(name, 'd', sizeof name - 1);
	name[250] = '\0';
	assert_int_equal(mkdir("deep", 0755), 0);
	dir = open("deep", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 200; i++) {
		int next;

		assert_int_equal(mkdirat(dir, name, 0755), 0);
		fd = openat(dir, "file", O_CREAT | O_WRONLY, 0644);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "x", 1), 1);
		close(fd);
		next = openat(dir, name, O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(dir);
		dir = next;
		at = stpcpy(stpcpy(at, "/"), name);
	}
	fd = openat(dir, "bottom", O_CREAT | O_WRONLY, 0644);
	assert_true(fd >= 0 && write(fd, "deep", 4) == 4);
	close(fd);
	close(dir);
	(void)stpcpy(at, "/bottom");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	t = open_folder("deep", false);
	walk_notes(t, "/", &n);
	assert_int_equal(n.entries, 401);
	assert_int_equal(n.misses, 0);
	assert_int_equal(n.longest, strlen(long_path));
	assert_int_equal(stat_of(t, long_path, true, &node), VT_OK);
	assert_int_equal(node.size, 4);
	assert_string_equal(text_of(t, long_path), "deep");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	notes_free(&n);
	vt_tree_free(t);
	free(long_path);
}

/* A path of more bytes than there may be is a miss, and the walk goes on. */
static void test_too_deep(void **state)
{
	char name[251];
	struct vt_tree *t;
	struct notes n;
	int dir;

	(void)state;
	memset(name, 'e', sizeof name - 1);
	name[250] = '\0';
	assert_int_equal(mkdir("toodeep", 0755), 0);
	dir = open("toodeep", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 300; i++) {
		int next;

		assert_int_equal(mkdirat(dir, name, 0755), 0);
		next = openat(dir, name, O_RDONLY | O_DIRECTORY);
		close(dir);
		dir = next;
	}
	close(dir);
	t = open_folder("toodeep", false);
	walk_notes(t, "/", &n);
	assert_int_equal(n.entries, VT_TREE_PATH_MAX / 251);
	assert_int_equal(n.misses, 1);
	notes_free(&n);
	vt_tree_free(t);
}

/* Hard case 7: what a folder or file is replaced by between the look and the step. */
struct swap {
	struct vt_tree *t;
	struct notes notes;
	vt_err opened;
};

static vt_err swap_entry(void *ctx, const struct vt_visit *v)
{
	struct swap *s = ctx;
	int fd = -1;

	if (vt_span_eq(v->path, vt_span_str("/d")))
		assert_int_equal(shell("mv s/d s-d; ln -s ../outside s/d"), 0);
	if (vt_span_eq(v->path, vt_span_str("/e")))
		assert_int_equal(shell("mv s/e s-e; mkdir s/e; echo > s/e/other"), 0);
	if (vt_span_eq(v->path, vt_span_str("/file"))) {
		assert_int_equal(shell("mv s/file s-file; ln -s ../outside/secret s/file"), 0);
		s->opened = vt_visit_open(v, 1000, &fd);
	}
	if (vt_span_eq(v->path, vt_span_str("/pipe"))) {
		assert_int_equal(shell("mv s/pipe s-pipe; mkfifo s/pipe"), 0);
		assert_int_equal(vt_visit_open(v, 1000, &fd), VT_EAGAIN);
	}
	return note_entry(&s->notes, v);
}

static void swap_missed(void *ctx, vt_span path, enum vt_miss why)
{
	note_missed(&((struct swap *)ctx)->notes, path, why);
}

static void test_hard_case_7_swapped_under_the_walk(void **state)
{
	struct swap s = {.notes = {.text = {.max = 1 << 20}}};
	struct vt_walk_fns fns = {.entry = swap_entry, .missed = swap_missed, .ctx = &s};

	(void)state;
	assert_int_equal(shell("mkdir -p s/d s/e outside; echo > outside/secret; echo > s/d/in;"
			       "echo > s/file; echo > s/pipe; echo > s/e/in"),
		0);
	s.t = open_folder("s", false);
	assert_int_equal(vt_tree_walk(s.t, vt_span_str("/"), &fns), VT_OK);
	assert_int_equal(s.opened, VT_EAGAIN);
	assert_true(has_line(&s.notes, "! vanished /d"));
	assert_true(has_line(&s.notes, "! vanished /e"));
	assert_int_equal(s.notes.misses, 2);
	assert_null(strstr((const char *)s.notes.text.p, "secret"));
	assert_null(strstr((const char *)s.notes.text.p, "other"));
	notes_free(&s.notes);
	vt_tree_free(s.t);
}

/* Folders far below are moved while the walk is in them: it finds its way back, or says so. */
static vt_err move_entry(void *ctx, const struct vt_visit *v)
{
	if (vt_span_eq(v->name, vt_span_str("n60")))
		assert_int_equal(
			shell("mkdir m2; mv m/n1/n2/n3 m2/; mkdir m/n1/n2/n3; echo > m/n1/n2/z"),
			0);
	return note_entry(ctx, v);
}

static void test_moved_far_below(void **state)
{
	struct notes n = {.text = {.max = 1 << 20}};
	struct vt_walk_fns fns = {.entry = move_entry, .missed = note_missed, .ctx = &n};
	struct vt_tree *t;

	(void)state;
	assert_int_equal(shell("d=m; for i in $(seq 1 60); do d=$d/n$i; done; mkdir -p $d;"
			       "echo > m/last"),
		0);
	t = open_folder("m", false);
	assert_int_equal(vt_tree_walk(t, vt_span_str("/"), &fns), VT_OK);
	assert_true(has_line(&n, "f /last"));
	assert_true(n.entries >= 61);
	notes_free(&n);
	vt_tree_free(t);
}

/* Hard case 14: nothing is opened but regular files, and what can't be read is said. */
static void test_hard_case_14_special_and_unreadable(void **state)
{
	struct vt_tree *t;
	struct notes n;

	(void)state;
	assert_int_equal(shell("mkdir -p u/closed; echo > u/closed/in; mkfifo u/pipe;"
			       "echo > u/secret; chmod 000 u/closed u/secret; chmod 755 ."),
		0);
	if (geteuid() == 0 && (mknod("u/zero", S_IFCHR | 0666, makedev(1, 5)) != 0))
		print_message("no device node: not permitted\n");
	t = open_folder("u", false);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	walk_notes(t, "/", &n);
	assert_true(has_line(&n, "! unreadable /closed"));
	assert_true(has_line(&n, "f /secret"));
	assert_int_equal(n.misses, 1);
	assert_int_equal(strcmp(text_of(t, "/secret"), "error: input or output failed"),
		strcmp(vt_err_text(VT_EIO), "input or output failed"));
	assert_int_equal(strncmp(text_of(t, "/secret"), "error", 5), 0);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	notes_free(&n);
	vt_tree_free(t);
}

/* Something is mounted over a folder between the look and the step. */
static vt_err mount_entry(void *ctx, const struct vt_visit *v)
{
	if (vt_span_eq(v->path, vt_span_str("/plain")))
		assert_int_equal(mount("none", "b/plain", "tmpfs", 0, NULL), 0);
	return note_entry(ctx, v);
}

static void mounted_over(void)
{
	struct notes n = {.text = {.max = 1 << 20}};
	struct vt_walk_fns fns = {.entry = mount_entry, .missed = note_missed, .ctx = &n};
	struct vt_tree *t = open_folder("b", false);

	assert_int_equal(vt_tree_walk(t, vt_span_str("/"), &fns), VT_OK);
	assert_true(has_line(&n, "! vanished /plain"));
	notes_free(&n);
	vt_tree_free(t);
}

/* Hard case 6: bind mounts, other file systems, overlays and the kernel's own. In a namespace. */
static int mounts_child(void)
{
	struct vt_tree *t;
	struct notes n;

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return 77;
	if (shell("mkdir -p b/bind b/tmp b/proc b/over b/plain o/low o/up o/work; echo > "
		  "o/low/deep;"
		  "echo > o/up/new; mkdir -p else; echo > else/elsewhere; mount --bind else b/bind;"
		  "mount -t tmpfs none b/tmp; echo > b/tmp/t; mount -t proc none b/proc") != 0)
		return 77;
	if (shell("mount -t tmpfs none o; mkdir -p o/low o/up o/work; echo > o/low/deep;"
		  "echo > o/up/new; mount -t overlay -o "
		  "lowerdir=o/low,upperdir=o/up,workdir=o/work "
		  "none b/over") != 0)
		return 77;
	t = open_folder("b", false);
	walk_notes(t, "/", &n);
	assert_true(has_line(&n, "! mount-not-entered /bind"));
	assert_true(has_line(&n, "! mount-not-entered /tmp"));
	assert_true(has_line(&n, "! mount-not-entered /over"));
	assert_true(has_line(&n, "d /proc"));
	assert_int_equal(n.misses, 3);
	assert_int_equal(n.entries, 5);
	notes_free(&n);
	vt_tree_free(t);
	t = open_folder("b", true);
	walk_notes(t, "/", &n);
	assert_true(has_line(&n, "f /bind/elsewhere"));
	assert_true(has_line(&n, "f /tmp/t"));
	assert_true(has_line(&n, "f /over/deep"));
	assert_true(has_line(&n, "f /over/new"));
	assert_int_equal(n.misses, 0);
	assert_int_equal(n.entries, 9);
	notes_free(&n);
	vt_tree_free(t);
	mounted_over();
	return 0;
}

static void test_hard_case_6_mounts(void **state)
{
	pid_t pid;
	int status = 0;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(mounts_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(vt_name_same(vt_span_str("AbC"), vt_span_str("aBc")));
	assert_false(vt_name_same(vt_span_str("abc"), vt_span_str("ab")));
	assert_true(vt_name_same(vt_span_str("\303\226"), vt_span_str("\303\266")));
	assert_false(vt_name_same(vt_span_str("\303\227"), vt_span_str("\303\267")));
	assert_true(vt_name_same(vt_span_of("\xff", 1), vt_span_of("\xff", 1)));
	assert_false(vt_name_same(vt_span_of("\xc3", 1), vt_span_of("\xe3", 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_stay_inside),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_case_does_not_matter),
		cmocka_unit_test(test_walk_meets_all),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_hard_case_7_swapped_under_the_walk),
		cmocka_unit_test(test_moved_far_below),
		cmocka_unit_test(test_hard_case_14_special_and_unreadable),
		cmocka_unit_test(test_hard_case_6_mounts),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
