/* SPDX-License-Identifier: Apache-2.0 */
/* Running programs, the journal, files below a root, guards: what the remover stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "os/fd.h"
#include "remedy/beneath.h"
#include "remedy/guard.h"
#include "remedy/journal.h"
#include "remedy/packages.h"
#include "remedy/run.h"
#include "store/folder.h"

#define S(x) vt_span_str(x)

static char *temporary(void)
{
	char *path = strdup("/tmp/vitrine-remedy-XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

static void write_text(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(vt_fd_write(fd, text, strlen(text)), VT_OK);
	vt_fd_close(fd);
}

static void runs(void **state)
{
	const char *ok[] = {"sh", "-c", "echo out; echo err >&2; tty; read x; echo \"[$x]\"", NULL};
	const char *slow[] = {"sh", "-c", "trap '' TERM; (setsid sleep 1000 &) ; sleep 1000", NULL};
	const char *none[] = {"there-is-no-such-program", NULL};
	const char *many[] = {"sh", "-c", "yes | head -c 100000", NULL};
	struct vt_run r = {.argv = ok};
	struct vt_run_result got;
	size_t at;

	(void)state;
	assert_int_equal(vt_run(&r, &got), VT_OK);
	assert_true(got.code == 0 && vt_run_ok(&got));
	assert_true(vt_span_find(vt_buf_span(&got.output), 0, "not a tty", 9, &at));
	assert_true(vt_span_find(vt_buf_span(&got.output), 0, "[]", 2, &at));
	vt_run_drop(&got);
	r = (struct vt_run){.argv = slow, .timeout_ms = 300};
	assert_int_equal(vt_run(&r, &got), VT_OK);
	assert_true(got.timed_out && !vt_run_ok(&got));
	vt_run_drop(&got);
	r = (struct vt_run){.argv = none};
	assert_int_equal(vt_run(&r, &got), VT_OK);
	assert_true(got.missing);
	vt_run_drop(&got);
	r = (struct vt_run){.argv = many, .keep = 1000};
	assert_int_equal(vt_run(&r, &got), VT_OK);
	assert_true(got.cut && got.output.n == 1000 && vt_run_ok(&got));
	vt_run_drop(&got);
}

static void each(void *ctx, const struct vt_record_line *l)
{
	unsigned *n = ctx;

	(void)l;
	++*n;
}

static void journals(void **state)
{
	char *path = temporary();
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	struct vt_diary j;
	unsigned n = 0;

	(void)state;
	assert_int_equal(vt_diary_open(dir, false, each, &n, &j), VT_END);
	assert_int_equal(vt_diary_open(dir, true, each, &n, &j), VT_OK);
	assert_int_equal(vt_diary_add(&j, VT_MARK_RUN, 0, S("me"), S("")), VT_OK);
	assert_int_equal(
		vt_diary_add(&j, VT_MARK_BEGIN, 1, S("x"), vt_span_of("\xff\0y", 3)), VT_OK);
	vt_diary_close(&j);
	assert_int_equal(vt_diary_open(dir, true, each, &n, &j), VT_OK);
	assert_int_equal(n, 2);
	assert_int_equal(vt_diary_add(&j, VT_MARK_DONE, 1, S("x"), S("")), VT_OK);
	assert_int_equal(ftruncate(j.fd, (off_t)j.size - 5), 0);
	vt_diary_close(&j);
	/* torn: the last record was not written */
	n = 0;
	assert_int_equal(vt_diary_open(dir, true, each, &n, &j), VT_OK);
	assert_true(n == 2 && j.torn);
	vt_diary_close(&j);
	fd = openat(dir, VT_DIARY_FILE, O_RDWR | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "9", 1, 100), 1);
	vt_fd_close(fd);
	assert_int_equal(vt_diary_open(dir, true, each, &n, &j), VT_ECHECKSUM);
	vt_fd_close(dir);
	free(path);
}

static struct vt_removal_file look(int root, const char *path, char hex[65])
{
	struct vt_removal_file f = {0};
	struct vt_spot s;

