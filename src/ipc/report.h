/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports on the channel. A RESULTS message is a run of pieces, none of which spans messages:
 *   HEAD  u8 1, u64 file number, u64 file_bytes, u64 object_bytes, u64 objects,
 *         u64 detections_dropped, u64 gaps_dropped
 *   HIT   u8 2, u64 line, u8 suspicious, string rule, string set, string path
 *   GAP   u8 3, u16 reason, string path
 *   DONE  u8 4, u8 verdict
 * A report is HEAD, any number of HIT and GAP, DONE; a long one goes on in the next message.
 * Strings are u16 length and bytes; longer ones are cut to the maxima below by the writer.
 */
#ifndef VT_IPC_REPORT_H
#define VT_IPC_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/core/verdict.h"
#include "ipc/channel.h"

#define VT_WIRE_RULE_MAX 4096
#define VT_WIRE_SET_MAX 4096
#define VT_WIRE_PATH_MAX 16384

/* Collects pieces into messages and sends them when full. */
struct vt_report_writer {
	int channel;
	vt_buf message; /* max VT_MSG_MAX */
};

void vt_report_writer_init(struct vt_report_writer *w, int channel);
void vt_report_writer_free(struct vt_report_writer *w);
/* Adds a whole report; sends as messages fill. VT_EPEER, VT_ENOMEM. */
VT_MUST_USE vt_err vt_report_write(
	struct vt_report_writer *w, uint64_t number, const struct vt_report *report);
/* Sends what is there, if anything. */
VT_MUST_USE vt_err vt_report_flush(struct vt_report_writer *w);

/* Reads pieces that a hostile process may have written. */
struct vt_report_reader {
	bool open; /* HEAD was read, DONE not yet */
	uint64_t number;
	uint64_t pieces;
	struct vt_report report; /* valid when vt_report_read() said VT_OK, until its next call */
};

void vt_report_reader_init(struct vt_report_reader *r);
void vt_report_reader_free(struct vt_report_reader *r);
/* Forgets a report that was begun. */
void vt_report_reader_reset(struct vt_report_reader *r);
/*
 * Reads pieces from a RESULTS body up to the end of one report. VT_OK: r->number and r->report are
 * whole. VT_END: the body is used up. VT_EPEER: a piece breaks the rules above, a HEAD's number is
 * not `expected`, the verdict does not follow from the pieces, or there are more pieces than a
 * report can hold. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_report_read(struct vt_report_reader *r, vt_reader *body, uint64_t expected);

#endif
