/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URLs that the updater knows: http or https, a host, a port, a path of [A-Za-z0-9._/~-]. No
 * user, query or fragment, no escapes, nothing that could carry a word about this machine. Pure.
 */
#ifndef VT_HTTP_URL_H
#define VT_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define VT_URL_MAX 2048
#define VT_HOST_MAX 253 /* RFC 1035, section 2.3.4, as text without the last dot */

struct vt_url {
	bool tls;
	bool literal; /* the host is an address */
	bool v6;      /* an IPv6 one, which stands in brackets in the URL and in Host */
	char host[VT_HOST_MAX + 1]; /* lower case, without brackets */
	uint16_t port;
	bool port_given; /* and not the scheme's own: it goes into Host */
	vt_span path;    /* "/" at least; points into the URL */
};

/* VT_EARG; *out_why then says what is wrong with it, in static words. */
VT_MUST_USE vt_err vt_url_parse(vt_span url, struct vt_url *out, const char **out_why);
/* True if the text is "http://..." or "https://...", whatever follows. */
bool vt_url_is(const char *text);

#endif
