/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 requests of one shape (docs/adr/0005-own-http-client.md): the same URL gives the same
 * bytes on every machine. No redirects, cookies, identifiers, conditions or ranges. One request at
 * a time; the last connection is kept for the next request to the same place.
 */
#ifndef VT_HTTP_CLIENT_H
#define VT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "egress/ledger.h"

struct vt_http_config {
	struct vt_ledger *ledger; /* outlives the client */
	int certificates;         /* PEM; negative: the system's */
	uint32_t timeout_ms;      /* for a name, a connection, keys, each next byte: each */
	uint32_t slowest;         /* bytes a second, over 10 s */
};
struct vt_http;
/*
 * Reads what it needs from files: afterwards it opens none. That there are no certificates shows
 * with the first https URL. VT_ENOMEM.
 */
VT_MUST_USE vt_err vt_http_open(const struct vt_http_config *c, struct vt_http **out);
void vt_http_close(struct vt_http *h);

/* Bytes of an answer's body; an error ends the request with it. */
typedef vt_err vt_http_fn(void *ctx, vt_span bytes);
struct vt_http_request {
	bool post;
	vt_span url;
	vt_span type, body; /* POST */
	uint64_t max;       /* of the answer's body */
	vt_http_fn *fn;     /* of a GET only for status 200, of a POST for each */
	void *ctx;
};
/*
 * VT_EARG: the URL or type. VT_ELIMIT: a longer body than max. VT_EPEER: the server, the network or
 * its names. VT_EIO: the ledger can't be written, and nothing is sent any more. vt_http_why() has
 * the words.
 */
VT_MUST_USE vt_err vt_http_do(
	struct vt_http *h, const struct vt_http_request *r, unsigned *out_status);
const char *vt_http_why(const struct vt_http *h);

#endif
