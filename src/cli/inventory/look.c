/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inventory/look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/inventory/rules.h"
#include "cli/machine.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "cli/where.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "evidence/store.h"
#include "inventory/judge.h"
#include "os/fd.h"
#include "proc/supervisor/collect.h"

#define GRACE_MS 5000
#define NO_PROC (1u << VT_AREA_PROCESSES | 1u << VT_AREA_NETWORK)
#define SPOOL_MAX ((uint64_t)256 << 30)

struct maker {
	const struct vt_inventory_job *job;
	struct vt_survey *s;
	char *collector, *worker;
	int rules, spool;
	struct vt_progress progress;
	vt_err first; /* that went wrong and was told */
};

static void complain(const struct maker *m, const char *path, const char *what)
{
	fprintf(stderr, "%s: ", m->job->command);
	vt_put_visible(stderr, vt_span_str(path));
	fputs(": ", stderr);
	vt_put_visible(stderr, vt_span_str(what));
	fputc('\n', stderr);
}

/* Who, where, when, with what --------------------------------------------------------------------
 */

static vt_err describe(struct maker *m)
{
	char host[256] = "", user[64], machine[33];
	uint8_t id[16];
	vt_buf hex = VT_BUF_INIT(64);
	struct vt_survey *s = m->s;
	bool ok = true;
	vt_err e = vt_sign_init();

	if (!e) {
		vt_random(id, sizeof id);
		e = vt_hex_add(&hex, vt_span_of(id, sizeof id));
	}
	if (!e)
		e = vt_machine_of("", machine);
	(void)gethostname(host, sizeof host - 1);
	(void)snprintf(user, sizeof user, "uid %u", (unsigned)geteuid());
	if (!e) {
		s->id = vt_survey_copy(s, vt_buf_span(&hex), 64, &ok);
		s->machine = vt_survey_copy(s, vt_span_str(machine), 64, &ok);
		s->host = vt_survey_copy(s, vt_span_str(host), 255, &ok);
		s->user = vt_survey_copy(s, vt_span_str(user), 63, &ok);
		s->tool = vt_span_str("vitrine " VITRINE_VERSION);
		s->command = vt_survey_copy(s, vt_span_str(m->job->line), 4096, &ok);
		s->catalogue_id = vt_survey_copy(s, m->job->catalogue->id, 256, &ok);
		s->catalogue_sha256 = vt_survey_copy(s, m->job->catalogue->sha256, 64, &ok);
		s->catalogue_position = vt_survey_copy(s, m->job->position, 4096, &ok);
		s->started = (int64_t)time(NULL);
	}
	vt_buf_free(&hex);
	return e ? e : ok ? VT_OK : VT_ENOMEM;
}

/* Subjects
 * ----------------------------------------------------------------------------------------- */

static bool on_progress(void *ctx, uint64_t entries, uint64_t scanned)
{
	struct maker *m = ctx;

	vt_progress_tick(&m->progress, entries, scanned, m->s->nobservations);
	return !vt_signals_stop();
}

/* `path` in a broken subject, so that what could not be opened is not forgotten. */
static vt_err unopened(
	struct maker *m, enum vt_subject_kind kind, const char *path, enum vt_miss why)
{
	struct vt_subject v = {.kind = kind, .name = vt_span_str(path)};
	struct vt_missed missed = {.why = why, .locus = v.name};
	vt_err e;

	v.parent = (uint32_t)m->s->nsubjects;
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (m->job->areas & 1u << a && vt_area_applies(kind, (enum vt_area)a)) {
			v.asked[a] = true;
			v.coverage[a].broken = v.coverage[a].seen = v.coverage[a].misses[why] = 1;
		}
	e = vt_survey_subject(m->s, &v, &missed.subject);
	missed.area = VT_AREA_CONTENT;
	return e ? e : vt_survey_miss(m->s, &missed);
}

static vt_err run_collector(struct maker *m, enum vt_collect_what what, int fd, const char *name,
	uint32_t areas, uint32_t into)
{
	char why[VT_COLLECT_WHY_MAX];
	struct vt_collect_request q = {
		.collector_path = m->collector,
		.job = {.what = what,
			.areas = areas,
			.cross = m->job->cross,
			.max_file = m->job->max_file,
			.spool_max = SPOOL_MAX,
			.name = vt_span_str(name),
			.nexcludes = (uint32_t)m->job->excludes.n},
		.subject = fd,
		.spool = m->spool,
		.catalogues = m->job->documents,
		.ncatalogues = m->job->ndocuments,
		.catalogue = m->job->catalogue,
		.scan = {.worker_path = m->worker,
			.workers = m->job->workers,
			.images = &m->rules,
			.nimages = m->rules >= 0 ? 1 : 0,
			.limits = vt_limits_default(),
			.all_match = true,
			.grace_ms = GRACE_MS},
		.into = into,
		.progress = on_progress,
		.ctx = m,
	};
	size_t before = m->s->nsubjects;
	vt_err e;

	for (size_t i = 0; i < m->job->excludes.n; i++)
		q.job.excludes[i] = vt_span_str(m->job->excludes.v[i]);
	e = vt_collect_run(&q, m->s, why);
	vt_progress_clear(&m->progress);
	if (e && e != VT_ENOMEM) {
		complain(m, name, why[0] ? why : vt_err_text(e));
		if (!m->first)
			m->first = e;
		if (m->s->nsubjects == before && into == UINT32_MAX &&
			unopened(m,
				what == VT_COLLECT_DISK           ? VT_SUBJECT_DISK
					: what == VT_COLLECT_ROOT ? VT_SUBJECT_ROOT
								  : VT_SUBJECT_IMAGE,
				name, VT_MISS_MALFORMED))
			return VT_ENOMEM;
	}
	return e == VT_ENOMEM || e == VT_EAGAIN ? e : VT_OK;
}

