/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/supervisor/compile.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/num.h"
#include "ipc/setup.h"
#include "os/fd.h"
#include "sandbox/spawn.h"

#define DEFAULT_MS 600000
#define RESULT_MEMORY ((size_t)64 << 20)
#define CONTAINERS_MAX 4096

struct run {
	const struct vt_compile_request *request;
	struct vt_compile_result *result;
	pid_t pid;
	int channel;
	uint64_t deadline; /* ms */
	bool done;
	vt_buf out;
	struct vt_message in; /* large */
};

static vt_err failed(struct run *r, vt_err e, const char *cause)
{
	r->result->failed_cause = vt_span_str(cause);
	return e;
}

/* Waits until the channel is ready for `events`. */
static vt_err wait_for(struct run *r, short events)
{
	for (;;) {
		struct pollfd p = {.fd = r->channel, .events = events};
		uint64_t now = vt_clock_ms();
		int n;

		if (now >= r->deadline)
			return failed(r, VT_EPEER, "the compiler took too long and was ended");
		n = poll(&p, 1, (int)vt_min_u64(r->deadline - now, 60000));
		if (n > 0)
			return VT_OK;
		if (n < 0 && errno != EINTR)
			return VT_EIO;
	}
}

static vt_err send_message(struct run *r, const int *fds, size_t nfds)
{
	vt_err e = vt_channel_send(r->channel, vt_buf_span(&r->out), fds, nfds, false);

	while (e == VT_EAGAIN) {
		e = wait_for(r, POLLOUT);
		if (!e)
			e = vt_channel_send(r->channel, vt_buf_span(&r->out), fds, nfds, false);
	}
	return e;
}

static vt_err send_sources(struct run *r)
{
	const struct vt_compile_request *q = r->request;
	vt_err e = vt_compile_write(&r->out, q->strict);

	if (!e)
		e = send_message(r, &q->output, 1);
	for (size_t i = 0; !e && i < q->nsources;) {
		int fds[VT_MSG_FDS];
		size_t n = 0;

		e = vt_msg_begin(&r->out, VT_MSG_SOURCES);
		while (!e && n < VT_MSG_FDS && i < q->nsources) {
			const struct vt_compile_source *s = &q->sources[i];

			if (s->name.n > VT_WIRE_NAME_MAX)
				return VT_EARG;
			e = vt_msg_add_string(&r->out, s->name);
			if (e == VT_ELIMIT && n)
				break;
			fds[n++] = s->fd;
			i++;
		}
		if (e == VT_ELIMIT || !e)
			e = send_message(r, fds, n);
	}
	if (!e)
		e = vt_msg_begin(&r->out, VT_MSG_COMPILE_START);
	return e ? e : send_message(r, NULL, 0);
}

static bool keep(vt_arena *a, vt_span *s)
{
	char *p = vt_arena_copy(a, *s);

	s->p = (const uint8_t *)p;
	return p != NULL;
}

/* Room for one more element of an array that lives in the arena. */
static void *grow(vt_arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 64;
	void *p;

	if (n < *cap)
		return old;
	p = vt_arena_array(a, want, size);
	if (!p)
		return NULL;
	if (n)
		memcpy(p, old, n * size);
	*cap = want;
	return p;
}

static vt_err on_container(struct run *r)
{
	struct vt_compile_result *out = r->result;
	struct vt_wire_container c, *list;
	vt_err e = vt_container_read(&r->in.body, &c);

	if (e || out->ncontainers == CONTAINERS_MAX)
		return VT_EPEER;
	list = grow(
		&out->arena, out->containers, out->ncontainers, &out->cap_containers, sizeof *list);
	if (!list)
		return VT_ENOMEM;
	out->containers = list;
	if (!keep(&out->arena, &c.name) || !keep(&out->arena, &c.time) ||
		!keep(&out->arena, &c.builder))
		return VT_ENOMEM;
	list[out->ncontainers++] = c;
	return VT_OK;
}