	assert_int_equal(vt_spot_open(root, NULL, S(path), &s), VT_OK);
	assert_int_equal(vt_spot_look(&s, &f), VT_OK);
	if (f.type == VT_REMOVAL_FILE || f.type == VT_REMOVAL_LINK) {
		assert_int_equal(vt_spot_hash(&s, &f, hex), VT_OK);
		f.sha256 = S(hex);
	}
	vt_spot_close(&s);
	f.path = S(path);
	return f;
}

static void files(void **state)
{
	char *path = temporary(), hex[65], hex2[65], *plain = NULL;
	struct vt_place place = {VT_PLACE_FOLDER, S("/opt/p"), S("F")};
	struct vt_removal_file a, b;
	const char *why;
	bool immutable;
	int root;

	(void)state;
	assert_int_equal(vt_root_open(path, &root), VT_OK);
	assert_int_equal(mkdirat(root, "opt", 0755) | mkdirat(root, "opt/p", 0755) |
			mkdirat(root, "home", 0755),
		0);
	write_text(root, "opt/p/a", "alpha");
	write_text(root, "opt/p/b", "beta");
	write_text(root, "home/b", "beta");
	assert_int_equal(symlinkat("opt", root, "o"), 0);
	a = look(root, "/opt/p/a", hex);
	b = look(root, "/opt/p/b", hex2);
	assert_int_equal(vt_file_compare(root, &place, &a, &why), VT_LIKE_SAME);
	/* other content, the same inode */
	write_text(root, "opt/p/a", "omega");
	assert_int_equal(vt_file_remove(root, &place, &a, &why, &immutable), VT_LIKE_CHANGED);
	a.loose = true;
	assert_int_equal(vt_file_remove(root, &place, &a, &why, &immutable), VT_LIKE_SAME);
	assert_int_equal(vt_file_remove(root, &place, &a, &why, &immutable), VT_LIKE_GONE);
	/* a folder on the way became a link */
	assert_int_equal(renameat(root, "opt/p", root, "opt/q"), 0);
	assert_int_equal(symlinkat("/home", root, "opt/p"), 0);
	assert_int_equal(vt_file_remove(root, &place, &b, &why, &immutable), VT_LIKE_REFUSED);
	assert_string_equal(why, "a symbolic link is on the way to it");
	assert_int_equal(faccessat(root, "home/b", F_OK, 0), 0);
	assert_int_equal(vt_path_plain(root, S("/o/q/b"), &plain), VT_OK);
	assert_string_equal(plain, "/opt/q/b");
	free(plain);
	vt_fd_close(root);
	free(path);
}

static void statuses(void **state)
{
	static const struct {
		const char *status;
		enum vt_presence is;
	} rows[] = {
		{"install ok installed", VT_PRESENCE_HERE},
		{"hold ok installed", VT_PRESENCE_HERE},
		{"deinstall ok installed", VT_PRESENCE_HERE},
		{"purge ok installed", VT_PRESENCE_HERE},
		{"deinstall ok config-files", VT_PRESENCE_CONFIG},
		{"install reinstreq half-installed", VT_PRESENCE_BROKEN},
		{"install ok unpacked", VT_PRESENCE_BROKEN},
		{"purge ok not-installed", VT_PRESENCE_NONE},
		{"installed", VT_PRESENCE_HERE},
	};
	vt_span list = S("dpkg\ta\t1\tamd64\tinstall ok installed\ndpkg\ta\t2\ti386\tx\nbad line\n"
			 "rpm\tb\t3\tnoarch\tinstalled");
	struct vt_removal_package p;
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		p = (struct vt_removal_package){.status = S(rows[i].status)};
		assert_int_equal(vt_package_presence(&p), rows[i].is);
	}
	assert_true(vt_packages_find(list, S("dpkg"), S("a"), S("i386"), &p));
	assert_true(vt_span_eq(p.version, S("2")));
	assert_false(vt_packages_find(list, S("rpm"), S("a"), S(""), &p));
	while (vt_packages_next(&list, &p))
		n++;
	assert_int_equal(n, 3);
}

