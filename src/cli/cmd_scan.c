/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine scan: options to a plan, databases, outputs, and off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/database.h"
#include "cli/scan.h"
#include "cli/signals.h"
#include "cli/update/crashes.h"
#include "cli/where.h"

#define COMMAND "vitrine scan"
#define MAX_WORKERS 256
#define MAX_DEPTH 100 /* the engine's */
#define GRACE_MS 5000
#define MAX_COUNTED 10000 /* paths that are looked at beforehand to know the total */

enum format { FORMAT_HUMAN, FORMAT_JSONL, FORMAT_JSON, FORMAT_CSV, FORMAT_SARIF, FORMAT_HTML };
#define FORMATS "human|jsonl|json|csv|sarif|html"
static const char *const format_names[] = {"human", "jsonl", "json", "csv", "sarif", "html"};

enum color { COLOR_AUTO, COLOR_NEVER, COLOR_ALWAYS };

struct settings {
	bool recursive, follow, one_file_system, all_match, pua, strict, nul;
	bool quiet, infected, verbose, summary;
	int progress, format, color;
	struct vt_path_filter filter;
	struct vt_limits limits;
	uint32_t jobs;
	struct vt_strings db, outputs;
	const char *files_from, *state;
};

#define AT(field) offsetof(struct settings, field)

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "What to scan", NULL},
	{'r', "recursive", NULL, VT_OPTION_FLAG, AT(recursive),
		"go into folders below those named (default)", NULL},
	{0, "files-from", "FILE", VT_OPTION_STRING, AT(files_from),
		"scan the paths that FILE lists, one a line; '-' reads\nthe list from standard "
		"input",
		NULL},
	{'0', "null", NULL, VT_OPTION_FLAG, AT(nul),
		"names in the list end in NUL (find -print0); alone, the\nlist is standard input",
		NULL},
	{0, "exclude", "GLOB", VT_OPTION_STRINGS, AT(filter.exclude),
		"leave out files whose name or path matches", NULL},
	{0, "include", "GLOB", VT_OPTION_STRINGS, AT(filter.include),
		"only files whose name or path matches", NULL},
	{0, "exclude-dir", "GLOB", VT_OPTION_STRINGS, AT(filter.exclude_dir),
		"stay out of folders whose name or path matches", NULL},
	{'x', "one-file-system", NULL, VT_OPTION_FLAG, AT(one_file_system),
		"stay on the file system of each PATH", NULL},
	{'L', "follow", NULL, VT_OPTION_FLAG, AT(follow), "follow symbolic links met on the way",
		NULL},

	{0, NULL, NULL, VT_OPTION_SECTION, 0, "What to look for", NULL},
	{'d', "db", "PATH", VT_OPTION_STRINGS, AT(db),
		"an image, a signature file, or a folder of them; may be\ngiven several times",
		NULL},
	{0, "state", "DIR", VT_OPTION_STRING, AT(state),
		"where updates keep what they bring (used without --db)", NULL},
	{'z', "all-match", NULL, VT_OPTION_FLAG, AT(all_match),
		"report every rule that matches, not a file's first", NULL},
	{0, "pua", NULL, VT_OPTION_FLAG, AT(pua), "potentially unwanted applications too", NULL},

	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Limits (each reported as INCOMPLETE where it cuts)",
		NULL},
	{0, "max-file-size", "SIZE", VT_OPTION_SIZE, AT(limits.file_size),
		"of a file (default: unlimited)", NULL},
	{0, "max-object-size", "SIZE", VT_OPTION_SIZE, AT(limits.object_size),
		"of one unpacked object (256M)", NULL},
	{0, "max-total-bytes", "SIZE", VT_OPTION_SIZE, AT(limits.total_bytes),
		"unpacked from one file (2G)", NULL},
	{0, "max-objects", "N", VT_OPTION_U64, AT(limits.objects),
		"unpacked from one file (100000)", NULL},
	{0, "max-depth", "N", VT_OPTION_U32, AT(limits.depth), "of containers in containers (20)",
		NULL},
	{0, "max-ratio", "N", VT_OPTION_U32, AT(limits.ratio), "of unpacked to packed size (1000)",
		NULL},
	{0, "max-time", "TIME", VT_OPTION_TIME, AT(limits.time_ms), "for one file (120 s)", NULL},

	{0, NULL, NULL, VT_OPTION_SECTION, 0, "How to report", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, AT(format), "on standard output", FORMATS},
	{'o', "output", "FILE", VT_OPTION_STRINGS, AT(outputs),
		"also write FILE, in the format that its name ends in, or\nas FORMAT:FILE; may be "
		"given"
		" several times",
		NULL},
	{'i', "infected", NULL, VT_OPTION_FLAG, AT(infected), "list only files with detections",
		NULL},
	{'q', "quiet", NULL, VT_OPTION_FLAG, AT(quiet),
		"no human-readable report and no notices, only errors", NULL},
	{'v', "verbose", NULL, VT_OPTION_FLAG, AT(verbose), "list clean files too", NULL},
	{0, "summary", NULL, VT_OPTION_FLAG, AT(summary),
		"end the human-readable report with totals (default)", NULL},
	{0, "progress", NULL, VT_OPTION_TRI, AT(progress),
		"show progress on standard error (default: if it is a\nterminal)", NULL},
	{0, "color", "WHEN", VT_OPTION_CHOICE, AT(color), "color the report", "auto|never|always"},
	{0, "strict", NULL, VT_OPTION_FLAG, AT(strict), "INCOMPLETE is an error: exit 2", NULL},

	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Other", NULL},
	{'j', "jobs", "N", VT_OPTION_U32, AT(jobs), "worker processes (default: the processors)",
		NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine scan [OPTION]... PATH...\n"
		 "Looks for malware in files, in folders and all that is in them, or in standard "
		 "input"
		 " ('-').\nEach option that takes no value can be undone with --no-NAME.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 nothing found, 1 found (suspicious counts), 2 an error and nothing"
		 " found,\n130 interrupted, 141 the reader of the output went away.\n",
};

