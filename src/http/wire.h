/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where bytes leave: wire.c is the only file of the updater that calls send(2) or a
 * call like it, and does so behind the ledger.
 */
#ifndef VT_HTTP_WIRE_H
#define VT_HTTP_WIRE_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "egress/ledger.h"

/* What a socket's bytes are entered as. */
struct vt_wire {
	struct vt_ledger *ledger;
	int fd; /* non-blocking */
	enum vt_egress_kind kind;
	vt_span peer;
};

/*
 * Enters the bytes, waits until they are on the disk, sends them. VT_EPEER: the other end is gone;
 * VT_EAGAIN: not all taken at `deadline` (vt_clock_ms()); VT_EIO: the ledger, and nothing was sent.
 */
VT_MUST_USE vt_err vt_wire_send(const struct vt_wire *w, vt_span bytes, uint64_t deadline);
/*
 * Receives at most `n` bytes; *out_n 0: the other end has closed. VT_EAGAIN at the deadline,
 * VT_EPEER. A deadline of 0 never waits.
 */
VT_MUST_USE vt_err vt_wire_receive(int fd, void *p, size_t n, uint64_t deadline, size_t *out_n);
/* Waits for poll(2)'s events. VT_EAGAIN at the deadline, VT_EIO. */
VT_MUST_USE vt_err vt_wire_wait(int fd, short events, uint64_t deadline);

#endif
