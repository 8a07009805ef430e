/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/supervisor/pool.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/num.h"
#include "os/fd.h"
#include "proc/supervisor/member.h"

/* A worker that does not get ready in this time is given up; a cold image may be on a slow disk. */
#define START_MS 30000
#define START_TRIES 3
/* Where a message could not be sent for want of room, it is tried again after this time. */
#define RETRY_MS 20
/* Descriptors left to the rest of the supervisor. */
#define SPARE_FDS 64

struct vt_pool {
	struct vt_pool_config config;
	int images[VT_MAX_IMAGES];
	vt_pool_result_fn *result;
	void *ctx;
	struct vt_member *members;
	struct pollfd *polls;
	enum vt_isolation isolation;
	unsigned failures; /* starts in a row that led to nothing */
	vt_err failed;
	bool flushing;
	/* Waiting files: those offered again first, then a ring of new ones. */
	struct vt_job *again, *waiting;
	size_t nagain, head, nwaiting, capacity;
	uint64_t waiting_bytes;
	uint64_t pending;
	uint64_t listened;       /* ms: when vt_pool_run() last ended */
	uint64_t bytes;          /* of answered files */
	struct vt_report report; /* made here, for files that a worker died on */
	vt_buf scratch;
	struct vt_message message; /* large */
};

/* How many files may be held open at a time: by the limit, which is raised as far as it goes. */
static size_t capacity(unsigned workers)
{
	size_t want = ((size_t)workers + 1) * VT_MEMBER_FILES * 2, have;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l))
		return VT_BATCH_FILES;
	if (l.rlim_cur < l.rlim_max && l.rlim_cur < want + SPARE_FDS) {
		l.rlim_cur = vt_min_u64(l.rlim_max, want + SPARE_FDS);
		(void)setrlimit(RLIMIT_NOFILE, &l);
		(void)getrlimit(RLIMIT_NOFILE, &l);
	}
	have = l.rlim_cur > 2 * SPARE_FDS ? (size_t)l.rlim_cur - SPARE_FDS : SPARE_FDS;
	return vt_min_size(want, have);
}

vt_err vt_pool_new(const struct vt_pool_config *config, vt_pool_result_fn *result, void *ctx,
	struct vt_pool **out)
{
	struct vt_pool *p;

	if (config->workers == 0 || config->workers > 1024 || config->nimages > VT_MAX_IMAGES)
		return VT_EARG;
	p = calloc(1, sizeof *p);
	if (!p)
		return VT_ENOMEM;
	p->config = *config;
	for (size_t i = 0; i < config->nimages; i++)
		p->images[i] = config->images[i];
	p->config.images = p->images;
	p->result = result;
	p->ctx = ctx;
	p->scratch = (vt_buf)VT_BUF_INIT(VT_MSG_MAX);
	p->capacity = capacity(config->workers);
	vt_report_init(&p->report);
	p->members = calloc(config->workers, sizeof *p->members);
	p->polls = calloc(config->workers, sizeof *p->polls);
	p->waiting = calloc(p->capacity, sizeof *p->waiting);
	p->again = calloc(p->capacity, sizeof *p->again);
	if (!p->members || !p->polls || !p->waiting || !p->again) {
		p->config.workers = 0;
		vt_pool_free(p);
		return VT_ENOMEM;
	}
	for (unsigned i = 0; i < config->workers; i++)
		vt_member_init(&p->members[i]);
	/* The first one opens the image while its owner still looks for files. */
	if (vt_member_start(&p->members[0], &p->config, &p->isolation, &p->scratch))
		p->failures++;
	*out = p;
	return VT_OK;
}

void vt_pool_free(struct vt_pool *p)
{
	struct vt_member_end end = {0};
	struct vt_job job;

	if (!p)
		return;
	for (unsigned i = 0; i < p->config.workers; i++) {
		vt_member_stop(&p->members[i], &end);
		while (vt_member_take_job(&p->members[i], &job))
			vt_fd_close(job.fd);
		vt_report_reader_free(&p->members[i].reader);
	}
	for (size_t i = 0; i < p->nagain; i++)
		vt_fd_close(p->again[i].fd);
	for (size_t i = 0; i < p->nwaiting; i++)
		vt_fd_close(p->waiting[(p->head + i) % p->capacity].fd);
	vt_report_free(&p->report);
	vt_buf_free(&p->scratch);
	free(p->members);
	free(p->polls);
	free(p->waiting);
	free(p->again);
	free(p);
}

uint64_t vt_pool_pending(const struct vt_pool *p)
{
	return p->pending;
}

