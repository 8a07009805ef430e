/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet captures as tcpdump writes them (draft-ietf-opsawg-pcap): TCP and UDP over IPv4 and IPv6,
 * over Ethernet, loopback, raw IP and Linux "cooked" links. Pure.
 */
#ifndef VT_EGRESS_PCAP_H
#define VT_EGRESS_PCAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct vt_endpoint {
	bool v6;
	uint8_t address[16]; /* the first four of IPv4 */
	uint16_t port;
};

struct vt_packet {
	uint64_t number; /* from 1, as tcpdump and Wireshark count */
	enum { VT_PACKET_OTHER, VT_PACKET_TCP, VT_PACKET_UDP } kind;
	bool received; /* a cooked link says that it came in */
	struct vt_endpoint from, to;
	uint32_t seq; /* TCP */
	bool syn, ack;
	vt_span payload;
};

struct vt_pcap {
	vt_reader r;
	bool swapped;
	uint32_t link;
	uint64_t number;
	char why[160];
};

/* VT_EFORMAT: not a capture in the classic format; VT_EUNSUPPORTED: a link that we do not read. */
VT_MUST_USE vt_err vt_pcap_open(vt_span bytes, struct vt_pcap *out);
/*
 * The next packet; its payload points into the bytes. VT_END behind the last. VT_EFORMAT: the file
 * is damaged, or a packet of TCP or UDP was cut off or fragmented, so that its bytes are not all
 * there.
 */
VT_MUST_USE vt_err vt_pcap_next(struct vt_pcap *p, struct vt_packet *out);
bool vt_endpoint_eq(const struct vt_endpoint *a, const struct vt_endpoint *b);
/* "192.0.2.1:443" or "[2001:db8::1]:443", as the ledger writes a peer; returns buf. */
#define VT_ENDPOINT_TEXT 64
const char *vt_endpoint_text(const struct vt_endpoint *e, char buf[VT_ENDPOINT_TEXT]);

#endif
