/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine doctor: what keeps a worker in on this kernel, which databases a scan would use, and a
 * real scan of a harmless test file by a real worker.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/database.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/readonly.h"
#include "cli/self/self.h"
#include "cli/text.h"
#include "cli/where.h"
#include "os/fd.h"
#include "proc/supervisor/pool.h"
#include "sandbox/probe.h"

#define COMMAND "vitrine doctor"
#define TEST_SECONDS 60

struct settings {
	int format;
	bool verify_self;
	struct vt_strings db;
	struct vt_self_settings self;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'d', "db", "PATH", VT_OPTION_STRINGS, offsetof(struct settings, db),
		"test with this database (default: what 'vitrine scan'\nuses)", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Checking the installed executables instead", NULL},
	{0, "verify-self", NULL, VT_OPTION_FLAG, offsetof(struct settings, verify_self),
		"against a release in an update log, and rebuilders'\nword on it", NULL},
	{0, "log", "PLACE", VT_OPTION_STRING, offsetof(struct settings, self.log),
		"the log: a URL, folder or bundle (default: the sources\nof update.conf)", NULL},
	{0, "policy", "FILE", VT_OPTION_STRING, offsetof(struct settings, self.policy),
		"whom to believe: a tlog-policy file (default: as\nupdate.conf says)", NULL},
	{0, "config", "FILE", VT_OPTION_STRING, offsetof(struct settings, self.config),
		"another update.conf", NULL},
	{0, "root", "LEAF", VT_OPTION_STRING, offsetof(struct settings, self.root),
		"the leaf hash that the log's first root must have", NULL},
	{0, "entry", "FILE", VT_OPTION_STRINGS, offsetof(struct settings, self.entries),
		"instead of a log: the release's entry, attests', the\nowners' root", NULL},
	{0, "proof", "FILE", VT_OPTION_STRINGS, offsetof(struct settings, self.proofs),
		"that an --entry is in the log, in the same order", NULL},
	{0, "name", "NAME", VT_OPTION_STRING, offsetof(struct settings, self.name),
		"of the release (vitrine)", NULL},
	{0, "prefix", "DIR", VT_OPTION_STRING, offsetof(struct settings, self.prefix),
		"where the release's files are, perhaps another disk\n(default: around this "
		"program)",
		NULL},
	{0, "rebuilders", "N", VT_OPTION_U32, offsetof(struct settings, self.rebuilders),
		"how many must have got the same files (0)", NULL},
	{0, "state", "DIR", VT_OPTION_STRING, offsetof(struct settings, self.state),
		"for http(s): the egress ledger is in DIR/egress", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine doctor [OPTION]...\n"
		 "Shows what protection this system gives, and tests a scan with it.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes =
		"Exit status: 0 all is well, 2 something that is needed is missing or fails. With\n"
		"--verify-self: 0 these are the release's files, 1 something differs, 2 it could "
		"not be checked.\n",
};

struct test {
	bool answered, found;
	char rule[128];
	char problem[128];
	double seconds;
};

static void on_report(void *ctx, uint64_t id, const struct vt_report *report)
{
	struct test *t = ctx;

	(void)id;
	t->answered = true;
	if (report->ndetections) {
		const vt_span name = report->detections[0].rule;

		t->found = true;
		(void)snprintf(t->rule, sizeof t->rule, "%.*s", (int)vt_min_size(name.n, 127),
			(const char *)name.p);
	} else if (report->ngaps) {
		(void)snprintf(t->problem, sizeof t->problem, "%s",
			vt_reason_text(report->gaps[0].reason));
	} else {
		(void)snprintf(t->problem, sizeof t->problem, "no rule for it in the databases");
	}
}

/* EICAR's test file, in two halves so that no file of ours is one. */
static vt_err make_test_file(int *out_fd, uint64_t *out_size)
{
	static const char *const halves[] = {
		"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"};
	int fd = memfd_create("eicar", MFD_CLOEXEC);
	vt_err e = VT_OK;

	if (fd < 0)
		return VT_EIO;
	*out_size = 0;
	for (size_t i = 0; !e && i < VT_COUNT(halves); i++) {
		e = vt_fd_write(fd, halves[i], strlen(halves[i]));
		*out_size += strlen(halves[i]);
	}
	if (!e)
		e = vt_make_readonly(&fd);
	if (e)
		vt_fd_close(fd);
	else
		*out_fd = fd;
	return e;
}

static void run_test(struct test *t, const char *worker, const struct vt_databases *databases)
{
	struct vt_pool_config config = {
		.worker_path = worker,
		.workers = 1,
		.images = databases->fds,
		.nimages = databases->n,
		.limits = vt_limits_default(),
		.grace_ms = 1000,
	};
	struct vt_pool *pool = NULL;
	double started = vt_now();
	uint64_t size;
	int fd = -1;
	vt_err e = make_test_file(&fd, &size);

	if (!e)
		e = vt_pool_new(&config, on_report, t, &pool);
	if (!e)
		e = vt_pool_submit(pool, fd, 0, size);
	if (e)
		vt_fd_close(fd);
	else
		e = vt_pool_flush(pool);
	while (!e && !t->answered && vt_now() - started < TEST_SECONDS)
		e = vt_pool_run(pool, 100);
	t->seconds = vt_now() - started;
	if (!t->answered)
		(void)snprintf(t->problem, sizeof t->problem, "no answer from the worker: %s",
			e ? vt_err_text(e) : "too slow");
	vt_pool_free(pool);
}

struct findings {
	struct vt_probe_row rows[VT_PROBE_MAX];
	size_t nrows;
	struct utsname system;
	char *worker, *compiler, *cache;
	struct vt_databases databases;
	bool have_databases;
	struct test test;
	bool well;
};

static void examine(struct findings *f, const struct settings *s)
{
	f->well = true;
	if (uname(&f->system) != 0)
		f->system = (struct utsname){.release = "?"};
	f->nrows = vt_sandbox_probe(f->rows);
	for (size_t i = 0; i < f->nrows; i++)
		f->well = f->well && (f->rows[i].available || !f->rows[i].required);
	if (vt_where_program("vitrine-worker", &f->worker))
		f->worker = NULL;
	if (vt_where_program("vitrine-compiler", &f->compiler))
		f->compiler = NULL;
	if (vt_where_cache(&f->cache))
		f->cache = NULL;
	f->have_databases = vt_databases_open(&f->databases, COMMAND, &s->db, NULL, false) == VT_OK;
	if (f->worker && f->have_databases)
		run_test(&f->test, f->worker, &f->databases);
	else
		(void)snprintf(f->test.problem, sizeof f->test.problem, "not possible");
	f->well = f->well && f->test.found && f->compiler;
}

static void print_human(const struct findings *f)
{
	printf("Vitrine " VITRINE_VERSION " on Linux %s\n\nWhat keeps a worker in:\n",
		f->system.release);
	for (size_t i = 0; i < f->nrows; i++) {
		const struct vt_probe_row *r = &f->rows[i];

		printf("  %-4s%-24s%s\n", r->available ? "yes" : "NO", r->name, r->detail);
		printf("      %s%s\n", r->meaning,
			r->required && !r->available ? "; workers do not start without it" : "");
	}
	printf("\nPrograms:\n  %s\n  %s\n", f->worker ? f->worker : "vitrine-worker is MISSING",
		f->compiler ? f->compiler : "vitrine-compiler is MISSING");
	printf("\nCompiled databases are kept in %s\nDatabases:\n", f->cache ? f->cache : "memory");
	for (size_t i = 0; i < f->databases.names.n; i++) {
		fputs("  ", stdout);
		vt_put_visible(stdout, vt_span_str(f->databases.names.v[i]));
		putchar('\n');
	}
	if (!f->have_databases)
		puts("  NONE that can be used");
	fputs("\nTest scan: ", stdout);
	if (f->test.found) {
		fputs("a sandboxed worker found ", stdout);
		vt_put_visible(stdout, vt_span_str(f->test.rule));
		printf(" in %.1f ms\n", f->test.seconds * 1000);
	} else {
		printf("FAILED: %s\n", f->test.problem);
	}
}

static void put_string(const char *key, const char *value)
{
	printf(",\n\"%s\":", key);
	if (value)
		vt_put_json(stdout, vt_span_str(value));
	else
		fputs("null", stdout);
}

static void print_json(const struct findings *f)
{
	fputs("{\"schema\":\"vitrine.doctor/1\",\"version\":\"" VITRINE_VERSION "\"", stdout);
	put_string("kernel", f->system.release);
	fputs(",\n\"protection\":[", stdout);
	for (size_t i = 0; i < f->nrows; i++) {
		const struct vt_probe_row *r = &f->rows[i];

		fputs(i ? ",\n{\"name\":" : "\n{\"name\":", stdout);
		vt_put_json(stdout, vt_span_str(r->name));
		printf(",\"available\":%s,\"required\":%s", r->available ? "true" : "false",
			r->required ? "true" : "false");
		put_string("detail", r->detail);
		put_string("meaning", r->meaning);
		putchar('}');
	}
	putchar(']');
	put_string("worker", f->worker);
	put_string("compiler", f->compiler);
	put_string("cache", f->cache);
	fputs(",\n\"databases\":[", stdout);
	for (size_t i = 0; i < f->databases.names.n; i++) {
		fputs(i ? "," : "", stdout);
		vt_put_json(stdout, vt_span_str(f->databases.names.v[i]));
	}
	printf("],\n\"test\":{\"found\":%s,\"seconds\":%.6f", f->test.found ? "true" : "false",
		f->test.seconds);
	put_string("rule", f->test.found ? f->test.rule : NULL);
	put_string("problem", f->test.found ? NULL : f->test.problem);
	printf("},\n\"well\":%s}\n", f->well ? "true" : "false");
}

int vt_cmd_doctor(int argc, char **argv)
{
	struct settings s = {.self.name = "vitrine"};
	struct vt_strings operands = {0};
	struct findings f = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n) {
		fputs(COMMAND ": takes no operand\n", stderr);
	} else if (!e && s.verify_self) {
		s.self.format = s.format;
		status = vt_self_run(&s.self, COMMAND);
	} else if (!e) {
		examine(&f, &s);
		(s.format ? print_json : print_human)(&f);
		status = f.well ? VT_EXIT_CLEAN : VT_EXIT_ERROR;
	}
	vt_databases_close(&f.databases);
	free(f.worker);
	free(f.compiler);
	free(f.cache);
	vt_strings_free(&operands);
	vt_strings_free(&s.self.entries);
	vt_strings_free(&s.self.proofs);
	vt_strings_free(&s.db);
	return status;
}
