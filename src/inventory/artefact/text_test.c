/* SPDX-License-Identifier: Apache-2.0 */
/* Line formats, rule by rule of their manual pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/num.h"
#include "inventory/artefact/account.h"
#include "inventory/artefact/jobs.h"
#include "inventory/artefact/procfs.h"

static vt_arena arena = VT_ARENA_INIT((size_t)1 << 20);

static void assert_span(vt_span s, const char *text)
{
	char copy[512];

	(void)snprintf(copy, sizeof copy, "%.*s", (int)s.n, s.p ? (const char *)s.p : "");
	assert_string_equal(copy, text);
}

static void test_ini(void **state)
{
	struct vt_ini i = {.a = &arena,
		.r = vt_reader_of(vt_span_str(
			"; c\n[A b]\r\nk = v \nlong=1 \\\n# in\n ; in\n  2\\\n3\nnone\n[C]\nx=\n"
			"last=\\"))};
	vt_span key, value;

	(void)state;
	assert_true(vt_ini_next(&i, &key, &value));
	assert_span(i.section, "A b");
	assert_span(key, "k");
	assert_span(value, "v");
	assert_true(vt_ini_next(&i, &key, &value));
	assert_span(value, "1    2 3");
	assert_true(vt_ini_next(&i, &key, &value));
	assert_span(i.section, "C");
	assert_span(value, "");
	assert_true(vt_ini_next(&i, &key, &value));
	assert_span(key, "last");
	assert_false(vt_ini_next(&i, &key, &value));
}

static void test_program(void **state)
{
	static const struct {
		const char *command, *program;
	} rows[] = {{"/bin/a b", "/bin/a"}, {"-@/bin/a x", "/bin/a"}, {"+!!/bin/a", "/bin/a"},
		{"\"/opt/a b\" c", "/opt/a b"}, {"'/x y'", "/x y"}, {"", ""}, {"  ", ""},
		{"\"/open", "\"/open"}};

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++)
		assert_span(vt_line_program(vt_span_str(rows[i].command)), rows[i].program);
	assert_span(vt_line_base(vt_span_str("/a/b")), "b");
	assert_span(vt_line_base(vt_span_str("b")), "b");
	assert_span(vt_line_base(vt_span_str("/")), "");
}

static void test_assignment(void **state)
{
	static const struct {
		const char *line, *name, *value;
	} rows[] = {{"A=b", "A", "b"}, {"export LD_PRELOAD=\"/x y\"", "LD_PRELOAD", "/x y"},
		{"setenv LD_PRELOAD /x", "LD_PRELOAD", "/x"},
		{"LD_PRELOAD DEFAULT=/x", "LD_PRELOAD", "/x"}, {"M[0]='q'", "M[0]", "q"}};
	static const char *const none[] = {"", "a b=c-d=", "if [ x = y ]; then", "-x=1", "word"};
	vt_span name, value;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		assert_true(vt_line_assignment(vt_span_str(rows[i].line), &name, &value));
		assert_span(name, rows[i].name);
		assert_span(value, rows[i].value);
	}
	for (size_t i = 0; i < VT_COUNT(none); i++)
		if (vt_line_assignment(vt_span_str(none[i]), &name, &value))
			assert_span(
				name, i == 1 ? "a" : "if"); /* csh's form: a name and the rest */
}

static void test_jobs(void **state)
{
	static const struct {
		enum vt_jobs_form form;
		const char *line, *when, *owner, *name, *command;
	} rows[] = {
		{VT_JOBS_SYSTEM, "17 *\t* * *\troot cd / && x", "17 *\t* * *", "root", "",
			"cd / && x"},
		{VT_JOBS_SYSTEM, "@daily ann x y", "@daily", "ann", "", "x y"},
		{VT_JOBS_USER, "*/5 * * * * /x%in%put", "*/5 * * * *", "", "", "/x"},
		{VT_JOBS_USER, "@reboot /x", "@reboot", "", "", "/x"},
		{VT_JOBS_ANACRON, "@monthly 45 cron.monthly run x", "@monthly 45", "",
			"cron.monthly", "run x"},
		{VT_JOBS_INITTAB, "1:2345:respawn:/sbin/getty 38400", "respawn", "", "1",
			"/sbin/getty 38400"},
		{VT_JOBS_MODPROBE, "install a /bin/b c", "install", "", "a", "/bin/b c"},
		{VT_JOBS_SCRIPT, "/opt/x --daemon &", "", "", "", "/opt/x --daemon &"},
	};
	static const struct {
		enum vt_jobs_form form;
		const char *line;
	} none[] = {{VT_JOBS_SYSTEM, "MAILTO=root"}, {VT_JOBS_SYSTEM, "# x"},
		{VT_JOBS_SYSTEM, "1 2 3 4 5 root"}, {VT_JOBS_USER, "1 2 3"},
		{VT_JOBS_INITTAB, "id:5:initdefault:"}, {VT_JOBS_SCRIPT, "exit 0"},
		{VT_JOBS_SCRIPT, "HOME=/root; export HOME"}, {VT_JOBS_SCRIPT, "A=b"},
		{VT_JOBS_MODPROBE, "alias a b"}};
	struct vt_job job;

	(void)state;
	for (size_t i = 0; i < VT_COUNT(rows); i++) {
		struct vt_jobs j = {
			.r = vt_reader_of(vt_span_str(rows[i].line)), .form = rows[i].form};

		assert_true(vt_jobs_next(&j, &job));
		assert_span(job.when, rows[i].when);
		assert_span(job.owner, rows[i].owner);
		assert_span(job.name, rows[i].name);
		assert_span(job.command, rows[i].command);
		assert_int_equal(job.line, 1);
		assert_false(vt_jobs_next(&j, &job));
	}
	for (size_t i = 0; i < VT_COUNT(none); i++) {
		struct vt_jobs j = {
			.r = vt_reader_of(vt_span_str(none[i].line)), .form = none[i].form};

		assert_false(vt_jobs_next(&j, &job));
	}
}

