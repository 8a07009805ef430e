/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/supervisor/collect.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "inventory/judge.h"
#include "inventory/name/purl.h"
#include "inventory/repeat.h"
#include "ipc/setup.h"
#include "os/fd.h"
#include "sandbox/spawn.h"

#define SILENCE_MS 900000u /* a collector that says nothing for so long is hung */
#define PENDING_MAX 256
#define PIECE ((size_t)64 << 10)

/* A file in the scanner's hands. */
struct pending {
	bool used, hidden;
	int fd; /* a second descriptor: to hash what fired */
	uint32_t subject;
	char *path;
	size_t path_n;
};

struct run {
	const struct vt_collect_request *request;
	struct vt_survey *s;
	char *why;
	pid_t pid;
	int channel;
	struct vt_pool *pool;
	bool begun, done; /* a subject is; DONE came */
	vt_err failed;    /* in a call back of the pool */
	uint32_t subject, first;
	uint64_t heard, entries, scanned; /* ms; counts */
	struct pending pending[PENDING_MAX];
	uint64_t *not_scanned; /* of each subject of the run */
	size_t cap_not_scanned;
	vt_buf text;
	struct vt_message in; /* large */
};

static vt_err fail(struct run *r, vt_err e, const char *why)
{
	(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "%s", why);
	return e;
}

/* Observations --------------------------------------------------------------------------------- */

