/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/supervisor/member.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/num.h"
#include "os/fd.h"

/* Messages of one worker handled before the others get their turn. */
#define TURN 16

void vt_member_init(struct vt_member *m)
{
	*m = (struct vt_member){.channel = -1};
	vt_report_reader_init(&m->reader);
}

static vt_err send_setup(int channel, const struct vt_pool_config *config, vt_buf *scratch)
{
	const struct vt_setup setup = {
		.limits = config->limits, .all_match = config->all_match, .pua = config->pua};
	vt_err e = vt_setup_write(scratch, &setup);

	return e ? e
		 : vt_channel_send(
			   channel, vt_buf_span(scratch), config->images, config->nimages, false);
}

vt_err vt_member_start(struct vt_member *m, const struct vt_pool_config *config,
	enum vt_isolation *io_isolation, vt_buf *scratch)
{
	int ends[2];
	vt_err e = vt_channel_pair(ends);

	if (e)
		return e;
	e = vt_spawn(config->worker_path, ends[1], io_isolation, &m->pid);
	vt_fd_close(ends[1]);
	if (e) {
		vt_fd_close(ends[0]);
		return e;
	}
	m->channel = ends[0];
	m->state = VT_MEMBER_STARTING;
	m->since = vt_clock_ms();
	m->head = 0;
	m->njobs = 0;
	m->nbatches = 0;
	m->job_bytes = 0;
	m->progress = 0;
	m->head_number = 0;
	vt_report_reader_reset(&m->reader);
	e = send_setup(m->channel, config, scratch);
	if (e) {
		struct vt_member_end end = {0};
		vt_member_stop(m, &end);
		return e == VT_EARG ? e : VT_EIO;
	}
	return VT_OK;
}

bool vt_member_takes(const struct vt_member *m)
{
	if (m->state != VT_MEMBER_READY)
		return false;
	if (m->njobs == 0)
		return true;
	/* Nothing behind a file that may kill it, nor behind one that takes long. */
	return m->nbatches < VT_MEMBER_BATCHES && !m->jobs[m->head].alone &&
		m->job_bytes <= VT_BATCH_BYTES;
}

vt_err vt_member_send(struct vt_member *m, const struct vt_job *jobs, size_t n, vt_buf *scratch)
{
	struct vt_batch batch = {.first = m->head_number + m->njobs, .n = n};
	int fds[VT_BATCH_FILES];
	vt_err e;

	if (n == 0 || n > VT_BATCH_FILES || m->njobs + n > VT_MEMBER_FILES ||
		m->nbatches == VT_MEMBER_BATCHES)
		return VT_EARG;
	for (size_t i = 0; i < n; i++) {
		fds[i] = jobs[i].fd;
		batch.sizes[i] = jobs[i].size;
	}
	e = vt_batch_write(scratch, &batch);
	if (!e)
		e = vt_channel_send(m->channel, vt_buf_span(scratch), fds, n, false);
	if (e)
		return e;
	if (m->njobs == 0)
		m->since = vt_clock_ms();
	for (size_t i = 0; i < n; i++) {
		m->jobs[(m->head + m->njobs++) % VT_MEMBER_FILES] = jobs[i];
		m->job_bytes += jobs[i].size;
	}
	m->batches[m->nbatches++] = n;
	return VT_OK;
}

bool vt_member_take_job(struct vt_member *m, struct vt_job *out)
{
	if (m->njobs == 0)
		return false;
	*out = m->jobs[m->head];
	m->head = (m->head + 1) % VT_MEMBER_FILES;
	m->njobs--;
	m->head_number++;
	m->job_bytes -= out->size;
	m->progress = 0;
	if (m->nbatches && --m->batches[0] == 0) {
		m->nbatches--;
		memmove(m->batches, m->batches + 1, m->nbatches * sizeof *m->batches);
	}
	return true;
}

/* RESULTS: each report must be for the oldest file in hand. */
static vt_err on_results(
	struct vt_member *m, struct vt_message *msg, vt_member_done_fn *done, void *ctx)
{
	struct vt_job job;
	vt_err e;

	if (m->state != VT_MEMBER_READY)
		return VT_EPEER;
	for (;;) {
		e = vt_report_read(&m->reader, &msg->body, m->head_number);
		if (e == VT_END)
			return VT_OK;
		if (e)
			return e;
		if (!vt_member_take_job(m, &job))
			return VT_EPEER;
		m->since = vt_clock_ms();
		done(ctx, &job, &m->reader.report);
	}
}

static vt_err on_progress(struct vt_member *m, struct vt_message *msg)
{
	uint64_t done = vt_read_u64le(&msg->body);

	if (msg->body.bad || vt_reader_left(&msg->body) || m->state != VT_MEMBER_READY ||
		m->njobs == 0)
		return VT_EPEER;
	m->progress = vt_max_u64(m->progress, vt_min_u64(done, m->jobs[m->head].size));
	return VT_OK;
}

static vt_err on_message(struct vt_member *m, struct vt_message *msg, vt_member_done_fn *done,
	void *ctx, struct vt_member_end *end)
{
	if (msg->id == VT_MSG_RESULTS && m->njobs)
		return on_results(m, msg, done, ctx);
	if (msg->id == VT_MSG_PROGRESS)
		return on_progress(m, msg);
	if (m->state == VT_MEMBER_STARTING && msg->id == VT_MSG_READY &&
		vt_reader_left(&msg->body) == 0) {
		m->state = VT_MEMBER_READY;
		return VT_OK;
	}
	if (m->state == VT_MEMBER_STARTING && msg->id == VT_MSG_FAIL &&
		vt_fail_read(&msg->body, &end->step, &end->refused) == VT_OK)
		return VT_END;
	return VT_EPEER;
}

vt_err vt_member_receive(struct vt_member *m, struct vt_message *scratch, vt_member_done_fn *done,
	void *ctx, struct vt_member_end *end)
{
	for (unsigned i = 0; i < TURN; i++) {
		vt_err e = vt_channel_recv(m->channel, scratch, false, false);

		if (e == VT_EAGAIN)
			return e;
		if (!e)
			e = on_message(m, scratch, done, ctx, end);
		if (e) {
			end->reason = e == VT_END ? VT_REASON_WORKER_CRASHED
				: e == VT_ENOMEM  ? VT_REASON_MEMORY
						  : VT_REASON_WORKER_PROTOCOL;
			return e;
		}
	}
	return VT_OK;
}

void vt_member_stop(struct vt_member *m, struct vt_member_end *end)
{
	int status = 0;

	if (m->state == VT_MEMBER_DEAD)
		return;
	/* One that is ending by itself keeps its own status: see do_exit() in the kernel. */
	(void)kill(m->pid, SIGKILL);
	while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (end->reason == VT_REASON_WORKER_CRASHED && WIFEXITED(status) &&
		WEXITSTATUS(status) == VT_EXIT_MEMORY)
		end->reason = VT_REASON_MEMORY;
	end->never_ready = m->state == VT_MEMBER_STARTING;
	vt_fd_close(m->channel);
	m->channel = -1;
	m->pid = 0;
	m->state = VT_MEMBER_DEAD;
	vt_report_reader_reset(&m->reader);
}
