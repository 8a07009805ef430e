/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to the network: a vitrine-updater process, which alone has sockets, writes each byte
 * into the egress ledger before it sends it, and knows only requests of a fixed shape.
 */
#ifndef VT_SITE_FETCHER_H
#define VT_SITE_FETCHER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct vt_fetcher_config {
	const char *updater; /* the vitrine-updater executable */
	const char *ledger;  /* folder of the egress ledger; made if need be */
	uint32_t timeout_ms; /* for one answer to begin or go on; 0: 30 s */
	uint32_t slowest; /* bytes a second averaged over 10 s below which it gives up; 0: 1000 */
	const char *certificates; /* PEM file of those to believe; NULL: the system's */
};
struct vt_fetcher;
/*
 * Opens the ledger's folder. VT_EIO with errno. The process starts with the first request (so that
 * what is wrong with it shows there), ends when it has had nothing to do for two seconds or lived
 * for ten minutes, and is then started anew. Of several on one ledger one works at a time: the
 * others wait for it, at most for the timeout.
 */
VT_MUST_USE vt_err vt_fetcher_start(const struct vt_fetcher_config *c, struct vt_fetcher **out);
void vt_fetcher_stop(struct vt_fetcher *f);
/*
 * GET of `url` (http or https, no user, query or fragment). *out_status: the HTTP status; the body
 * of a 200 is appended to `out`. VT_ELIMIT: the body is longer than max. VT_EPEER: no answer (see
 * vt_fetcher_why()); VT_EARG: the URL. Redirections are not followed: that is status 3xx.
 */
VT_MUST_USE vt_err vt_fetcher_get(
	struct vt_fetcher *f, const char *url, size_t max, unsigned *out_status, vt_buf *out);
/* POST of a body (the witness protocol); the answer's body is appended whatever the status. */
VT_MUST_USE vt_err vt_fetcher_post(struct vt_fetcher *f, const char *url, const char *type,
	vt_span body, size_t max, unsigned *out_status, vt_buf *out);
const char *vt_fetcher_why(const struct vt_fetcher *f);

#endif
