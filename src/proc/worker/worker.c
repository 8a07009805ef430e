/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/worker/worker.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "engine/core/rule.h"
#include "ipc/channel.h"
#include "ipc/report.h"
#include "ipc/setup.h"
#include "os/fd.h"
#include "os/map.h"
#include "proc/worker/input.h"
#include "sandbox/enter.h"
#include "vitrine/engine.h"

#define MEMORY_MAX ((uint64_t)1536 << 20)
#define FLUSH_MS 100
#define HEARTBEAT_MS 250
/* A mapped file's pages are given back after this much work. */
#define DROP_BYTES ((uint64_t)32 << 20)

struct worker {
	int channel;
	struct vt_setup setup;
	size_t nimages;
	vt_span images[VT_MAX_IMAGES];
	struct vt_db *dbs[VT_MAX_IMAGES];
	struct vt_scanner *scanner;
	struct vt_inputs inputs;
	struct vt_report report;
	struct vt_report_writer answers;
	vt_buf progress;
	uint64_t last_sent; /* ms */
	bool peer_gone;
	/* the file at work */
	const struct vt_source *source;
	uint64_t began; /* ms */
	uint64_t done, dropped_at;
	struct vt_message message; /* large */
};

static vt_err send_progress(struct worker *w)
{
	vt_err e = vt_msg_begin(&w->progress, VT_MSG_PROGRESS);

	if (!e)
		e = vt_buf_add_u64(&w->progress, w->done);
	return e ? e : vt_channel_send(w->channel, vt_buf_span(&w->progress), NULL, 0, true);
}

/* The engine's tick: keeps the time limit, memory and the supervisor's patience. */
static bool on_tick(void *ctx, uint64_t bytes)
{
	struct worker *w = ctx;
	uint64_t now = vt_clock_ms();

	w->done += bytes;
	if (w->source->mapped && w->done - w->dropped_at >= DROP_BYTES) {
		vt_map_drop(w->source->bytes);
		w->dropped_at = w->done;
	}
	if (now - w->last_sent >= HEARTBEAT_MS) {
		w->last_sent = now;
		if (vt_report_flush(&w->answers) || send_progress(w))
			w->peer_gone = true;
	}
	return !w->peer_gone && now - w->began < w->setup.limits.time_ms;
}

static vt_err scan_bytes(struct worker *w, const struct vt_source *s, const uint8_t *md5)
{
	const struct vt_input in = {
		.bytes = s->bytes,
		.slack = !s->mapped,
		.md5 = md5,
		.tick = on_tick,
		.tick_ctx = w,
	};

	w->source = s;
	w->began = vt_clock_ms();
	w->done = 0;
	w->dropped_at = 0;
	return vt_scan(w->scanner, &in, &w->report);
}

static vt_err gap(struct worker *w, vt_reason reason)
{
	return vt_report_gap(&w->report, reason, (vt_span){0});
}

/* Scans one file, which may be loaded already, and queues its report. */
static vt_err scan_one(struct worker *w, struct vt_source *s, uint64_t number, const uint8_t *md5)
{
	bool too_large = s->size > w->setup.limits.file_size;
	uint64_t now;
	vt_err e = VT_OK;

	vt_report_reset(&w->report);
	if (too_large)
		e = gap(w, VT_REASON_LIMIT_FILE_SIZE);
	else if (!s->loaded && !s->unreadable)
		e = vt_inputs_single(&w->inputs, s);
	if (!e && s->loaded && !too_large)
		e = scan_bytes(w, s, md5);
	w->report.file_bytes = s->loaded ? s->bytes.n : 0;
	vt_source_close(s);
	if (e == VT_ENOMEM)
		e = gap(w, VT_REASON_MEMORY);
	if (!e && s->changed)
		e = gap(w, VT_REASON_CHANGED);
	if (!e && s->unreadable)
		e = gap(w, VT_REASON_UNREADABLE);
	if (!e)
		e = vt_report_write(&w->answers, number, &w->report);
	now = vt_clock_ms();
	if (!e && now - w->last_sent >= FLUSH_MS) {
		w->last_sent = now;
		e = vt_report_flush(&w->answers);
	}
	return e;
}

/* MD5 of those of the group that will be asked for it, in one go. digests[i] is for s[i]. */
static void hash_group(struct worker *w, const struct vt_source *s, size_t n,
	uint8_t digests[VT_MSG_FDS][16], bool has[VT_MSG_FDS])
{
	uint8_t out[VT_MSG_FDS][16];
	vt_span in[VT_MSG_FDS];
	size_t at[VT_MSG_FDS], count = 0;

	for (size_t i = 0; i < n; i++) {
		has[i] = s[i].loaded &&
			(vt_scanner_wants(w->scanner, s[i].bytes.n) & (1u << VT_MD5));
		if (has[i]) {
			at[count] = i;
			in[count++] = s[i].bytes;
		}
	}
	if (count)
		vt_md5_many(in, count, out);
	for (size_t i = 0; i < count; i++)
		memcpy(digests[at[i]], out[i], 16);
}