static vt_err on_asides(struct run *r)
{
	struct vt_compile_result *out = r->result;

	while (vt_reader_left(&r->in.body)) {
		struct vt_wire_aside a, *list;

		if (vt_aside_read(&r->in.body, &a) || out->nasides == VT_WIRE_ASIDES_MAX)
			return VT_EPEER;
		list = grow(&out->arena, out->asides, out->nasides, &out->cap_asides, sizeof *list);
		if (!list)
			return VT_ENOMEM;
		out->asides = list;
		if (!keep(&out->arena, &a.set) || !keep(&out->arena, &a.cause))
			return VT_ENOMEM;
		list[out->nasides++] = a;
	}
	return VT_OK;
}

static vt_err on_failed(struct run *r)
{
	struct vt_wire_failure f;

	if (vt_failure_read(&r->in.body, &f))
		return VT_EPEER;
	if (!keep(&r->result->arena, &f.source) || !keep(&r->result->arena, &f.cause))
		return VT_ENOMEM;
	r->result->failed_source = f.source;
	r->result->failed_cause = f.cause;
	return f.error;
}

static vt_err on_message(struct run *r)
{
	if (r->in.id == VT_MSG_CONTAINER)
		return on_container(r);
	if (r->in.id == VT_MSG_ASIDES)
		return on_asides(r);
	if (r->in.id == VT_MSG_COMPILE_FAILED)
		return on_failed(r);
	if (r->in.id != VT_MSG_COMPILED || vt_totals_read(&r->in.body, &r->result->totals))
		return VT_EPEER;
	r->done = true;
	return VT_OK;
}

static vt_err receive(struct run *r)
{
	while (!r->done) {
		vt_err e = vt_channel_recv(r->channel, &r->in, false, false);

		if (e == VT_EAGAIN) {
			e = wait_for(r, POLLIN);
			if (e)
				return e;
			continue;
		}
		if (e == VT_END)
			return failed(r, VT_EPEER, "the compiler ended without an answer");
		if (!e)
			e = on_message(r);
		if (e && r->result->failed_cause.n == 0)
			return failed(r, e, "the compiler answered badly and was ended");
		if (e)
			return e;
	}
	return VT_OK;
}

/* Starts it; where exec(2) is refused inside of new namespaces, tries with fewer. */
static vt_err start(struct run *r, enum vt_isolation *isolation)
{
	int ends[2];
	vt_err e = vt_channel_pair(ends);

	if (e)
		return e;
	e = vt_spawn(r->request->compiler_path, ends[1], isolation, &r->pid);
	vt_fd_close(ends[1]);
	if (e) {
		vt_fd_close(ends[0]);
		return failed(r, e, "the compiler can't be started");
	}
	r->channel = ends[0];
	return VT_OK;
}

/* Ends the process; its exit code if it ended by itself, -1 otherwise. */
static int stop(struct run *r)
{
	int status = 0;

	(void)kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	vt_fd_close(r->channel);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

vt_err vt_compile_run(const struct vt_compile_request *request, struct vt_compile_result *out)
{
	struct run *r = calloc(1, sizeof *r);
	enum vt_isolation isolation = VT_ISOLATION_USER;
	int code;
	vt_err e;

	*out = (struct vt_compile_result){.arena = VT_ARENA_INIT(RESULT_MEMORY)};
	if (!r)
		return VT_ENOMEM;
	r->request = request;
	r->result = out;
	r->out = (vt_buf)VT_BUF_INIT(VT_MSG_MAX);
	r->deadline = vt_clock_ms() + (request->timeout_ms ? request->timeout_ms : DEFAULT_MS);
	for (;;) {
		e = start(r, &isolation);
		if (e)
			break;
		e = send_sources(r);
		if (!e || e == VT_EPEER) {
			vt_err answer = receive(r); /* it may have said why it went */
			e = answer ? answer : e;
		}
		code = stop(r);
		if (code == VT_EXIT_MEMORY && e)
			e = failed(r, VT_ENOMEM, "the compiler ran out of memory");
		if (code != VT_EXIT_NO_EXEC || isolation == VT_ISOLATION_NONE)
			break;
		isolation++;
	}
	vt_buf_free(&r->out);
	free(r);
	return e;
}

void vt_compile_result_free(struct vt_compile_result *r)
{
	if (r)
		vt_arena_free(&r->arena);
}
