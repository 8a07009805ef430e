/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of hosts: literals, /etc/hosts, then the nameservers of /etc/resolv.conf. Both files
 * are read once, before the updater shuts itself in. Search lists and other sources of names are
 * not used: a question depends on the URL and on nothing of this machine.
 */
#ifndef VT_HTTP_NAMES_H
#define VT_HTTP_NAMES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "egress/ledger.h"
#include "http/url.h"

#define VT_NAMESERVERS 3
#define VT_ADDRESSES 8

struct vt_address {
	bool v6;
	uint8_t b[16]; /* the first four of IPv4 */
};
struct vt_addresses {
	size_t n;
	struct vt_address v[VT_ADDRESSES];
};

struct vt_names {
	struct vt_ledger *ledger;
	uint32_t timeout_ms;
	struct vt_addresses servers;
	vt_buf hosts; /* the text of /etc/hosts */
};

/* Reads the two files; what is not there is empty. VT_ENOMEM. */
VT_MUST_USE vt_err vt_names_open(
	struct vt_ledger *ledger, uint32_t timeout_ms, struct vt_names *out);
void vt_names_close(struct vt_names *n);
/* IPv4 first. VT_EPEER: none; *out_why says why in static words. VT_EIO: the ledger. */
VT_MUST_USE vt_err vt_names_find(struct vt_names *n, const struct vt_url *url,
	struct vt_addresses *out, const char **out_why);

/* Pure parts. */
bool vt_address_parse(vt_span text, struct vt_address *out);
void vt_hosts_find(vt_span hosts, const char *name, struct vt_addresses *out);
void vt_resolv_read(vt_span text, struct vt_addresses *out);
void vt_addresses_add(struct vt_addresses *a, const struct vt_address *address);
/* "192.0.2.1:443" or "[2001:db8::1]:443"; returns buf. */
#define VT_ADDRESS_TEXT 64
const char *vt_address_text(const struct vt_address *a, uint16_t port, char buf[VT_ADDRESS_TEXT]);
/* For socket calls; returns the length. */
socklen_t vt_address_sockaddr(
	const struct vt_address *a, uint16_t port, struct sockaddr_storage *out);

#endif
