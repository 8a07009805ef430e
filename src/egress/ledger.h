/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The egress ledger: an append-only log on this machine of every byte handed to the network,
 * written and synced before it is sent (docs/formats/egress.md). It is a tlog-tiles log of its own,
 * so a checkpoint of it that somebody noted down commits to everything before.
 */
#ifndef VT_EGRESS_LEDGER_H
#define VT_EGRESS_LEDGER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum vt_egress_kind {
	VT_EGRESS_DNS,   /* a datagram to a resolver */
	VT_EGRESS_OPEN,  /* a TCP connection is about to be asked for; no bytes */
	VT_EGRESS_TCP,   /* bytes of a plain connection */
	VT_EGRESS_PLAIN, /* what goes into a TLS connection, before encryption */
	VT_EGRESS_TLS,   /* what comes out of it and is sent: whole records */
};

struct vt_egress {
	uint64_t seq; /* its index in the log */
	int64_t time; /* microseconds since 1970 */
	enum vt_egress_kind kind;
	vt_span peer;  /* "192.0.2.1:443 updates.example" */
	vt_span bytes; /* at most VT_EGRESS_MAX */
};
#define VT_EGRESS_MAX ((size_t)32 << 10)

struct vt_ledger;
/*
 * Opens for appending (one process at a time: VT_EAGAIN) and repairs a torn last entry. VT_EFORMAT:
 * something else in it is damaged, and nothing may be sent until its owner has looked.
 */
VT_MUST_USE vt_err vt_ledger_open(const char *folder, struct vt_ledger **out);
/* The same in an open folder, which stays the caller's and must outlive the ledger. */
VT_MUST_USE vt_err vt_ledger_open_at(int dir, struct vt_ledger **out);
/* Signs a checkpoint first. NULL is fine. */
void vt_ledger_close(struct vt_ledger *l);
/*
 * Appends and syncs; bytes longer than VT_EGRESS_MAX become several entries. After an error nothing
 * can be appended any more: what is not on the disk is not sent.
 */
VT_MUST_USE vt_err vt_ledger_append(
	struct vt_ledger *l, enum vt_egress_kind kind, vt_span peer, vt_span bytes);
/* Entries in it. */
uint64_t vt_ledger_size(const struct vt_ledger *l);

#endif