static bool is_on(int tri, bool otherwise)
{
	return tri < 0 ? otherwise : tri != 0;
}

static bool wants_color(const struct settings *s)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (s->color != COLOR_AUTO)
		return s->color == COLOR_ALWAYS;
	return !(no && *no) && isatty(STDOUT_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

/* The bytes to scan if that is cheap to know: all paths are plain files. */
static uint64_t total_bytes(const struct vt_strings *paths)
{
	uint64_t total = 0;
	struct stat st;

	for (size_t i = 0; i < paths->n; i++) {
		if (i >= MAX_COUNTED || stat(paths->v[i], &st) != 0 || !S_ISREG(st.st_mode))
			return 0;
		total += (uint64_t)st.st_size;
	}
	return total;
}

static vt_err check(struct settings *s, const struct vt_strings *paths)
{
	if (s->nul && !s->files_from && paths->n == 0)
		s->files_from = "-";
	if (paths->n == 0 && !s->files_from) {
		fputs(COMMAND ": no PATH given\nTry '" COMMAND " --help'.\n", stderr);
		return VT_EARG;
	}
	for (size_t i = 0; s->files_from && i < paths->n; i++) {
		if (strcmp(s->files_from, "-") == 0 && strcmp(paths->v[i], "-") == 0) {
			fputs(COMMAND ": standard input can't be a list and a file\n", stderr);
			return VT_EARG;
		}
	}
	if (s->jobs < 1 || s->jobs > MAX_WORKERS) {
		fprintf(stderr, COMMAND ": --jobs is 1 to %d\n", MAX_WORKERS);
		return VT_EARG;
	}
	if (s->limits.depth > MAX_DEPTH) {
		fprintf(stderr, COMMAND ": --max-depth is 0 to %d\n", MAX_DEPTH);
		return VT_EARG;
	}
	return VT_OK;
}

static int run(struct settings *s, const struct vt_strings *paths, const char *worker,
	const struct vt_databases *databases, struct vt_crashes *crashes)
{
	struct vt_scan_plan plan = {
		.walk = {.recursive = s->recursive,
			.follow = s->follow,
			.one_file_system = s->one_file_system,
			.filter = &s->filter},
		.pool = {.worker_path = worker,
			.workers = s->jobs,
			.images = databases->fds,
			.nimages = databases->n,
			.limits = s->limits,
			.all_match = s->all_match,
			.pua = s->pua,
			.grace_ms = GRACE_MS},
		.paths = paths,
		.files_from = s->files_from,
		.nul_separated = s->nul,
		.progress = is_on(s->progress, !s->quiet && isatty(STDERR_FILENO)),
		.strict = s->strict,
		.on_terminal = isatty(STDOUT_FILENO),
		.shows_clean = s->verbose || (s->format >= FORMAT_JSONL && s->format <= FORMAT_CSV),
		.print_errors = s->format != FORMAT_HUMAN || s->quiet || s->infected,
		.databases = &databases->names,
		.crashes = crashes,
	};
	struct vt_output_style style = {
		.color = wants_color(s),
		.verbose = s->verbose,
		.summary = s->summary,
		.quiet = s->quiet,
		.show = s->infected ? VT_SHOW_FOUND : VT_SHOW_ALL,
	};
	struct vt_outputs outputs = {0};
	int status = VT_EXIT_ERROR;
	vt_err e;

	plan.total_bytes = plan.progress && !s->files_from ? total_bytes(paths) : 0;
	e = vt_outputs_open(&outputs, COMMAND, format_names[s->format], &s->outputs, &style);
	if (!e)
		status = vt_scan_run(&plan, &outputs);
	else if (e == VT_EPEER)
		status = VT_EXIT_BROKEN_PIPE;
	vt_outputs_close(&outputs);
	return status;
}

static int scan(struct settings *s, const struct vt_strings *paths)
{
	struct vt_databases databases = {0};
	struct vt_crashes crashes = {.command = COMMAND, .state = s->state};
	int status = VT_EXIT_ERROR;
	char *worker = NULL;
	vt_err e;

	if (vt_where_program("vitrine-worker", &worker)) {
		fputs(COMMAND ": vitrine-worker is not where it should be, next to vitrine\n",
			stderr);
		return status;
	}
	e = vt_databases_open(&databases, COMMAND, &s->db, s->state, s->quiet);
	/* Only now: until here there is nothing to sum up when a signal ends us. */
	vt_signals_install();
	if (!e)
		status = run(s, paths, worker, &databases, &crashes);
	if (!e)
		vt_crashes_judge(&crashes, databases.generation, worker);
	vt_databases_close(&databases);
	free(worker);
	return status;
}

int vt_cmd_scan(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct settings s = {
		.recursive = true,
		.summary = true,
		.progress = -1,
		.limits = vt_limits_default(),
		.jobs = processors > 0 && processors < MAX_WORKERS ? (uint32_t)processors : 1,
	};
	struct vt_strings paths = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &paths);

	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && check(&s, &paths) == VT_OK)
		status = scan(&s, &paths);
	vt_strings_free(&paths);
	vt_strings_free(&s.db);
	vt_strings_free(&s.outputs);
	vt_strings_free(&s.filter.exclude);
	vt_strings_free(&s.filter.include);
	vt_strings_free(&s.filter.exclude_dir);
	return status;
}