static vt_err serve_batch(struct worker *w)
{
	struct vt_source sources[VT_MSG_FDS];
	uint8_t digests[VT_MSG_FDS][16];
	bool has[VT_MSG_FDS];
	struct vt_batch batch;
	vt_err e = vt_batch_read(&w->message.body, w->message.nfds, &batch);

	if (e)
		return e;
	for (size_t i = 0; i < batch.n; i++)
		sources[i] = (struct vt_source){.fd = w->message.fds[i], .size = batch.sizes[i]};
	w->last_sent = vt_clock_ms();
	for (size_t i = 0; !e && i < batch.n;) {
		size_t n = vt_inputs_group(&w->inputs, sources + i, batch.n - i);

		hash_group(w, sources + i, n, digests, has);
		for (size_t k = 0; !e && k < n; k++)
			e = scan_one(w, &sources[i + k], batch.first + i + k,
				has[k] ? digests[k] : NULL);
		i += n;
	}
	/* They are the only ones above the channel: one call for all. */
	vt_fd_close_from(w->channel + 1);
	if (!e)
		e = vt_report_flush(&w->answers);
	return e;
}

static vt_err open_images(struct worker *w, enum vt_start_step *step)
{
	struct vt_scan_options options = {
		.limits = w->setup.limits, .all_match = w->setup.all_match, .pua = w->setup.pua};
	const struct vt_db *dbs[VT_MAX_IMAGES];

	*step = VT_STEP_IMAGE;
	for (size_t i = 0; i < w->message.nfds; i++) {
		uint64_t size;
		vt_err e = vt_fd_size(w->message.fds[i], &size);

		if (!e)
			e = vt_map_file(w->message.fds[i], size, &w->images[i]);
		w->nimages = i + 1;
		if (!e)
			e = vt_db_open(w->images[i], &w->dbs[i]);
		if (e)
			return e;
		dbs[i] = w->dbs[i];
	}
	*step = VT_STEP_SCANNER;
	return vt_scanner_new(dbs, w->nimages, &options, &w->scanner);
}

/*
 * What libraries do at their first use (open, allocate, look at the processor) happens here, while
 * it is still allowed.
 */
static void warm_up(void)
{
	uint8_t digest[32];
	uint8_t many[1][16];
	const vt_span nothing = {0};

	/* One arena; freed memory stays for the next file rather than going back and forth. */
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, 64 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
	vt_md5(nothing, digest);
	vt_sha1(nothing, digest);
	vt_sha256(nothing, digest);
	vt_md5_many(&nothing, 1, many);
	(void)vt_clock_ms();
	tzset(); /* members' dates, in libarchive */
}

static vt_err start(struct worker *w)
{
	const struct vt_sandbox sandbox = {.role = VT_ROLE_WORKER, .memory = MEMORY_MAX};
	enum vt_start_step step = VT_STEP_SANDBOX;
	unsigned layers;
	vt_err e;

	vt_fd_close_from(w->channel + 1);
	warm_up();
	e = vt_map_guard_install();
	if (!e)
		e = vt_sandbox_enter(&sandbox, &layers);
	if (!e) {
		step = VT_STEP_SETUP;
		e = vt_channel_recv(w->channel, &w->message, true, true);
	}
	if (!e && w->message.id != VT_MSG_SETUP)
		e = VT_EPEER;
	if (!e)
		e = vt_setup_read(&w->message.body, &w->setup);
	if (!e)
		e = open_images(w, &step);
	vt_fd_close_from(w->channel + 1);
	if (e == VT_END)
		return e;
	if (e) {
		if (vt_fail_write(&w->progress, step, e) == VT_OK &&
			vt_channel_send(w->channel, vt_buf_span(&w->progress), NULL, 0, true))
			return VT_EPEER;
		return e;
	}
	e = vt_msg_begin(&w->progress, VT_MSG_READY);
	return e ? e : vt_channel_send(w->channel, vt_buf_span(&w->progress), NULL, 0, true);
}

static int exit_code(vt_err e)
{
	return e == VT_END ? 0 : e == VT_ENOMEM ? VT_EXIT_MEMORY : 1;
}

int vt_worker_run(int channel)
{
	struct worker *w = calloc(1, sizeof *w);
	vt_err e;

	if (!w)
		return VT_EXIT_MEMORY;
	w->channel = channel;
	w->progress = (vt_buf)VT_BUF_INIT(VT_MSG_MAX);
	vt_report_init(&w->report);
	vt_report_writer_init(&w->answers, channel);
	e = start(w);
	while (!e) {
		e = vt_channel_recv(channel, &w->message, true, true);
		if (!e)
			e = w->message.id == VT_MSG_BATCH ? serve_batch(w) : VT_EPEER;
	}
	vt_scanner_free(w->scanner);
	for (size_t i = 0; i < w->nimages; i++) {
		vt_db_close(w->dbs[i]);
		vt_map_close(w->images[i]);
	}
	vt_inputs_free(&w->inputs);
	vt_report_free(&w->report);
	vt_report_writer_free(&w->answers);
	vt_buf_free(&w->progress);
	free(w);
	return exit_code(e);
}
