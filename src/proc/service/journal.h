/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a witness has signed, on disk before anybody learns of it: an append-only file of batches.
 * However many requests wait at a time, one write and one fdatasync(2) make them all durable. The
 * file is written anew, with the newest record of each log, when it is opened and when it has
 * become large.
 *
 * A batch: "\xffVTJ", u32 bytes of payload, u64 number (one more than the batch before), the first
 * 8 bytes of SHA-256 over those two and the payload; then the payload. A payload is records: u64
 * time, u32 bytes of the note, the note. All little-endian. A note's first line is the log's
 * origin.
 */
#ifndef VT_PROC_SERVICE_JOURNAL_H
#define VT_PROC_SERVICE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VT_JOURNAL_FILE "journal"
#define VT_JOURNAL_NOTE_MAX ((size_t)64 << 10)
#define VT_JOURNAL_BATCH_MAX ((size_t)1 << 30)

struct vt_journal_record {
	uint64_t time; /* seconds since 1970 of the cosignature */
	vt_span origin, note;
};
/*
 * Each record in order through `fn`. *out_good: bytes up to the end of the last whole batch; what
 * is behind was being written when the power went, and was never answered for. VT_ECHECKSUM: a
 * whole batch follows a broken one, so what is broken was once whole: damage, and not to be passed
 * over. Errors of `fn` pass through. *out_next: the number of the next batch.
 */
typedef vt_err vt_journal_fn(void *ctx, const struct vt_journal_record *r);
VT_MUST_USE vt_err vt_journal_replay(
	vt_span file, vt_journal_fn *fn, void *ctx, size_t *out_good, uint64_t *out_next);
/* Appends a record to a payload. VT_EARG: no first line, or longer than VT_JOURNAL_NOTE_MAX. */
VT_MUST_USE vt_err vt_journal_record_write(vt_buf *b, const struct vt_journal_record *r);
/* A batch's first VT_JOURNAL_HEAD bytes; the payload stands behind them already. */
#define VT_JOURNAL_HEAD 24
void vt_journal_seal(uint8_t *batch, size_t n, uint64_t number);

struct vt_journal;
/*
 * Opens the journal in the folder, which this process has locked; makes it if there is none.
 * VT_ECHECKSUM, VT_EFORMAT, VT_EIO. One record a log is remembered; logs that nobody asks for stay.
 */
VT_MUST_USE vt_err vt_journal_open(int dir, struct vt_journal **out);
void vt_journal_close(struct vt_journal *j);
/* The slot of a log. Before the first put, from one thread. VT_ENOMEM. */
VT_MUST_USE vt_err vt_journal_slot(struct vt_journal *j, vt_span origin, size_t *out);
/* What was last written there; note.n is 0 if nothing was. Valid until the next put in the slot. */
struct vt_journal_record vt_journal_last(const struct vt_journal *j, size_t slot);
/* The newest time of all records that there were when it was opened. */
uint64_t vt_journal_time(const struct vt_journal *j);

/*
 * Hands in a record; records of one log reach the disk in the order of the calls. It is not
 * durable before vt_journal_wait(ticket) has returned VT_OK. VT_EIO once a write has failed: then
 * this process does not know any more what is on the disk, and has to be started again.
 */
VT_MUST_USE vt_err vt_journal_put(
	struct vt_journal *j, size_t slot, uint64_t time, vt_span note, uint64_t *out_ticket);
VT_MUST_USE vt_err vt_journal_wait(struct vt_journal *j, uint64_t ticket);

#endif
