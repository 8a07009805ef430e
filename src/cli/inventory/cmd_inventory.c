/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine inventory: looks, keeps the evidence, says what was seen. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/directive/store.h"
#include "cli/inventory/evidence.h"
#include "cli/inventory/look.h"
#include "cli/inventory/verdict.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "evidence/store.h"
#include "os/fd.h"
#include "report/report.h"

#define COMMAND "vitrine inventory"
#define MAX_WORKERS 256

enum format { FORMAT_HUMAN, FORMAT_JSON, FORMAT_CYCLONEDX };

struct settings {
	struct vt_inventory_job job;
	const char *only, *evidence, *state;
	struct vt_strings catalogues, keys;
	bool is_unsigned, list, one_file_system, no_content, save;
	uint32_t jobs;
	int format;
};

#define AT(field) offsetof(struct settings, field)

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "What to look at (default: this system)", NULL},
	{0, "root", "DIR", VT_OPTION_STRINGS, AT(job.roots),
		"the root of another system: a mounted disk, a chroot,\na backup, a Windows or "
		"macOS "
		"volume",
		NULL},
	{0, "image", "PATH", VT_OPTION_STRINGS, AT(job.images),
		"a container image: an archive, or a folder with an OCI\nlayout", NULL},
	{0, "disk", "FILE", VT_OPTION_STRINGS, AT(job.disks), "a disk image: raw or qcow2", NULL},
	{0, "only", "AREAS", VT_OPTION_STRING, AT(only),
		"packages, content, processes, boot, trust, browsers,\naccounts, network: with "
		"commas between (default: all)",
		NULL},
	{0, "exclude", "GLOB", VT_OPTION_STRINGS, AT(job.excludes),
		"leave out paths that match; they stand in the evidence", NULL},
	{'x', "one-file-system", NULL, VT_OPTION_FLAG, AT(one_file_system),
		"stay on the file system of the root", NULL},
	{0, "no-content", NULL, VT_OPTION_FLAG, AT(no_content),
		"names and headers of files, but not their bytes", NULL},
	{0, "max-file-size", "SIZE", VT_OPTION_SIZE, AT(job.max_file),
		"larger files are not scanned (default: 2G)", NULL},
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "With what", NULL},
	{0, "catalogue", "FILE", VT_OPTION_STRINGS, AT(catalogues),
		"a catalogue besides those that are installed", NULL},
	{0, "key", "KEY", VT_OPTION_STRINGS, AT(keys), "a key that may vouch for it", NULL},
	{0, "unsigned", NULL, VT_OPTION_FLAG, AT(is_unsigned), "take it without a signature", NULL},
	{'j', "jobs", "N", VT_OPTION_U32, AT(jobs), "scanner processes (default: processors)",
		NULL},
	{0, "spool", "DIR", VT_OPTION_STRING, AT(job.spool),
		"where large layers are unpacked (default: memory)", NULL},
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "What comes of it", NULL},
	{0, "evidence", "FILE", VT_OPTION_STRING, AT(evidence),
		"the evidence file (default: inventory/evidence.db in\nthe state folder)", NULL},
	{0, "save", NULL, VT_OPTION_FLAG, AT(save), "keep the evidence (default)", NULL},
	{0, "list", NULL, VT_OPTION_FLAG, AT(list), "list the runs that are kept", NULL},
	{0, "state", "DIR", VT_OPTION_STRING, AT(state), "where updates keep what they bring",
		NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, AT(format),
		"of the output; cyclonedx is an SBOM, version 1.6", "human|json|cyclonedx"},
	{0, "progress", NULL, VT_OPTION_FLAG, AT(job.progress), "show progress", NULL},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine inventory [OPTION]...\n"
		 "Finds out which software is on a system, and keeps the evidence.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "'vitrine check DIRECTIVE' says what follows, 'vitrine explain FINDING' why.\n"
		 "Exit status: 0 nothing of the catalogue, 1 something was found, 2 an error.\n",
};

static void on_run(void *ctx, const struct vt_evidence_run *r)
{
	(void)ctx;
	printf("%s  ", r->id);
	vt_put_utc(stdout, r->started);
	printf("  %llu finding%s  ", (unsigned long long)r->findings, r->findings == 1 ? "" : "s");
	vt_put_visible(stdout, vt_span_str(r->host));
	fputs("  ", stdout);
	vt_put_visible(stdout, vt_span_str(r->command));
	putchar('\n');
}

static int list_runs(const char *path)
{
	char why[VT_EVIDENCE_WHY_MAX] = "", *where = NULL;
	vt_err e = vt_evidence_where(path, &where);

	if (!e)
		e = vt_evidence_runs(where, on_run, NULL, why);
	if (e == VT_END)
		e = VT_OK;
	else if (e)
		fprintf(stderr, COMMAND ": %s: %s\n", where ? where : "evidence",
			why[0] ? why : vt_err_text(e));
	free(where);
	return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}

static vt_err read_areas(struct settings *s)
{
	const char *at = s->only;

	s->job.areas = (1u << VT_AREAS) - 1;
	if (!at)
		return VT_OK;
	s->job.areas = 0;
	while (*at) {
		size_t n = strcspn(at, ",");
		enum vt_area a;

		if (!vt_area_find(vt_span_of(at, n), &a)) {
			fprintf(stderr, COMMAND ": --only: there is no area '%.*s'\n", (int)n, at);
			return VT_EARG;
		}
		s->job.areas |= 1u << a;
		at += n + (at[n] == ',');
	}
	return VT_OK;
}