uint64_t vt_pool_bytes(const struct vt_pool *p)
{
	uint64_t n = p->bytes;

	for (unsigned i = 0; i < p->config.workers; i++)
		n += p->members[i].progress;
	return n;
}

/* A file has its answer. */
static void on_done(void *ctx, const struct vt_job *job, const struct vt_report *report)
{
	struct vt_pool *p = ctx;

	vt_fd_close(job->fd);
	p->pending--;
	p->bytes += report->file_bytes;
	p->result(p->ctx, job->id, report);
}

/* Ends a worker; what it had in hand is offered again by itself, or answered if it already was. */
static void end_member(struct vt_pool *p, struct vt_member *m, struct vt_member_end *end)
{
	struct vt_job job;

	vt_member_stop(m, end);
	if (end->never_ready) {
		p->failures++;
		if (end->refused)
			p->failed = end->refused;
		else if (p->isolation < VT_ISOLATION_NONE)
			p->isolation++; /* perhaps exec(2) was refused in there */
	}
	while (vt_member_take_job(m, &job)) {
		if (!job.alone) {
			job.alone = true;
			p->again[p->nagain++] = job;
			continue;
		}
		vt_report_reset(&p->report);
		if (vt_report_gap(&p->report, end->reason, (vt_span){0}))
			p->report.gaps_dropped++;
		on_done(p, &job, &p->report);
	}
}

/* Starts one more worker if there is work that no other one will take soon. */
static void start_another(struct vt_pool *p)
{
	struct vt_member *dead = NULL;

	for (unsigned i = 0; i < p->config.workers; i++) {
		if (p->members[i].state == VT_MEMBER_STARTING)
			return;
		if (p->members[i].state == VT_MEMBER_DEAD && !dead)
			dead = &p->members[i];
	}
	while (dead && !p->failed && p->failures < START_TRIES) {
		if (vt_member_start(dead, &p->config, &p->isolation, &p->scratch) == VT_OK)
			return;
		p->failures++;
	}
}

/* What vt_pool_run() has to say: an error only if no worker is left and none can be started. */
static vt_err health(const struct vt_pool *p)
{
	if (p->failed)
		return p->failed;
	for (unsigned i = 0; i < p->config.workers; i++) {
		if (p->members[i].state != VT_MEMBER_DEAD)
			return VT_OK;
	}
	return p->failures >= START_TRIES ? VT_EIO : VT_OK;
}

/* The worker that takes another batch and has least to do; NULL if none. */
static struct vt_member *least_busy(struct vt_pool *p, bool idle)
{
	struct vt_member *best = NULL;

	for (unsigned i = 0; i < p->config.workers; i++) {
		struct vt_member *m = &p->members[i];

		if (!vt_member_takes(m) || (idle && m->njobs))
			continue;
		if (!best || m->njobs == 0 || (best->njobs && m->job_bytes < best->job_bytes))
			best = m;
	}
	return best;
}

/* The next batch: copies of the first waiting files. *out_full: it can't grow any more. */
static size_t cut_batch(const struct vt_pool *p, struct vt_job *jobs, bool *out_full)
{
	uint64_t bytes = 0;
	size_t n = 0;

	*out_full = false;
	while (n < p->nwaiting) {
		const struct vt_job *j = &p->waiting[(p->head + n) % p->capacity];

		if (n && (n == VT_BATCH_FILES || j->size > VT_BATCH_BYTES - bytes)) {
			*out_full = true;
			break;
		}
		jobs[n++] = *j;
		if (j->size >= VT_BATCH_BYTES) {
			*out_full = true;
			break;
		}
		bytes += j->size;
	}
	if (n == VT_BATCH_FILES)
		*out_full = true;
	return n;
}

/*
 * Sends what can be sent. A batch that is not full goes to a worker with nothing to do (`partial`),
 * split so that all of them get some, or to any if the owner said that nothing more comes.
 */
static void dispatch(struct vt_pool *p, bool partial)
{
	struct vt_job jobs[VT_BATCH_FILES];
	struct vt_member *m;
	bool full;
	size_t n;

	while (p->nagain && (m = least_busy(p, true))) {
		if (vt_member_send(m, &p->again[p->nagain - 1], 1, &p->scratch))
			break; /* poll tells whether it is gone */
		p->nagain--;
	}
	while (p->nwaiting && (m = least_busy(p, false))) {
		n = cut_batch(p, jobs, &full);
		if (!full && !p->flushing && !(partial && m->njobs == 0))
			break;
		if (!full)
			n = (n + p->config.workers - 1) / p->config.workers;
		if (vt_member_send(m, jobs, n, &p->scratch))
			break;
		for (size_t i = 0; i < n; i++)
			p->waiting_bytes -= jobs[i].size;
		p->head = (p->head + n) % p->capacity;
		p->nwaiting -= n;
	}
	if (p->nwaiting == 0)
		p->flushing = false;
	if (p->nwaiting || p->nagain)
		start_another(p);
}