struct told {
	unsigned n[VT_GUARD_FAILED + 1];
};

static void tell(void *ctx, const char *path, enum vt_guard_how how)
{
	struct told *t = ctx;

	(void)path;
	t->n[how]++;
}

static void guards(void **state)
{
	char *path = temporary(), *where = temporary();
	const struct vt_guard_item v[] = {{"/etc/new", false, S("new")},
		{"/etc/old", false, S("changed")}, {"/etc/link", true, S("/dev/null")},
		{"/etc/taken", true, S("/dev/null")}, {"/etc/same", false, S("same")}};
	int root = -1, folder = -1;
	vt_buf b = VT_BUF_INIT(100);
	struct told t = {0};
	size_t left = 9;

	(void)state;
	assert_int_equal(vt_root_open(path, &root) | vt_store_open(where, true, &folder), VT_OK);
	assert_int_equal(mkdirat(root, "etc", 0755), 0);
	write_text(root, "etc/old", "before");
	write_text(root, "etc/taken", "a unit");
	write_text(root, "etc/same", "same");
	assert_int_equal(vt_guard_put(folder, root, v, VT_COUNT(v), tell, &t), VT_OK);
	assert_int_equal(t.n[VT_GUARD_WRITTEN], 3);
	assert_int_equal(t.n[VT_GUARD_OTHER], 1);
	assert_int_equal(t.n[VT_GUARD_AS_IS], 1);
	assert_int_equal(vt_guard_put(folder, root, v, VT_COUNT(v), tell, &t), VT_EAGAIN);
	memset(&t, 0, sizeof t);
	write_text(root, "etc/new", "somebody else's");
	assert_int_equal(vt_guard_look(folder, root, tell, &t), VT_OK);
	assert_true(t.n[VT_GUARD_CHANGED] == 1 && t.n[VT_GUARD_AS_IS] == 2);
	assert_int_equal(vt_guard_take(folder, root, tell, &t, &left), VT_OK);
	assert_int_equal(left, 1);
	assert_int_equal(vt_store_read(root, "etc/old", 100, &b), VT_OK);
	assert_true(vt_span_eq(vt_buf_span(&b), S("before")));
	assert_int_equal(faccessat(root, "etc/link", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(faccessat(root, "etc/new", F_OK, 0), 0);
	assert_int_equal(vt_guard_take(folder, root, tell, &t, &left), VT_END);
	vt_buf_free(&b);
	vt_fd_close(root);
	vt_fd_close(folder);
	free(path);
	free(where);
}

static void dnf(void **state)
{
	const char *names[] = {"kesl", "klnagent*"};
	vt_buf b = VT_BUF_INIT(1000);

	(void)state;
	assert_int_equal(vt_guard_dnf(S("[main]\ngpgcheck=1\n"), names, 2, &b), VT_OK);
	assert_true(vt_span_eq(
		vt_buf_span(&b), S("[main]\ngpgcheck=1\n[main]\nexcludepkgs=kesl klnagent*\n")));
	vt_buf_clear(&b);
	assert_int_equal(
		vt_guard_dnf(S("[main]\nexcludepkgs=foo\n[x]\nexclude=y\n"), names, 2, &b), VT_OK);
	assert_true(vt_span_eq(
		vt_buf_span(&b), S("[main]\nexcludepkgs=foo kesl klnagent*\n[x]\nexclude=y\n")));
	vt_buf_free(&b);
	assert_true(vt_guard_name_ok(S("klnagent*")));
	assert_false(vt_guard_name_ok(S("*")));
	assert_false(vt_guard_name_ok(S("a*")));
	assert_false(vt_guard_name_ok(S("lib x")));
	assert_false(vt_guard_name_ok(S("*kaspersky*")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs),
		cmocka_unit_test(journals),
		cmocka_unit_test(files),
		cmocka_unit_test(statuses),
		cmocka_unit_test(guards),
		cmocka_unit_test(dnf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
