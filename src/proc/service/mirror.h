/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mirror (c2sp.org/tlog-mirror). It cosigns a checkpoint once it has stored, checked and synced
 * every entry of the tree and every chunk that they name, and not before. Entries come by
 * add-entries, or from the log's own place (pull.c); chunks only from there.
 *
 * A log's folder, state/logs/<hex SHA-256 of the origin>, is the published form of a log
 * (docs/formats/log.md), so any web server can serve it as well.
 */
#ifndef VT_PROC_SERVICE_MIRROR_H
#define VT_PROC_SERVICE_MIRROR_H

#include <pthread.h>
#include <stdatomic.h>

#include "proc/service/broker.h"
#include "proc/service/heads.h"
#include "proc/service/origins.h"
#include "proc/service/run.h"
#include "publish/logdir.h"
#include "tlog/witness.h"

#define VT_MIRROR_RECENT 8
#define VT_MIRROR_NOTE_MAX ((size_t)64 << 10)

/* A copy of one log. The lock is held while the tree or what follows it changes, never while
 * something is fetched. */
struct vt_copy {
	pthread_mutex_t lock;
	pthread_cond_t tried; /* a round of the puller ended */
	size_t log;           /* index in the configuration */
	int dir;
	struct vt_logdir *tree;
	uint64_t next;     /* entries in the tree */
	uint64_t complete; /* entries whose chunks are all stored */
	uint64_t size;     /* of the mirror checkpoint */
	uint64_t stamped;  /* time of its cosignature */
	vt_buf line;       /* that cosignature */
	vt_buf polled;     /* the log's own checkpoint as last seen, for others' cosignatures */
	struct vt_witnessed recent[VT_MIRROR_RECENT]; /* pending checkpoints, newest first */
	bool wanted;                                  /* look at it at once */
	uint64_t asked, done; /* rounds that were asked for, and that ended */
	uint64_t due, delay;  /* ms: when to look again; what to add after a failure */
	bool fetched;         /* the newest attempt went well */
};

struct vt_mirror {
	const struct vt_service_config *c;
	const struct vt_signer *signer;
	const struct vt_fetcher_config *fetcher;
	struct vt_heads *heads;
	struct vt_origins *origins;
	struct vt_broker *broker;
	struct vt_copy *copies;
	int dir;
	pthread_t puller;
	bool pulling;
	pthread_mutex_t lock; /* of `stop`, and of sleeping */
	pthread_cond_t wake;
	bool stop;
	atomic_uint uploads; /* add-entries bodies being read */
};

/* The newest pending checkpoint is remembered; call after the heads took one. */
void vt_copy_note_pending(struct vt_mirror *m, struct vt_copy *k);
/* Is that the size of a checkpoint that was pending? Its state. The copy is locked. */
bool vt_copy_pending(const struct vt_copy *k, uint64_t size, struct vt_witnessed *out);
/*
 * Cosigns the pending checkpoint of `size` if all of it is there, and serves it; the cosignature
 * goes to `out`. VT_EAGAIN: something is missing yet. VT_EARG: it is not the pending one any more.
 * VT_ECHECKSUM: the stored tree is not the log's. The copy is locked.
 */
VT_MUST_USE vt_err vt_copy_commit(
	struct vt_mirror *m, struct vt_copy *k, uint64_t size, vt_buf *out);

/* pull.c: a thread, one for all logs. */
void *vt_pull_thread(void *mirror);
/* Asks for a round now, and waits until it ended, at most `ms`. The copy is locked. */
void vt_pull_wait(struct vt_mirror *m, struct vt_copy *k, uint32_t ms);
void vt_pull_ask(struct vt_mirror *m, struct vt_copy *k);

/* upload.c: a body of add-entries. */
struct vt_upload;
VT_MUST_USE vt_err vt_upload_open(struct vt_mirror *m, bool gzip, struct vt_upload **out);
void vt_upload_data(struct vt_upload *u, vt_span bytes);
void vt_upload_done(struct vt_upload *u, struct vt_reply *out);
void vt_upload_close(struct vt_upload *u);

#endif
