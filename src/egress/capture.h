/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a capture says that left this machine, next to what the ledger says: each connection's bytes
 * in TCP's order, each datagram to a resolver.
 */
#ifndef VT_EGRESS_CAPTURE_H
#define VT_EGRESS_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "egress/read.h"

struct vt_capture_report {
	uint64_t packets;
	uint64_t connections, datagrams; /* that were found in the ledger, byte for byte */
	uint64_t bytes;                  /* in these */
	uint64_t not_logged;             /* bytes that left and are not in the ledger */
	uint64_t not_captured;           /* bytes of the ledger that are not in the capture */
	uint64_t foreign;                /* bytes of connections and datagrams to others */
	char why[512];                   /* the first difference, or what is wrong */
};

/*
 * Compares. VT_OK: the report has the answer; equal if the three last counts are 0. VT_EFORMAT: the
 * capture or the ledger can't be read, with out->why. `from`: the ledger's first entry to compare.
 * Traffic with peers that the ledger does not name is `foreign`.
 */
VT_MUST_USE vt_err vt_capture_compare(const struct vt_ledger_files *files, uint64_t from,
	vt_span capture, struct vt_capture_report *out);

#endif
