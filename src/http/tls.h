/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS (1.2 and 1.3) by OpenSSL, between buffers: what it wants to send comes out as bytes, which
 * the caller enters into the ledger and sends. OpenSSL never sees a socket.
 */
#ifndef VT_HTTP_TLS_H
#define VT_HTTP_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/url.h"

struct vt_tls_trust; /* whose certificates are believed */
/*
 * Reads the certificates of `fd` (PEM), or of this system if it is negative. All that OpenSSL needs
 * from files is read here. VT_EIO: no certificates; VT_EFORMAT; VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_tls_trust_open(int fd, struct vt_tls_trust **out);
void vt_tls_trust_close(struct vt_tls_trust *t);

struct vt_tls;
/* A connection to the URL's host, whose name or address the certificate must have. */
VT_MUST_USE vt_err vt_tls_open(
	const struct vt_tls_trust *trust, const struct vt_url *url, struct vt_tls **out);
void vt_tls_close(struct vt_tls *t);

/* Bytes that came from the other end. */
VT_MUST_USE vt_err vt_tls_feed(struct vt_tls *t, vt_span bytes);
/* Appends what is to be sent now; nothing if there is nothing. */
VT_MUST_USE vt_err vt_tls_drain(struct vt_tls *t, vt_buf *out);
/* VT_OK: done. VT_EAGAIN: drain, send, feed. VT_EPEER, with vt_tls_why(). */
VT_MUST_USE vt_err vt_tls_handshake(struct vt_tls *t);
/* At most VT_TLS_WRITE bytes: they become one record. VT_EPEER. */
#define VT_TLS_WRITE ((size_t)16384)
VT_MUST_USE vt_err vt_tls_write(struct vt_tls *t, vt_span plain);
/* *out_n 0: the other end has said that nothing more comes. VT_EAGAIN: feed it. VT_EPEER. */
VT_MUST_USE vt_err vt_tls_read(struct vt_tls *t, void *p, size_t n, size_t *out_n);
const char *vt_tls_why(const struct vt_tls *t);

#endif