/* The command line as one string, for the record. */
static char *join(int argc, char **argv)
{
	vt_buf b = VT_BUF_INIT(4096);
	vt_err e = vt_buf_addf(&b, "vitrine");
	char *line;

	for (int i = 0; i < argc && !e; i++)
		e = vt_buf_addf(&b, " %s", argv[i]);
	line = b.p ? strndup((const char *)b.p, b.n) : NULL;
	vt_buf_free(&b);
	return line;
}

static vt_err make_folder(const char *path)
{
	char *copy = strdup(path), *slash;
	vt_err e = copy ? VT_OK : VT_ENOMEM;

	for (slash = copy ? strchr(copy + 1, '/') : NULL; !e && slash;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			e = VT_EIO;
		*slash = '/';
	}
	free(copy);
	return e;
}

static vt_err save(const struct settings *s, const struct vt_survey *survey)
{
	char why[VT_EVIDENCE_WHY_MAX] = "", *where = NULL;
	vt_err e = vt_evidence_where(s->evidence, &where);

	if (!e)
		e = make_folder(where);
	if (!e)
		e = vt_evidence_save(where, survey, why);
	if (e) {
		fputs(COMMAND ": ", stderr);
		vt_put_visible(stderr, vt_span_str(where ? where : "the evidence file"));
		fprintf(stderr, ": %s\n", why[0] ? why : strerror(errno));
	}
	free(where);
	return e;
}

static vt_err put_cyclonedx(const struct vt_survey *survey, const struct vt_catalogue *c)
{
	const struct vt_report_input in = {
		.catalogue = c, .time = survey->ended, .run = {.survey = survey}};
	vt_buf b = VT_BUF_INIT(VT_REPORT_MAX);
	vt_err e = vt_report_cyclonedx(&in, &b);

	if (e)
		fprintf(stderr, COMMAND ": CycloneDX: %s\n", vt_err_text(e));
	else
		(void)fwrite(b.p, 1, b.n, stdout);
	vt_buf_free(&b);
	return e;
}

static vt_err put_survey(int format, const struct vt_survey *survey, const struct vt_catalogue *c)
{
	if (format == FORMAT_CYCLONEDX)
		return put_cyclonedx(survey, c);
	if (format == FORMAT_JSON)
		vt_put_survey_json(stdout, survey);
	else
		vt_put_survey_human(stdout, survey, c);
	return VT_OK;
}

static int run(struct settings *s, struct vt_docs *docs)
{
	struct vt_catalogue catalogue;
	struct vt_survey *survey = NULL;
	int documents[VT_DOCS_CATALOGUES_MAX];
	size_t ndocuments = 0;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_docs_catalogue(docs, &s->catalogues, &catalogue, &s->job.position);

	if (!e)
		e = vt_docs_catalogue_files(docs, documents, &ndocuments);
	if (e)
		return VT_EXIT_ERROR;
	s->job.catalogue = &catalogue;
	s->job.documents = documents;
	s->job.ndocuments = ndocuments;
	vt_signals_install();
	e = vt_inventory_run(&s->job, &survey);
	if (survey) {
		vt_err kept = s->save ? save(s, survey) : VT_OK;

		if (!kept)
			kept = put_survey(s->format, survey, &catalogue);
		status = e || kept          ? VT_EXIT_ERROR
			: survey->nfindings ? VT_EXIT_FOUND
					    : VT_EXIT_CLEAN;
	}
	vt_survey_free(survey);
	for (size_t i = 0; i < ndocuments; i++)
		vt_fd_close(documents[i]);
	return status;
}

int vt_cmd_inventory(int argc, char **argv)
{
	struct settings s = {.save = true};
	struct vt_strings operands = {0};
	struct vt_docs docs = {0};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	char *line = join(argc, argv);
	int status = VT_EXIT_ERROR;
	vt_err e;

	s.job.max_file = (uint64_t)2 << 30;
	s.job.progress = isatty(STDERR_FILENO);
	s.jobs = processors > 0 ? (uint32_t)vt_min_u64((uint64_t)processors, MAX_WORKERS) : 1;
	e = vt_options_parse(&table, argc, argv, &s, &operands);
	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n) {
		fputs(COMMAND ": takes no operand; did you mean --root?\n", stderr);
	} else if (!e && s.list) {
		status = list_runs(s.evidence);
	} else if (!e && !read_areas(&s) && line) {
		s.job.command = COMMAND;
		s.job.line = line;
		s.job.cross = !s.one_file_system;
		s.job.content = !s.no_content;
		s.job.workers = s.jobs ? (unsigned)vt_min_u64(s.jobs, MAX_WORKERS) : 1;
		if (!vt_docs_open(&docs, COMMAND, s.state)) {
			docs.unsigned_ok = s.is_unsigned;
			docs.keys = s.keys;
			status = run(&s, &docs);
		}
		vt_docs_close(&docs);
	}
	free(line);
	vt_strings_free(&operands);
	vt_strings_free(&s.job.roots);
	vt_strings_free(&s.job.images);
	vt_strings_free(&s.job.disks);
	vt_strings_free(&s.job.excludes);
	vt_strings_free(&s.catalogues);
	return status;
}
