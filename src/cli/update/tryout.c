/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/update/tryout.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/options.h"
#include "cli/text.h"
#include "os/fd.h"
#include "proc/supervisor/pool.h"

/* Enough of a system to notice a rule that fires on it, little enough to take a second or two. */
#define FILES_MAX 3000u
#define BYTES_MAX ((uint64_t)256 << 20)
#define FILE_MAX ((uint64_t)32 << 20)
#define FILE_TIME_MS 10000u
#define ALL_TIME_MS 120000u
#define SAMPLE_MAX ((size_t)1 << 20)
#define SAMPLES_MAX 10000u
#define SUSPECTS_MAX 16u
#define WORKERS 2u

/* Files that every such system has and that nobody may lose: tried first. */
static const char *const dear[] = {"/bin/bash", "/bin/sh", "/bin/ls", "/bin/cat", "/bin/mount",
	"/sbin/init", "/usr/bin/env", "/usr/bin/sudo", "/usr/bin/ssh", "/usr/sbin/sshd",
	"/usr/bin/python3", "/usr/bin/perl", "/usr/bin/dpkg", "/usr/bin/apt-get",
	"/lib/systemd/systemd", "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2",
	"/lib/x86_64-linux-gnu/libcrypto.so.3", "/etc/passwd", "/etc/services", "/etc/bash.bashrc"};
/* The rest comes from here, evenly. */
static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu",
	"/usr/lib/aarch64-linux-gnu", "/usr/lib", "/etc", "/usr/share/doc",
	"/usr/lib/python3/dist-packages"};

/* Gaps that are the rules' doing: nothing of the kind may come from good files. */
static bool is_trouble(vt_reason r)
{
	return r == VT_REASON_WORKER_CRASHED || r == VT_REASON_WORKER_TIMEOUT ||
		r == VT_REASON_WORKER_PROTOCOL || r == VT_REASON_MEMORY ||
		r == VT_REASON_LIMIT_TIME || r == VT_REASON_LIMIT_MATCH;
}

struct trial {
	struct vt_tryout *t;
	struct vt_strings paths; /* of files; malloc'ed */
	size_t suspects[SUSPECTS_MAX];
	char rules[SUSPECTS_MAX][128]; /* why each is one */
	bool fired[SUSPECTS_MAX];
	size_t nsuspects;
	/* second pass: what the images in use say of them */
	bool known[SUSPECTS_MAX];
	/* samples */
	struct {
		vt_span rule;
		bool found;
	} * samples;
	size_t nsamples;
};

static void printable(vt_span s, char *out, size_t size)
{
	size_t n = vt_min_size(s.n, size - 1);

	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] >= 0x20 && s.p[i] < 0x7f ? (char)s.p[i] : '?';
	out[n] = 0;
}

/* Files ---------------------------------------------------------------------------------------- */

static vt_err add_path(struct trial *tr, const char *path)
{
	char *copy = strdup(path);
	vt_err e = copy ? vt_strings_add(&tr->paths, copy) : VT_ENOMEM;

	if (e)
		free(copy);
	return e;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The regular files right inside of a folder, in order, not more than `most`, evenly spread. */
static vt_err add_folder(struct trial *tr, const char *folder, size_t most)
{
	struct vt_strings names = {0};
	DIR *d = opendir(folder);
	const struct dirent *entry;
	size_t step;
	vt_err e = VT_OK;

	while (!e && d && (entry = readdir(d))) {
		char *path;

		if (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN)
			continue;
		if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
			e = VT_ENOMEM;
			break;
		}
		e = vt_strings_add(&names, path);
		if (e)
			free(path);
	}
	if (d)
		closedir(d);
	if (!e && names.n) {
		qsort(names.v, names.n, sizeof *names.v, by_name);
		step = names.n / (most ? most : 1) + 1;
		for (size_t i = 0; !e && i < names.n; i += step)
			e = add_path(tr, names.v[i]);
	}
	vt_strings_free_all(&names);
	return e;
}

static vt_err collect(struct trial *tr)
{
	vt_err e = VT_OK;

	for (size_t i = 0; !e && i < VT_COUNT(dear); i++)
		e = add_path(tr, dear[i]);
	for (size_t i = 0; !e && i < VT_COUNT(folders); i++)
		e = add_folder(tr, folders[i], FILES_MAX / VT_COUNT(folders));
	return e;
}

/* Opens a file that is worth a look; -1 for all others. */
static int open_file(const char *path, uint64_t *out_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
		(uint64_t)st.st_size <= FILE_MAX) {
		*out_size = (uint64_t)st.st_size;
		return fd;
	}
	vt_fd_close(fd);
	return -1;
}

