/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a fork: two heads that one log's key signed and that no one append-only log can have
 * (docs/cli/log.md, "Evidence"). Anybody can check it offline, who knows the log's key:
 *
 *	vitrine/evidence/v1
 *	log <vkey>
 *	shorter <n>             n bytes of a checkpoint follow
 *	longer <n>              the same; not smaller
 *	root <base64>           of the longer tree's first leaves, as many as the shorter has
 *	<base64>...             the proof of consistency from that root to the longer head
 *	(an empty line, the end)
 *
 * The longer tree begins with that root and with no other, and the shorter head has another one.
 */
#ifndef VT_CLI_LOG_FORK_H
#define VT_CLI_LOG_FORK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

#define VT_FORK_MAX (2 * VT_NOTE_MAX + ((size_t)16 << 10))

/* Spans point into the file's bytes. */
struct vt_fork {
	struct vt_key log;
	vt_span shorter, longer; /* notes */
	vt_hash root;
	struct vt_proof proof;
};
/* VT_EFORMAT. Reading checks the shape. */
VT_MUST_USE vt_err vt_fork_parse(vt_span file, struct vt_fork *out);
VT_MUST_USE vt_err vt_fork_write(vt_buf *b, const struct vt_fork *f);
/*
 * Does it prove what it claims? The heads in *out_shorter and *out_longer. VT_ECHECKSUM with *why
 * (static text) if it does not.
 */
VT_MUST_USE vt_err vt_fork_check(const struct vt_fork *f, struct vt_head *out_shorter,
	struct vt_head *out_longer, const char **why);
/*
 * Makes it from two heads of the log and access to the longer one's tree. VT_ECHECKSUM: they are
 * consistent, there is no fork. VT_EARG: `shorter` is the longer one. Errors of `get`, which is not
 * called for equal sizes.
 */
VT_MUST_USE vt_err vt_fork_make(const struct vt_key *log, vt_span shorter,
	const struct vt_checkpoint *a, vt_span longer, const struct vt_checkpoint *b,
	vt_merkle_get *get, void *ctx, struct vt_fork *out);

#endif