vt_err vt_pool_submit(struct vt_pool *p, int fd, uint64_t id, uint64_t size)
{
	if (p->pending >= p->capacity)
		return VT_EAGAIN;
	p->waiting[(p->head + p->nwaiting++) % p->capacity] =
		(struct vt_job){.fd = fd, .id = id, .size = size};
	p->waiting_bytes += size;
	p->pending++;
	if (p->nwaiting >= VT_BATCH_FILES || p->waiting_bytes >= VT_BATCH_BYTES)
		dispatch(p, false);
	return VT_OK;
}

vt_err vt_pool_flush(struct vt_pool *p)
{
	p->flushing = true;
	dispatch(p, true);
	return VT_OK;
}

/* When `m` will be given up, in ms; UINT64_MAX for never. */
static uint64_t deadline(const struct vt_pool *p, const struct vt_member *m)
{
	if (m->state == VT_MEMBER_STARTING)
		return m->since + START_MS;
	if (m->state == VT_MEMBER_READY && m->njobs)
		return m->since + p->config.limits.time_ms + p->config.grace_ms;
	return UINT64_MAX;
}

/* Waits for messages; fills p->polls. */
static void wait_for_some(struct vt_pool *p, int timeout_ms)
{
	uint64_t now = vt_clock_ms(), next = UINT64_MAX;

	for (unsigned i = 0; i < p->config.workers; i++) {
		p->polls[i] = (struct pollfd){.fd = p->members[i].channel, .events = POLLIN};
		next = vt_min_u64(next, deadline(p, &p->members[i]));
	}
	if (next != UINT64_MAX) {
		uint64_t left = next > now ? vt_min_u64(next - now + 1, INT32_MAX) : 0;

		if (timeout_ms < 0 || left < (uint64_t)timeout_ms)
			timeout_ms = (int)left;
	}
	if ((p->nwaiting || p->nagain) && least_busy(p, true) &&
		(timeout_ms < 0 || timeout_ms > RETRY_MS))
		timeout_ms = RETRY_MS;
	if (poll(p->polls, p->config.workers, timeout_ms) < 0) {
		for (unsigned i = 0; i < p->config.workers; i++)
			p->polls[i].revents = 0;
	}
}

/*
 * Time in which the owner did something else for long (a slow disk, a stopped terminal) is not held
 * against the workers: their answers may have had nobody to read them.
 */
static void forgive_absence(struct vt_pool *p)
{
	uint64_t away = vt_clock_ms() - p->listened;

	if (p->listened == 0 || away < 1000)
		return;
	for (unsigned i = 0; i < p->config.workers; i++)
		p->members[i].since += away;
}

static void listen_to(struct vt_pool *p, struct vt_member *m, bool ready)
{
	struct vt_member_end end = {.reason = VT_REASON_WORKER_CRASHED};
	bool starting = m->state == VT_MEMBER_STARTING;
	vt_err e = VT_OK;

	if (ready)
		e = vt_member_receive(m, &p->message, on_done, p, &end);
	if (e && e != VT_EAGAIN) {
		end_member(p, m, &end);
		return;
	}
	if (starting && m->state == VT_MEMBER_READY)
		p->failures = 0;
	if (vt_clock_ms() >= deadline(p, m)) {
		end.reason = VT_REASON_WORKER_TIMEOUT;
		end_member(p, m, &end);
	}
}

vt_err vt_pool_run(struct vt_pool *p, int timeout_ms)
{
	vt_err e;

	forgive_absence(p);
	dispatch(p, true);
	e = health(p);
	if (e || (p->pending == 0 && timeout_ms < 0))
		return e;
	wait_for_some(p, timeout_ms);
	for (unsigned i = 0; i < p->config.workers; i++) {
		struct vt_member *m = &p->members[i];

		if (m->state != VT_MEMBER_DEAD && p->polls[i].fd == m->channel)
			listen_to(p, m, p->polls[i].revents != 0);
	}
	dispatch(p, true);
	p->listened = vt_clock_ms();
	return health(p);
}
