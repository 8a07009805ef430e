/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry of the egress ledger in its canonical form (docs/formats/egress.md): seven lines of
 * ASCII, an empty line, the bytes as they were sent.
 */
#ifndef VT_EGRESS_ENTRY_H
#define VT_EGRESS_ENTRY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "egress/ledger.h"

#define VT_EGRESS_PEER_MAX 320
/* The most that an entry takes: its lines, then the bytes. */
#define VT_EGRESS_ENTRY_MAX (VT_EGRESS_MAX + 640)

/* "dns", "tcp", ...; NULL past the last. */
const char *vt_egress_kind_name(unsigned kind);
/* VT_EARG: too many bytes, a time before 1970, or a peer that is not printable ASCII. */
VT_MUST_USE vt_err vt_egress_write(vt_buf *b, const struct vt_egress *e);
/* Spans point into `entry`. VT_EFORMAT: not what vt_egress_write() writes, the digest included. */
VT_MUST_USE vt_err vt_egress_parse(vt_span entry, struct vt_egress *out);

#endif