static const struct vt_catalogue_rule *rule_of(const struct vt_catalogue *c, vt_span id)
{
	size_t low = 0, high = c->nrules;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct vt_catalogue_rule *r = &c->rules[mid];
		int d = memcmp(r->id.p, id.p, vt_min_size(r->id.n, id.n));

		d = d ? d : (r->id.n > id.n) - (r->id.n < id.n);
		if (d == 0)
			return r;
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Takes an observation that names a rule of the catalogue: what follows from the rule is ours to
 * say. */
static vt_err observe(struct run *r, struct vt_observation *o, uint32_t subject)
{
	const struct vt_catalogue *c = r->request->catalogue;
	const struct vt_catalogue_rule *rule = rule_of(c, o->rule);
	vt_err e;

	if (!rule || rule->kind != o->kind)
		return VT_EPEER;
	o->subject = subject;
	o->product = c->products[rule->product].id;
	o->decisive = rule->decisive;
	o->embedded = rule->embedded;
	o->memory = rule->source.memory;
	vt_buf_clear(&r->text);
	e = vt_repeat_write(&r->text, &r->s->subjects[subject], o);
	if (e)
		return e;
	o->repeat = vt_buf_span(&r->text);
	return vt_survey_observe(r->s, o);
}

static vt_err on_observation(struct run *r)
{
	struct vt_observation o;
	vt_err e = vt_observation_read(&r->in.body, &o);

	if (e || !r->begun || o.kind == VT_FACT_CONTENT)
		return VT_EPEER;
	return observe(r, &o, r->subject);
}

/* Subjects ------------------------------------------------------------------------------------- */

static vt_err on_subject(struct run *r)
{
	struct vt_subject v;
	uint32_t number = (uint32_t)r->s->nsubjects - r->first;
	vt_err e = vt_subject_read(&r->in.body, &v);

	if (e || r->begun)
		return VT_EPEER;
	r->begun = true;
	if (r->request->into != UINT32_MAX) {
		r->subject = r->request->into;
		return VT_OK;
	}
	if (v.parent > number)
		return VT_EPEER;
	v.parent += r->first;
	return vt_survey_subject(r->s, &v, &r->subject);
}

/* `read` of what the scanner could not look at is taken back when all is known. */
static vt_err not_scanned(struct run *r, uint32_t subject, vt_span path)
{
	const struct vt_missed m = {
		.subject = subject, .area = VT_AREA_CONTENT, .why = VT_MISS_SCANNER, .locus = path};

	if (subject >= r->cap_not_scanned) {
		size_t cap = 2 * ((size_t)subject + 1);
		uint64_t *v = realloc(r->not_scanned, cap * sizeof *v);

		if (!v)
			return VT_ENOMEM;
		memset(v + r->cap_not_scanned, 0, (cap - r->cap_not_scanned) * sizeof *v);
		r->not_scanned = v;
		r->cap_not_scanned = cap;
	}
	r->not_scanned[subject]++;
	return vt_survey_miss(r->s, &m);
}

static void settle(struct run *r)
{
	for (size_t i = 0; i < r->s->nsubjects && i < r->cap_not_scanned; i++) {
		struct vt_coverage *c = &r->s->subjects[i].coverage[VT_AREA_CONTENT];

		c->misses[VT_MISS_SCANNER] += r->not_scanned[i];
		c->read -= vt_min_u64(c->read, r->not_scanned[i]);
	}
}

static vt_err on_coverage(struct run *r)
{
	struct vt_coverage v[VT_AREAS];
	struct vt_subject *s;
	uint32_t asked;
	vt_err e = vt_coverage_read(&r->in.body, v, &asked);

	if (e || !r->begun)
		return VT_EPEER;
	s = &r->s->subjects[r->subject];
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (asked & r->request->job.areas & 1u << a) {
			s->coverage[a] = v[a];
			s->asked[a] = true;
		}
	r->begun = false;
	return VT_OK;
}

/* A run that ended in the middle of a subject says nothing of it. */
static void spoil(struct run *r)
{
	if (!r->begun)
		return;
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (r->request->job.areas & 1u << a &&
			vt_area_applies(r->s->subjects[r->subject].kind, (enum vt_area)a)) {
			r->s->subjects[r->subject].asked[a] = true;
			r->s->subjects[r->subject].coverage[a].broken++;
		}
}

static vt_err on_component(struct run *r)
{
	struct vt_component c;
	vt_err e = vt_component_read(&r->in.body, &c);

	if (e || !r->begun)
		return VT_EPEER;
	c.subject = r->subject;
	vt_buf_clear(&r->text);
	e = c.purl.n ? VT_OK : vt_purl_of_component(&c, vt_span_of("", 0), &r->text);
	if (e && e != VT_EUNSUPPORTED)
		return e;
	if (!c.purl.n)
		c.purl = vt_buf_span(&r->text);
	return vt_survey_component(r->s, &c);
}

static vt_err on_missed(struct run *r)
{
	struct vt_missed m;
	vt_err e = vt_missed_read(&r->in.body, &m);

	if (e || !r->begun)
		return VT_EPEER;
	m.subject = r->subject;
	return vt_survey_miss(r->s, &m);
}

/* Files for the scanner --------------------------------------------------------------------------
 */

static bool hash_file(int fd, vt_buf *hex)
{
	static uint8_t piece[PIECE];
	struct vt_sha256_stream s;
	uint8_t digest[32];
	uint64_t at = 0;
	size_t n;

	vt_sha256_start(&s);
	do {
		if (vt_fd_pread(fd, piece, sizeof piece, at, &n))
			return false;
		vt_sha256_add(&s, vt_span_of(piece, n));
		at += n;
	} while (n == sizeof piece);
	vt_sha256_finish(&s, digest);
	return !vt_hex_add(hex, vt_span_of(digest, sizeof digest));
}

/* "archive#member": the place of what is inside of a file. */
static vt_err put_locus(vt_buf *b, const struct pending *p, vt_span member)
{
	vt_err e = vt_buf_add(b, p->path, p->path_n);

	if (!e && member.n)
		e = vt_buf_add_u8(b, '#');
	return e ? e : vt_buf_add(b, member.p, member.n);
}

struct named {
	struct run *r;
	const struct vt_fact *f;
	struct vt_observation o;
	vt_err e;
};

static void on_named(void *ctx, const struct vt_catalogue_rule *rule)
{
	struct named *n = ctx;

	n->o.rule = rule->id;
	if (!n->e)
		n->e = observe(n->r, &n->o, n->o.subject);
}

/* Names are signs of their own: a member's, if something in it fired. */
static vt_err name_member(
	struct run *r, const struct pending *p, vt_span locus, vt_span member, vt_span sha256)
{
	struct vt_fact f = {.kind = VT_FACT_FILE, .locus = locus};
	struct named n = {.r = r, .f = &f};
	vt_buf path = VT_BUF_INIT(VT_COLLECT_STRING_MAX), raw = VT_BUF_INIT(VT_COLLECT_STRING_MAX);
	size_t base = member.n;
	vt_err e = member.n && member.p[0] == '/' ? VT_OK : vt_buf_add_u8(&path, '/');

	while (base > 0 && member.p[base - 1] != '/')
		base--;
	if (!e)
		e = vt_buf_add(&path, member.p, member.n);
	f.v[VT_ATTR_PATH] = vt_buf_span(&path);
	f.v[VT_ATTR_NAME] = vt_span_of(member.p + base, member.n - base);
	if (!e)
		e = vt_fact_write(&raw, &f);
	n.o = (struct vt_observation){.kind = f.kind,
		.subject = p->subject,
		.locus = locus,
		.raw = vt_buf_span(&raw),
		.sha256 = sha256,
		.hidden = p->hidden};
	if (!e)
		vt_catalogue_match(r->request->catalogue, &f, on_named, &n);
	vt_buf_free(&path);
	vt_buf_free(&raw);
	return e ? e : n.e;
}

static vt_err on_detection(
	struct run *r, const struct pending *p, const struct vt_detection *d, vt_span sha256)
{
	struct vt_fact f = {.kind = VT_FACT_CONTENT};
	struct vt_observation o = {
		.kind = f.kind, .rule = d->rule, .sha256 = sha256, .hidden = p->hidden};
	vt_buf raw = VT_BUF_INIT(VT_COLLECT_STRING_MAX), locus = VT_BUF_INIT((size_t)64 << 10);
	vt_err e = put_locus(&locus, p, d->path);

	f.v[VT_ATTR_RULE] = d->rule;
	f.v[VT_ATTR_MEMBER] = d->path;
	if (!e)
		e = vt_fact_write(&raw, &f);
	o.raw = vt_buf_span(&raw);
	o.locus = vt_buf_span(&locus);
	if (!e)
		e = observe(r, &o, p->subject);
	if (!e && d->path.n)
		e = name_member(r, p, o.locus, d->path, sha256);
	vt_buf_free(&raw);
	vt_buf_free(&locus);
	/* a database that holds more than the catalogue's rules is not the collector's fault */
	return e == VT_EPEER ? VT_OK : e;
}

static void on_report(void *ctx, uint64_t id, const struct vt_report *report)
{
	struct run *r = ctx;
	struct pending *p = &r->pending[id % PENDING_MAX];
	vt_buf hex = VT_BUF_INIT(80);
	vt_err e = VT_OK;

	r->scanned++;
	if (report->ndetections && !hash_file(p->fd, &hex))
		vt_buf_clear(&hex);
	for (size_t i = 0; i < report->ndetections && !e; i++)
		e = on_detection(r, p, &report->detections[i], vt_buf_span(&hex));
	if (!e && report->ngaps)
		e = not_scanned(r, p->subject, vt_span_of(p->path, p->path_n));
	if (e && !r->failed)
		r->failed = e;
	vt_buf_free(&hex);
	vt_fd_close(p->fd);
	free(p->path);
	*p = (struct pending){0};
}

static struct pending *free_place(struct run *r)
{
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (!r->pending[i].used)
			return &r->pending[i];
	return NULL;
}

/* Waits for the scanner until a place is free. */
static vt_err wait_for_place(struct run *r, struct pending **out)
{
	for (;;) {
		vt_err e;

		*out = free_place(r);
		if (*out)
			return VT_OK;
		e = vt_pool_flush(r->pool);
		if (!e || e == VT_EAGAIN)
			e = vt_pool_run(r->pool, 1000);
		if (e && e != VT_EAGAIN)
			return fail(r, e, "the scanner's workers do not work");
	}
}

static vt_err submit(struct run *r, struct pending *p, int fd, uint64_t size)
{
	for (;;) {
		vt_err e = vt_pool_submit(r->pool, fd, (uint64_t)(p - r->pending), size);

		if (e != VT_EAGAIN)
			return e;
		e = vt_pool_run(r->pool, 1000);
		if (e && e != VT_EAGAIN)
			return fail(r, e, "the scanner's workers do not work");
	}
}

static vt_err on_file(struct run *r)
{
	struct vt_wire_file f;
	struct pending *p;
	int fd = r->in.nfds == 1 ? r->in.fds[0] : -1;
	vt_err e = vt_file_read(&r->in.body, &f);

	if (e || !r->begun || fd < 0 || !r->pool) {
		vt_fd_close(fd);
		return VT_EPEER;
	}
	e = wait_for_place(r, &p);
	if (!e) {
		*p = (struct pending){.used = true,
			.hidden = f.hidden,
			.subject = r->subject,
			.fd = dup(fd),
			.path = malloc(f.path.n + 1),
			.path_n = f.path.n};
		if (!p->path)
			e = VT_ENOMEM;
		else
			memcpy(p->path, f.path.p, f.path.n);
	}
	if (!e)
		e = submit(r, p, fd, f.size);
	if (e)
		vt_fd_close(fd);
	return e;
}

/* The channel -------------------------------------------------------------------------------------
 */

static vt_err on_progress(struct run *r)
{
	r->entries = vt_read_u64le(&r->in.body);
	return r->in.body.bad ? VT_EPEER : VT_OK;
}

static vt_err on_done(struct run *r)
{
	r->done = true;
	return r->begun ? VT_EPEER : VT_OK;
}

static vt_err on_failed(struct run *r)
{
	vt_err error;
	vt_span why;

	if (vt_collect_failed_read(&r->in.body, &error, &why))
		return VT_EPEER;
	(void)snprintf(
		r->why, VT_COLLECT_WHY_MAX, "%.*s", (int)why.n, why.n ? (const char *)why.p : "");
	if (!why.n)
		(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "%s", vt_err_text(error));
	return error == VT_EPEER ? VT_EIO : error;
}

static const struct {
	vt_msg_id id;
	vt_err (*on)(struct run *r);
} handlers[] = {
	{VT_MSG_SUBJECT, on_subject},
	{VT_MSG_COMPONENT, on_component},
	{VT_MSG_OBSERVATION, on_observation},
	{VT_MSG_MISSED, on_missed},
	{VT_MSG_FILE, on_file},
	{VT_MSG_COVERAGE, on_coverage},
	{VT_MSG_PROGRESS, on_progress},
	{VT_MSG_COLLECT_DONE, on_done},
	{VT_MSG_COLLECT_FAILED, on_failed},
};

static vt_err on_message(struct run *r)
{
	vt_err e = VT_EPEER;

	r->heard = vt_clock_ms();
	for (size_t i = 0; i < VT_COUNT(handlers); i++)
		if (handlers[i].id == r->in.id)
			e = handlers[i].on(r);
	return e == VT_EPEER ? fail(r, e, "the collector answered badly and was ended") : e;
}

static vt_err idle(struct run *r)
{
	struct pollfd p = {.fd = r->channel, .events = POLLIN};
	bool scanning = r->pool && vt_pool_pending(r->pool) > 0;
	vt_err e = r->failed;

	if (!e && scanning) {
		e = vt_pool_flush(r->pool);
		if (!e || e == VT_EAGAIN)
			e = vt_pool_run(r->pool, 5);
		e = e == VT_EAGAIN ? VT_OK : e;
	}
	if (!e && poll(&p, 1, scanning ? 0 : 200) < 0 && errno != EINTR)
		e = VT_EIO;
	if (!e && vt_clock_ms() - r->heard > SILENCE_MS)
		e = fail(r, VT_EPEER, "the collector took too long and was ended");
	if (!e && r->request->progress &&
		!r->request->progress(r->request->ctx, r->entries, r->scanned))
		e = fail(r, VT_EAGAIN, "stopped");
	return e;
}

/* The channel is closed: how did it end? */
static vt_err crashed(struct run *r)
{
	int status;

	(void)kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(r, VT_EPEER, "the collector crashed");
	r->pid = -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "the collector crashed (%s%s)",
			strsignal(WTERMSIG(status)),
			WTERMSIG(status) == SIGSYS ? ": it tried what it must not" : "");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == VT_EXIT_MEMORY)
		(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "the collector ran out of memory");
	else
		(void)snprintf(r->why, VT_COLLECT_WHY_MAX, "the collector ended too early");
	return VT_EPEER;
}

