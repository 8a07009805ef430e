/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/update/crashes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/where.h"
#include "os/fd.h"
#include "proc/supervisor/pool.h"

#define FILE_TIME_MS 30000u

static bool died(const struct vt_report *r)
{
	for (size_t i = 0; i < r->ngaps; i++) {
		if (r->gaps[i].reason == VT_REASON_WORKER_CRASHED ||
			r->gaps[i].reason == VT_REASON_WORKER_TIMEOUT ||
			r->gaps[i].reason == VT_REASON_WORKER_PROTOCOL)
			return true;
	}
	return false;
}

void vt_crashes_note(struct vt_crashes *c, vt_span path, const struct vt_report *report)
{
	if (c->n < VT_CRASHES_MAX && died(report)) {
		c->paths[c->n] = strndup((const char *)path.p, path.n);
		c->n += c->paths[c->n] != NULL;
	}
}

static void on_result(void *ctx, uint64_t id, const struct vt_report *r)
{
	bool *well = ctx;

	(void)id;
	*well = !died(r);
}

/* Does a worker read the file without harm with these images? */
static bool reads_well(const char *path, const int *images, size_t n, const char *worker)
{
	struct vt_pool_config config = {
		.worker_path = worker,
		.workers = 1,
		.images = images,
		.nimages = n,
		.limits = vt_limits_default(),
		.grace_ms = 2000,
	};
	struct vt_pool *p = NULL;
	bool well = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint64_t size;
	vt_err e = fd < 0 ? VT_EIO : vt_fd_size(fd, &size);

	config.limits.time_ms = FILE_TIME_MS;
	if (!e)
		e = vt_pool_new(&config, on_result, &well, &p);
	if (!e)
		e = vt_pool_submit(p, fd, 0, size);
	if (e)
		vt_fd_close(fd);
	else
		e = vt_pool_flush(p);
	while (!e && vt_pool_pending(p))
		e = vt_pool_run(p, -1);
	vt_pool_free(p);
	return !e && well;
}

static void blame(const struct vt_crashes *c, const char *state, const char *generation)
{
	bool back = false;

	fprintf(stderr,
		"%s: a worker died on a file that the content before %s reads without harm\n",
		c->command, generation);
	if (vt_live_crashed(state, generation, &back) == VT_OK && back)
		fprintf(stderr,
			"%s: that was once too often: the content before %s is in use again. "
			"'vitrine"
			" update status' says more\n",
			c->command, generation);
}

void vt_crashes_judge(struct vt_crashes *c, const char *generation, const char *worker)
{
	char *usual = NULL, name[VT_GENERATION_MAX];
	const char *state = c->state;
	int fds[2];
	size_t n = 0;

	if (c->n && generation[0] && (state || vt_where_state(&usual) == VT_OK)) {
		state = state ? state : usual;
		if (vt_live_images(state, "good", fds, &n, name) != VT_OK ||
			strcmp(name, generation) == 0)
			n = 0;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (n && reads_well(c->paths[i], fds, n, worker))
			blame(c, state, generation);
		free(c->paths[i]);
	}
	for (size_t i = 0; i < n; i++)
		vt_fd_close(fds[i]);
	c->n = 0;
	free(usual);
}