/* Scans ---------------------------------------------------------------------------------------- */

static vt_err open_pool(const struct trial *tr, const int *images, size_t n,
	vt_pool_result_fn *result, struct vt_pool **out)
{
	struct vt_pool_config c = {
		.worker_path = tr->t->worker,
		.workers = WORKERS,
		.images = images,
		.nimages = n,
		.limits = vt_limits_default(),
		.all_match = true,
		.grace_ms = 2000,
	};

	c.limits.time_ms = FILE_TIME_MS;
	return vt_pool_new(&c, result, (void *)(uintptr_t)tr, out);
}

/* Hands a file over, waiting for room. The pool closes it. */
static vt_err submit(struct vt_pool *p, int fd, uint64_t id, uint64_t size)
{
	vt_err e;

	while ((e = vt_pool_submit(p, fd, id, size)) == VT_EAGAIN) {
		e = vt_pool_run(p, 100);
		if (e)
			break;
	}
	if (e)
		vt_fd_close(fd);
	return e;
}

/* Until all is answered; VT_ELIMIT when that takes too long. */
static vt_err drain(struct vt_pool *p, uint64_t until)
{
	vt_err e = vt_pool_flush(p);

	while (!e && vt_pool_pending(p)) {
		if (vt_clock_ms() > until)
			return VT_ELIMIT;
		e = vt_pool_run(p, 200);
	}
	return e;
}

static const struct vt_gap *trouble_in(const struct vt_report *r)
{
	for (size_t i = 0; i < r->ngaps; i++) {
		if (is_trouble(r->gaps[i].reason))
			return &r->gaps[i];
	}
	return NULL;
}

static const struct vt_detection *detection_in(const struct vt_report *r)
{
	for (size_t i = 0; i < r->ndetections; i++) {
		if (!r->detections[i].suspicious)
			return &r->detections[i];
	}
	return NULL;
}

static void on_good_file(void *ctx, uint64_t id, const struct vt_report *r)
{
	struct trial *tr = ctx;
	const struct vt_detection *d = detection_in(r);
	const struct vt_gap *g = trouble_in(r);
	size_t i = tr->nsuspects;

	tr->t->files++;
	tr->t->bytes += r->file_bytes;
	if ((!d && !g) || i == SUSPECTS_MAX)
		return;
	tr->suspects[i] = (size_t)id;
	tr->fired[i] = d != NULL;
	printable(d ? d->rule : vt_span_str(vt_reason_word(g->reason)), tr->rules[i],
		sizeof tr->rules[i]);
	tr->nsuspects++;
}

static vt_err scan_files(struct trial *tr)
{
	uint64_t until = vt_clock_ms() + ALL_TIME_MS, size, bytes = 0;
	struct vt_pool *p;
	vt_err e = open_pool(tr, tr->t->images, tr->t->nimages, on_good_file, &p);

	if (e)
		return e;
	for (size_t i = 0; !e && i < tr->paths.n && bytes < BYTES_MAX; i++) {
		int fd = open_file(tr->paths.v[i], &size);

		if (fd < 0)
			continue;
		bytes += size;
		e = submit(p, fd, i, size);
		if (!e && vt_clock_ms() > until)
			e = VT_ELIMIT;
	}
	if (!e)
		e = drain(p, until);
	vt_pool_free(p);
	return e;
}

static void on_known(void *ctx, uint64_t id, const struct vt_report *r)
{
	struct trial *tr = ctx;

	if (id < tr->nsuspects)
		tr->known[id] = detection_in(r) || trouble_in(r);
}

/* What the images in use think of the files that the new ones do not like. */
static vt_err ask_those_in_use(struct trial *tr)
{
	uint64_t until = vt_clock_ms() + ALL_TIME_MS, size;
	struct vt_pool *p;
	vt_err e;

	if (tr->nsuspects == 0 || tr->t->nin_use == 0)
		return VT_OK;
	e = open_pool(tr, tr->t->in_use, tr->t->nin_use, on_known, &p);
	if (e)
		return e;
	for (size_t i = 0; !e && i < tr->nsuspects; i++) {
		int fd = open_file(tr->paths.v[tr->suspects[i]], &size);

		if (fd >= 0)
			e = submit(p, fd, i, size);
	}
	if (!e)
		e = drain(p, until);
	vt_pool_free(p);
	return e;
}