static vt_err receive(struct run *r)
{
	while (!r->done) {
		vt_err e = vt_channel_recv(r->channel, &r->in, true, false);

		if (e == VT_EAGAIN)
			e = idle(r);
		else if (e == VT_END || e == VT_EPEER)
			e = crashed(r);
		else if (!e)
			e = on_message(r);
		if (e)
			return e;
	}
	while (r->pool && vt_pool_pending(r->pool)) {
		vt_err e = idle(r);

		r->heard = vt_clock_ms();
		if (e)
			return e;
	}
	return VT_OK;
}

static vt_err send_job(struct run *r)
{
	const struct vt_collect_request *q = r->request;
	struct vt_wire_collect job = q->job;
	int fds[VT_COLLECT_CATALOGUES_MAX + 2];
	size_t n = 0;
	vt_buf b = VT_BUF_INIT(VT_MSG_MAX);
	vt_err e;

	if (q->ncatalogues > VT_COLLECT_CATALOGUES_MAX)
		return fail(r, VT_EARG, "too many catalogues");
	job.ncatalogues = (uint32_t)q->ncatalogues;
	job.spool = q->spool >= 0;
	job.files = r->pool != NULL;
	fds[n++] = q->subject;
	for (size_t i = 0; i < q->ncatalogues; i++)
		fds[n++] = q->catalogues[i];
	if (job.spool)
		fds[n++] = q->spool;
	e = vt_collect_write(&b, &job);
	if (!e)
		e = vt_channel_send(r->channel, vt_buf_span(&b), fds, n, true);
	vt_buf_free(&b);
	return e;
}

