/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine db build: signature files to an image, with an account of every line. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/compile.h"
#include "cli/db.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "cli/where.h"
#include "os/fd.h"

#define COMMAND "vitrine db build"
#define SHOWN_PER_CAUSE 20

struct settings {
	const char *output;
	bool strict, verbose, quiet;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'o', "output", "IMAGE", VT_OPTION_STRING, offsetof(struct settings, output),
		"the file to write (replaced when it is complete)", NULL},
	{0, "strict", NULL, VT_OPTION_FLAG, offsetof(struct settings, strict),
		"a bad line is an error: no image, exit 2", NULL},
	{'v', "verbose", NULL, VT_OPTION_FLAG, offsetof(struct settings, verbose),
		"list every line set aside, not the first 20 of a cause", NULL},
	{'q', "quiet", NULL, VT_OPTION_FLAG, offsetof(struct settings, quiet), "only errors", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine db build -o IMAGE [OPTION]... SOURCE...\n"
		 "Compiles ClamAV signature files, containers of them (.cvd, .cld, .cud), or all "
		 "those"
		 " right\ninside of a folder. Lines that cannot be used are set aside and listed; "
		 "the"
		 " rest is built.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "The same sources give the same bytes, in whatever order they are named.\n"
		 "Exit status: 0 built, 2 an error.\n",
};

static const char *const count_names[VT_COUNT_KINDS] = {
	[VT_COUNT_BODY] = "byte patterns",
	[VT_COUNT_LOGICAL] = "logical rules",
	[VT_COUNT_CONTAINER] = "container rules",
	[VT_COUNT_OBJECT_HASH] = "hashes of objects",
	[VT_COUNT_SECTION_HASH] = "hashes of sections",
	[VT_COUNT_IMPORT_HASH] = "hashes of import tables",
	[VT_COUNT_ALLOW_HASH] = "hashes of allowed objects",
	[VT_COUNT_IGNORED] = "rules left out by ignore lists",
	[VT_COUNT_LINES] = "lines read",
	[VT_COUNT_WITHDRAWN] = "lines taken back",
};

const char *vt_count_name(unsigned kind)
{
	return kind < VT_COUNT_KINDS ? count_names[kind] : "?";
}

/* Lines come in order of sets; how often a cause was shown is looked up by its text. */
static unsigned times_shown(struct vt_strings *causes, unsigned **io_times, const char *cause)
{
	unsigned *times;

	for (size_t i = 0; i < causes->n; i++)
		if (strcmp(causes->v[i], cause) == 0)
			return ++(*io_times)[i];
	times = realloc(*io_times, (causes->n + 1) * sizeof *times);
	if (!times)
		return SHOWN_PER_CAUSE + 1;
	*io_times = times;
	if (vt_strings_add(causes, cause))
		return SHOWN_PER_CAUSE + 1;
	times[causes->n - 1] = 1;
	return 1;
}

static void print_asides(const struct settings *s, const struct vt_compile_result *r)
{
	struct vt_strings causes = {0};
	unsigned *times = NULL;
	uint64_t total = 0, shown = 0;

	for (size_t i = 0; i < r->nasides; i++) {
		const struct vt_wire_aside *a = &r->asides[i];
		char *cause = strndup((const char *)a->cause.p, a->cause.n);
		bool fits = cause && times_shown(&causes, &times, cause) <= SHOWN_PER_CAUSE;

		/* the list keeps the first of each */
		if (causes.n == 0 || causes.v[causes.n - 1] != cause)
			free(cause);
		if (!fits && !s->verbose)
			continue;
		vt_put_visible(stdout, a->set);
		if (a->line)
			printf(":%" PRIu32, a->line);
		printf(": %s: ", vt_aside_word(a->what));
		vt_put_visible(stdout, a->cause);
		putchar('\n');
		shown++;
	}
	for (size_t i = 0; i < VT_WIRE_ASIDE_KINDS; i++)
		total += r->totals.asides[i];
	if (total > shown)
		printf("... and %" PRIu64 " more lines set aside%s\n", total - shown,
			s->verbose ? "" : " (--verbose lists them)");
	vt_strings_free_all(&causes);
	free(times);
}

