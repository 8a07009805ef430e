/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest head of each log that a service knows, and add-checkpoint (c2sp.org/tlog-witness),
 * which moves it: a witness's cosigned one, a mirror's pending one. Whatever the answer promises is
 * on the disk before the answer is given.
 *
 * Time: no cosignature is older than one given before, for any log. If the clock went back by at
 * most MaxClockStep, the last time is used again; if by more, nothing is signed (500) until the
 * clock is there again or its owner has looked.
 */
#ifndef VT_PROC_SERVICE_HEADS_H
#define VT_PROC_SERVICE_HEADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "proc/service/config.h"
#include "tlog/checkpoint.h"

/* An answer. The caller frees `body` with vt_buf_free(). */
struct vt_reply {
	unsigned status;
	const char *type; /* static */
	vt_buf body;
};

/* Wall clock, seconds since 1970; tests put their own here. */
typedef uint64_t vt_clock_fn(void);
uint64_t vt_service_clock(void);

struct vt_heads;
/*
 * `signer` NULL: heads are remembered, and not cosigned. The configuration, the signer and the
 * open folder must outlive it. VT_ECHECKSUM, VT_EFORMAT: the journal is damaged. VT_EIO.
 */
VT_MUST_USE vt_err vt_heads_open(const struct vt_service_config *c, const struct vt_signer *signer,
	int dir, vt_clock_fn *clock, struct vt_heads **out);
void vt_heads_close(struct vt_heads *h);

/* A request's body; from any number of threads. *out is always set. */
void vt_heads_add(struct vt_heads *h, vt_span body, struct vt_reply *out);
/* The same for a checkpoint that a mirror found itself, and its proof. The status. */
unsigned vt_heads_offer(
	struct vt_heads *h, uint64_t old_size, const struct vt_proof *proof, vt_span note);
/* Appends the newest durable head of a log: text, the log's signature, the cosignature if any.
 * VT_END: none yet. VT_EIO: the disk failed. */
VT_MUST_USE vt_err vt_heads_latest(struct vt_heads *h, size_t log, vt_buf *out);
/* The state that a log's next head must follow. */
struct vt_witnessed;
void vt_heads_state(struct vt_heads *h, size_t log, struct vt_witnessed *out);
/* A time for a cosignature; VT_EAGAIN: the clock went back too far. */
VT_MUST_USE vt_err vt_heads_time(struct vt_heads *h, uint64_t *out);
/* The disk failed: the process must end and start again. */
bool vt_heads_broken(const struct vt_heads *h);

/* Appends the note's text, an empty line, and the note's lines by this key. */
VT_MUST_USE vt_err vt_note_keep(vt_buf *b, const struct vt_note *note, const struct vt_key *key);
/* Appends the note's lines by this key only. */
VT_MUST_USE vt_err vt_note_keep_lines(
	vt_buf *b, const struct vt_note *note, const struct vt_key *key);

#endif
