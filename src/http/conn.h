/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to a server, plain or TLS, whose every byte goes through wire.c. */
#ifndef VT_HTTP_CONN_H
#define VT_HTTP_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "http/names.h"
#include "http/tls.h"
#include "http/url.h"
#include "http/wire.h"

#define VT_CONN_PEER (VT_ADDRESS_TEXT + 1 + VT_HOST_MAX + 1)

struct vt_conn {
	struct vt_wire wire;
	char peer[VT_CONN_PEER];
	struct vt_tls *tls; /* NULL: plain */
	bool tls_scheme;
	uint16_t port;
	char host[VT_HOST_MAX + 1];
	vt_buf records; /* TLS, to be sent */
	char why[256];
};

/*
 * Connects to the first of the addresses that takes it, and agrees on keys with https. VT_EPEER
 * with *out_why (valid as long as `c`), VT_EIO: the ledger. After an error there is nothing to
 * close.
 */
VT_MUST_USE vt_err vt_conn_open(struct vt_conn *c, struct vt_ledger *ledger,
	const struct vt_tls_trust *trust, const struct vt_url *url,
	const struct vt_addresses *addresses, uint32_t timeout_ms, const char **out_why);
void vt_conn_close(struct vt_conn *c);
/* Still open, to the same place, and nothing came that was not asked for. */
bool vt_conn_fits(const struct vt_conn *c, const struct vt_url *url);
/* All of the bytes. VT_EPEER, VT_EAGAIN at the deadline, VT_EIO. */
VT_MUST_USE vt_err vt_conn_send(struct vt_conn *c, vt_span bytes, uint64_t deadline);
/* *out_n 0: the other end has closed. VT_EAGAIN at the deadline, VT_EPEER. */
VT_MUST_USE vt_err vt_conn_receive(
	struct vt_conn *c, void *p, size_t n, uint64_t deadline, size_t *out_n);

#endif
