/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker process as its supervisor sees it: started, fed, listened to, killed. Everything
 * that comes from it is hostile. Used by pool.c only.
 */
#ifndef VT_PROC_SUPERVISOR_MEMBER_H
#define VT_PROC_SUPERVISOR_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "ipc/channel.h"
#include "ipc/report.h"
#include "ipc/setup.h"
#include "proc/supervisor/pool.h"
#include "sandbox/spawn.h"

#define VT_BATCH_FILES VT_MSG_FDS
#define VT_BATCH_BYTES ((uint64_t)1 << 20)
#define VT_MEMBER_BATCHES 2
#define VT_MEMBER_FILES (VT_MEMBER_BATCHES * VT_BATCH_FILES)

/* A submitted file. Its descriptor stays open until it is answered: it may be offered again. */
struct vt_job {
	int fd;
	uint64_t id;
	uint64_t size;
	bool alone; /* a worker died with it in its hands: it is offered by itself */
};

enum vt_member_state { VT_MEMBER_DEAD, VT_MEMBER_STARTING, VT_MEMBER_READY };

struct vt_member {
	enum vt_member_state state;
	pid_t pid;
	int channel;
	/* What it has in hand, oldest first: a ring. Answers come in this order. */
	struct vt_job jobs[VT_MEMBER_FILES];
	size_t head, njobs;
	uint64_t head_number;              /* of the oldest */
	size_t batches[VT_MEMBER_BATCHES]; /* unanswered files of each batch, oldest first */
	size_t nbatches;
	uint64_t job_bytes; /* of all in hand */
	uint64_t since;     /* ms: when the oldest became the oldest */
	uint64_t progress;  /* bytes done on the oldest, as it says */
	struct vt_report_reader reader;
};

/* Why a worker is given up. */
struct vt_member_end {
	vt_reason reason; /* for the file that it has alone in hand */
	bool never_ready; /* died before it took work */
	vt_err refused;   /* and what it said: VT_OK if nothing */
	enum vt_start_step step;
};

void vt_member_init(struct vt_member *m);
/* VT_EIO: no process can be started, or it can't be talked to. */
VT_MUST_USE vt_err vt_member_start(struct vt_member *m, const struct vt_pool_config *config,
	enum vt_isolation *io_isolation, vt_buf *scratch);
/* True if another batch may be sent. */
bool vt_member_takes(const struct vt_member *m);
/* Sends a batch; on success the jobs are the member's. VT_EAGAIN, VT_EPEER. */
VT_MUST_USE vt_err vt_member_send(
	struct vt_member *m, const struct vt_job *jobs, size_t n, vt_buf *scratch);
/*
 * Handles what has come in, up to a bounded number of messages; `done` is called for each file
 * that is answered. VT_EAGAIN: nothing more now. VT_OK: there may be more. Anything else: the
 * worker must be ended; end->reason and end->refused say why (VT_END: it is gone by itself).
 */
typedef void vt_member_done_fn(void *ctx, const struct vt_job *job, const struct vt_report *report);
VT_MUST_USE vt_err vt_member_receive(struct vt_member *m, struct vt_message *scratch,
	vt_member_done_fn *done, void *ctx, struct vt_member_end *end);
/* Kills and reaps it. Refines end->reason from its exit status. The jobs are still in the ring. */
void vt_member_stop(struct vt_member *m, struct vt_member_end *end);
/* Takes the oldest job out; false if there is none. */
bool vt_member_take_job(struct vt_member *m, struct vt_job *out);

#endif