static vt_err start(struct run *r)
{
	enum vt_isolation isolation = VT_ISOLATION_USER;
	int ends[2];
	vt_err e = vt_channel_pair(ends);

	if (e)
		return fail(r, e, "no channel can be made");
	e = vt_spawn_reader(r->request->collector_path, ends[1],
		r->request->job.what == VT_COLLECT_PROCESSES, &isolation, &r->pid);
	vt_fd_close(ends[1]);
	r->channel = ends[0];
	if (e)
		return fail(r, e, "vitrine-collector can't be started");
	if (r->request->scan.nimages)
		e = vt_pool_new(&r->request->scan, on_report, r, &r->pool);
	return e ? fail(r, e, "the scanner's workers can't be started") : send_job(r);
}

static void end(struct run *r)
{
	vt_fd_close(r->channel);
	if (r->pid > 0) {
		(void)kill(r->pid, SIGKILL);
		while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	vt_pool_free(r->pool);
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (r->pending[i].used) {
			vt_fd_close(r->pending[i].fd);
			free(r->pending[i].path);
		}
	free(r->not_scanned);
	vt_buf_free(&r->text);
}

vt_err vt_collect_run(
	const struct vt_collect_request *request, struct vt_survey *s, char why[VT_COLLECT_WHY_MAX])
{
	struct run *r = calloc(1, sizeof *r);
	vt_err e;

	if (!r)
		return VT_ENOMEM;
	why[0] = '\0';
	r->request = request;
	r->s = s;
	r->why = why;
	r->channel = -1;
	r->pid = -1;
	r->first = (uint32_t)s->nsubjects;
	r->heard = vt_clock_ms();
	r->text = (vt_buf)VT_BUF_INIT((size_t)1 << 20);
	e = start(r);
	if (!e)
		e = receive(r);
	if (e)
		spoil(r);
	settle(r);
	end(r);
	free(r);
	return e;
}