static void judge_files(struct trial *tr)
{
	struct vt_tryout *t = tr->t;

	for (size_t i = 0; i < tr->nsuspects && !t->refusal; i++) {
		const char *path = tr->paths.v[tr->suspects[i]];

		if (tr->known[i])
			continue;
		t->refusal = tr->fired[i] ? "tryout-goodware" : "tryout-trouble";
		snprintf(t->why, sizeof t->why,
			tr->fired[i] ? "%s would be detected in %.200s, a file of this system"
				     : "%s on %.200s, a file of this system",
			tr->rules[i], path);
	}
}

/* Samples -------------------------------------------------------------------------------------- */

static void on_sample(void *ctx, uint64_t id, const struct vt_report *r)
{
	struct trial *tr = ctx;

	for (size_t i = 0; id < tr->nsamples && i < r->ndetections; i++)
		tr->samples[id].found |= vt_span_eq(r->detections[i].rule, tr->samples[id].rule);
}

/* A file in memory with the bytes of a sample. */
static int sample_file(vt_span base64, uint64_t *out_size)
{
	uint8_t *bytes = malloc(SAMPLE_MAX);
	int fd = -1;
	size_t n;

	if (bytes && vt_base64_get(base64, bytes, SAMPLE_MAX, &n) && n) {
		fd = memfd_create("vitrine-sample", MFD_CLOEXEC);
		if (fd >= 0 && vt_fd_write(fd, bytes, n)) {
			vt_fd_close(fd);
			fd = -1;
		}
		*out_size = n;
	}
	free(bytes);
	return fd;
}

static vt_err submit_sample(struct trial *tr, struct vt_pool *p, vt_span line)
{
	uint64_t size;
	size_t at;
	int fd;

	if (!vt_span_find(line, 0, " ", 1, &at))
		return VT_EFORMAT;
	fd = sample_file(vt_span_clip(line, at + 1, line.n), &size);
	if (fd < 0)
		return VT_EFORMAT;
	tr->samples[tr->nsamples].rule = vt_span_clip(line, 0, at);
	return submit(p, fd, tr->nsamples++, size);
}

static void judge_samples(struct trial *tr)
{
	struct vt_tryout *t = tr->t;
	char rule[128];

	t->nsamples = tr->nsamples;
	for (size_t i = 0; i < tr->nsamples && !t->refusal; i++) {
		if (tr->samples[i].found)
			continue;
		t->refusal = "tryout-sample";
		printable(tr->samples[i].rule, rule, sizeof rule);
		snprintf(t->why, sizeof t->why, "%s does not find the sample that came with it",
			rule);
	}
}

static vt_err scan_samples(struct trial *tr)
{
	vt_span rest = tr->t->samples;
	struct vt_pool *p;
	size_t lf;
	vt_err e;

	if (rest.n == 0)
		return VT_OK;
	tr->samples = calloc(SAMPLES_MAX, sizeof *tr->samples);
	if (!tr->samples)
		return VT_ENOMEM;
	e = open_pool(tr, tr->t->images, tr->t->nimages, on_sample, &p);
	if (e)
		return e;
	while (!e && rest.n && tr->nsamples < SAMPLES_MAX) {
		vt_span line = rest;

		if (vt_span_find(rest, 0, "\n", 1, &lf))
			line = vt_span_clip(rest, 0, lf);
		rest = vt_span_clip(rest, line.n + 1, rest.n);
		if (line.n && line.p[0] != '#')
			e = submit_sample(tr, p, line);
	}
	if (!e)
		e = drain(p, vt_clock_ms() + ALL_TIME_MS);
	vt_pool_free(p);
	if (e == VT_EFORMAT) {
		tr->t->refusal = "tryout-sample";
		snprintf(tr->t->why, sizeof tr->t->why, "line %zu of the samples is not one",
			tr->nsamples + 1);
		e = VT_OK;
	}
	if (!e)
		judge_samples(tr);
	return e;
}

vt_err vt_tryout_run(struct vt_tryout *t)
{
	struct trial tr = {.t = t};
	vt_err e = collect(&tr);

	t->refusal = NULL;
	if (!e)
		e = scan_files(&tr);
	if (!e)
		e = ask_those_in_use(&tr);
	if (!e)
		judge_files(&tr);
	if (!e && !t->refusal)
		e = scan_samples(&tr);
	if (e == VT_ELIMIT) {
		t->refusal = "tryout-slow";
		snprintf(t->why, sizeof t->why,
			"scanning this system's own files (%" PRIu64 " MiB) takes more than %u s",
			t->bytes >> 20, ALL_TIME_MS / 1000);
		e = VT_OK;
	}
	vt_strings_free_all(&tr.paths);
	free(tr.samples);
	return e;
}
