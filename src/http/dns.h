/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions and answers of the domain name system (RFC 1035), for addresses only. Pure. The id of a
 * question is made of the question, so that every machine sends the same bytes; what an answer may
 * do to us, a forged one too, is lead to a server that has nothing to offer: contents are checked
 * against the log, and https servers against their certificates.
 */
#ifndef VT_HTTP_DNS_H
#define VT_HTTP_DNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/names.h"

#define VT_DNS_MAX 512 /* section 4.2.1; we announce no more */

/* Appends the question for `host` (a name that vt_url_parse() took). VT_EARG, VT_ENOMEM. */
VT_MUST_USE vt_err vt_dns_ask(vt_buf *b, const char *host, bool v6);
/*
 * Appends the addresses of the answer to `question`, through CNAMEs too. VT_EAGAIN: not an answer
 * to this question: wait for another. VT_END: there is no such name, or it has no address of that
 * kind. VT_EFORMAT; VT_EPEER: the server refuses or fails.
 */
VT_MUST_USE vt_err vt_dns_read(vt_span answer, vt_span question, struct vt_addresses *out);

#endif
