/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A commit that is under way, in private/pending: the signed proposal, and the checkpoint with the
 * cosignatures so far. From when the checkpoint is there until the public one is written, the log
 * can only go on with exactly these entries: others would be a fork.
 */
#ifndef VT_CLI_PUBLISH_PENDING_H
#define VT_CLI_PUBLISH_PENDING_H

#include "cli/publish/publish.h"
#include "publish/logdir.h"

struct vt_cosign {
	struct vt_house *h;
	vt_span origin;
	uint64_t old_size; /* what the others have seen, as far as is known */
	uint64_t size;
	struct vt_logdir *log; /* for proofs */
	const char *ledger;    /* of the updater process; NULL: the usual one */
	uint32_t wait_ms;      /* how long a mirror may take to fetch */
};
/*
 * Asks each witness and mirror of the policy that has an address and has not cosigned for its
 * cosignature, and puts what verifies into the note. `save` is called after each. Who could not be
 * asked has been printed. Errors are those of this side only.
 */
typedef vt_err vt_note_save(void *ctx, vt_span note);
VT_MUST_USE vt_err vt_cosign_all(
	struct vt_cosign *c, vt_buf *io_note, vt_note_save *save, void *ctx);
/* Puts the cosignature lines of `lines` by `k` into the note, in place of older ones of the key. */
VT_MUST_USE vt_err vt_note_cosigned(
	vt_buf *io_note, const struct vt_key *k, vt_span lines, bool *out_any);

#endif