static void test_udev(void **state)
{
	struct vt_udev u = {.a = &arena,
		.r = vt_reader_of(vt_span_str(
			"# RUN+=\"/no\"\nKERNEL==\"a,RUN\", RUN+=\"/x \\\"q\\\" y\", \\\n"
			"  "
			"RUN{program}=\"/z\"\nRUN{builtin}+=\"kmod\"\nIMPORT{program}=e\"/w\"\n"))};
	vt_span key, command;

	(void)state;
	assert_true(vt_udev_next(&u, &key, &command));
	assert_span(key, "RUN");
	assert_span(command, "/x \\\"q\\\" y");
	assert_true(vt_udev_next(&u, &key, &command));
	assert_span(key, "RUN{program}");
	assert_span(command, "/z");
	assert_true(vt_udev_next(&u, &key, &command));
	assert_span(key, "IMPORT{program}");
	assert_span(command, "/w");
	assert_false(vt_udev_next(&u, &key, &command));
}

static void test_accounts(void **state)
{
	vt_reader r = vt_reader_of(
		vt_span_str("a:x:1:2:c:/h:/s\n\n+::::::\n#x\nbad\n:x:1:2::/:\na:b:c:d:e:f:g:h\n"));
	struct vt_account a;
	unsigned bad = 0;

	(void)state;
	assert_true(vt_account_next(&r, VT_ACCOUNT_PASSWD, &a, &bad));
	assert_span(a.name, "a");
	assert_span(a.home, "/h");
	assert_true(vt_account_next(&r, VT_ACCOUNT_PASSWD, &a, &bad)); /* the shell is "g:h" */
	assert_false(vt_account_next(&r, VT_ACCOUNT_PASSWD, &a, &bad));
	assert_int_equal(bad, 2);
	r = vt_reader_of(vt_span_str("g:x:5:a,b\ng:x:5\n"));
	assert_true(vt_account_next(&r, VT_ACCOUNT_GROUP, &a, &bad));
	assert_span(a.members, "a,b");
	assert_true(a.group);
	assert_false(vt_account_next(&r, VT_ACCOUNT_GROUP, &a, &bad));
	assert_int_equal(bad, 3);
}

static void test_procfs(void **state)
{
	struct vt_proc_map m;
	struct vt_proc_stat s;
	struct vt_proc_socket k;
	struct vt_proc_unix u;
	vt_buf b = VT_BUF_INIT(100);

	(void)state;
	assert_true(vt_proc_map(
		vt_span_str("7f00-8f00 r-xp 00001000 08:01 123   /opt/a\\040b\\012c (deleted)"),
		&m));
	assert_int_equal(m.from, 0x7f00);
	assert_int_equal(m.to, 0x8f00);
	assert_int_equal(m.inode, 123);
	assert_true(m.executable);
	assert_int_equal(vt_proc_unescape(m.path, &b), VT_OK);
	assert_span(vt_buf_span(&b), "/opt/a b\nc (deleted)");
	vt_buf_free(&b);
	assert_true(vt_proc_map(vt_span_str("1-2 rw-p 0 00:00 0"), &m));
	assert_int_equal(m.path.n, 0);
	assert_false(vt_proc_map(vt_span_str("x-2 rw-p 0 00:00 0"), &m));
	assert_true(vt_proc_stat(vt_span_str("7 (a) b) (c)) S 2 0 0 0 -1 2129984 0\n"), &s));
	assert_span(s.name, "a) b) (c)");
	assert_int_equal(s.state, 'S');
	assert_true(s.kernel);
	assert_true(vt_proc_stat(vt_span_str("7 (x) R 2 0 0 0 -1 64 0\n"), &s));
	assert_false(s.kernel);
	assert_true(vt_proc_socket(
		vt_span_str("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 "
			    "00000000     0        0 4242 1 0"),
		&k));
	assert_int_equal(k.port, 8080);
	assert_int_equal(k.address[0], 127);
	assert_int_equal(k.address[3], 1);
	assert_int_equal(k.state, 10);
	assert_int_equal(k.inode, 4242);
	assert_false(
		vt_proc_socket(vt_span_str("  sl  local_address rem_address st a b c d e f"), &k));
	assert_true(vt_proc_unix(
		vt_span_str("0000: 00000002 00000000 00010000 0001 01 99 /run/x y"), &u));
	assert_true(u.listens);
	assert_span(u.path, "/run/x y");
	assert_int_equal(u.inode, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ini),
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_assignment),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_udev),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_procfs),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	vt_arena_free(&arena);
	return r;
}