static vt_err open_failed(struct maker *m, enum vt_subject_kind kind, const char *path)
{
	complain(m, path, strerror(errno));
	if (!m->first)
		m->first = VT_EIO;
	return unopened(m, kind, path, VT_MISS_UNREADABLE);
}

/* This system: files below "/", and then, by a collector of its own, what runs. */
static vt_err look_at_system(struct maker *m)
{
	uint32_t subject = (uint32_t)m->s->nsubjects;
	char host[256] = "localhost";
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	vt_err e;

	(void)gethostname(host, sizeof host - 1);
	if (fd < 0)
		return open_failed(m, VT_SUBJECT_SYSTEM, "/");
	e = run_collector(m, VT_COLLECT_SYSTEM, fd, host, m->job->areas & ~NO_PROC, UINT32_MAX);
	if (!e && m->s->nsubjects > subject && m->job->areas & NO_PROC)
		e = run_collector(
			m, VT_COLLECT_PROCESSES, fd, host, m->job->areas & NO_PROC, subject);
	vt_fd_close(fd);
	return e;
}

static vt_err look_at_root(struct maker *m, const char *path)
{
	char *absolute = realpath(path, NULL);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	vt_err e;

	if (fd < 0 || !absolute)
		e = open_failed(m, VT_SUBJECT_ROOT, path);
	else
		e = run_collector(
			m, VT_COLLECT_ROOT, fd, absolute, m->job->areas & ~NO_PROC, UINT32_MAX);
	vt_fd_close(fd);
	free(absolute);
	return e;
}

static vt_err look_at_image(struct maker *m, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	vt_err e;

	if (fd < 0 || fstat(fd, &st) != 0)
		e = open_failed(m, VT_SUBJECT_IMAGE, path);
	else
		e = run_collector(m, S_ISDIR(st.st_mode) ? VT_COLLECT_LAYOUT : VT_COLLECT_ARCHIVE,
			fd, path, m->job->areas & ~NO_PROC, UINT32_MAX);
	vt_fd_close(fd);
	return e;
}

static vt_err look_at_disk(struct maker *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	vt_err e = fd < 0
		? open_failed(m, VT_SUBJECT_DISK, path)
		: run_collector(m, VT_COLLECT_DISK, fd, path, m->job->areas & ~NO_PROC, UINT32_MAX);

	vt_fd_close(fd);
	return e;
}

static vt_err look_at_all(struct maker *m)
{
	static vt_err (*const looks[])(struct maker *, const char *) = {
		look_at_root, look_at_image, look_at_disk};
	const struct vt_strings *const lists[] = {&m->job->roots, &m->job->images, &m->job->disks};
	vt_err e = VT_OK;

	if (!lists[0]->n && !lists[1]->n && !lists[2]->n)
		return look_at_system(m);
	for (size_t k = 0; k < VT_COUNT(lists); k++)
		for (size_t i = 0; i < lists[k]->n && !e; i++)
			e = looks[k](m, lists[k]->v[i]);
	return e;
}

static vt_err prepare(struct maker *m)
{
	char sha256[65];
	bool ok = true;
	vt_err e = vt_where_program("vitrine-collector", &m->collector);

	if (!e)
		e = vt_where_program("vitrine-worker", &m->worker);
	if (e) {
		fprintf(stderr, "%s: vitrine-collector or vitrine-worker is missing\n",
			m->job->command);
		return e;
	}
	if (m->job->spool) {
		m->spool = open(m->job->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (m->spool < 0) {
			complain(m, m->job->spool, strerror(errno));
			return VT_EIO;
		}
	}
	e = describe(m);
	if (!e && m->job->content && m->job->areas & 1u << VT_AREA_CONTENT) {
		e = vt_rules_compile(m->job->command, m->job->catalogue, &m->rules, sha256);
		if (!e)
			m->s->rules_sha256 = vt_survey_copy(m->s, vt_span_str(sha256), 64, &ok);
	}
	return e ? e : ok ? VT_OK : VT_ENOMEM;
}

vt_err vt_inventory_run(const struct vt_inventory_job *job, struct vt_survey **out)
{
	struct maker m = {.job = job, .rules = -1, .spool = -1};
	vt_err e = vt_survey_new(VT_SURVEY_MEMORY, &m.s);

	*out = NULL;
	if (e)
		return e;
	vt_progress_start(&m.progress, job->progress, 0);
	e = prepare(&m);
	if (!e) {
		e = look_at_all(&m);
		m.s->ended = (int64_t)time(NULL);
		if (!e || e == VT_EAGAIN) {
			vt_err judged = vt_judge_findings(m.s, job->catalogue);

			e = judged ? judged : e ? e : m.first;
			if (!judged)
				*out = m.s;
		}
	}
	if (!*out)
		vt_survey_free(m.s);
	if (e == VT_ENOMEM)
		fprintf(stderr, "%s: out of memory\n", job->command);
	vt_fd_close(m.rules);
	vt_fd_close(m.spool);
	free(m.collector);
	free(m.worker);
	return e;
}