static void print_containers(const struct vt_compile_result *r)
{
	for (size_t i = 0; i < r->ncontainers; i++) {
		const struct vt_wire_container *c = &r->containers[i];

		vt_put_visible(stdout, c->name);
		printf(": version %" PRIu64 " of ", c->version);
		vt_put_visible(stdout, c->time);
		fputs(" by ", stdout);
		vt_put_visible(stdout, c->builder);
		printf(", %" PRIu64 " signatures; %s; its digital signature was not checked\n",
			c->signatures, c->md5_checked ? "MD5 is right" : "it has no MD5");
	}
}

static void print_counts(const struct vt_db *db, const struct vt_compile_result *r)
{
	char buf[VT_NUMBER_MAX];

	for (unsigned i = 0; i < VT_COUNT_KINDS; i++)
		if (db->counts[i])
			printf("%12s  %s\n", vt_format_count(db->counts[i], buf), count_names[i]);
	for (unsigned i = 0; i < VT_WIRE_ASIDE_KINDS; i++)
		if (r->totals.asides[i])
			printf("%12s  lines set aside: %s\n",
				vt_format_count(r->totals.asides[i], buf), vt_aside_word(i));
	printf("%12s  image\n", vt_format_bytes((double)r->totals.image_bytes, buf));
}

/* Compiles to a new file beside the image, which it replaces at the end. */
static vt_err build(
	const struct settings *s, const struct vt_sources *sources, const char *compiler)
{
	struct vt_compile_job job = {.command = COMMAND,
		.compiler = compiler,
		.sources = sources,
		.strict = s->strict,
		.quiet = s->quiet};
	struct vt_compile_result result = {0};
	struct vt_db_view view = {0};
	char *temporary = NULL;
	mode_t mask = umask(0);
	vt_err e = VT_EIO;

	(void)umask(mask);
	if (asprintf(&temporary, "%s.XXXXXX", s->output) < 0)
		return VT_ENOMEM;
	job.output = mkostemp(temporary, O_CLOEXEC);
	if (job.output < 0) {
		fprintf(stderr, COMMAND ": %s: %s\n", s->output, strerror(errno));
		free(temporary);
		return e;
	}
	vt_signals_install(); /* the temporary file is not left behind */
	e = vt_compile_job_run(&job, &result);
	if (vt_signals_stop())
		e = VT_EAGAIN;
	if (!s->quiet) {
		print_containers(&result);
		print_asides(s, &result);
	}
	if (!e)
		e = vt_db_view_open(&view, job.output, COMMAND, s->output);
	if (!e && (fchmod(job.output, 0666 & ~mask) || rename(temporary, s->output))) {
		fprintf(stderr, COMMAND ": %s: %s\n", s->output, strerror(errno));
		e = VT_EIO;
	}
	if (e)
		(void)unlink(temporary);
	else if (!s->quiet)
		print_counts(view.db, &result);
	vt_db_view_close(&view);
	vt_compile_result_free(&result);
	vt_fd_close(job.output);
	free(temporary);
	return e;
}

static vt_err add_sources(struct vt_sources *sources, const struct vt_strings *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		size_t before = sources->n;

		if (vt_sources_add(sources, paths->v[i])) {
			fprintf(stderr, COMMAND ": %s: %s\n", paths->v[i], strerror(errno));
			return VT_EIO;
		}
		if (sources->n == before) {
			fprintf(stderr, COMMAND ": %s: holds no signature files\n", paths->v[i]);
			return VT_EARG;
		}
	}
	vt_sources_sort(sources);
	return VT_OK;
}

int vt_db_cmd_build(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings paths = {0};
	struct vt_sources sources = {0};
	char *compiler = NULL;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &paths);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && (!s.output || paths.n == 0)) {
		fputs(COMMAND ": give -o IMAGE and at least one SOURCE\nTry '" COMMAND
			      " --help'.\n",
			stderr);
	} else if (!e && vt_where_program("vitrine-compiler", &compiler)) {
		fputs(COMMAND ": vitrine-compiler is not where it should be, next to vitrine\n",
			stderr);
	} else if (!e && add_sources(&sources, &paths) == VT_OK) {
		if (build(&s, &sources, compiler) == VT_OK)
			status = VT_EXIT_CLEAN;
		else if (vt_signals_stop())
			status = 128 + vt_signals_stop();
	}
	vt_sources_free(&sources);
	vt_strings_free(&paths);
	free(compiler);
	return status;
}
