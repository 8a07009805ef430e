/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/pcap.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/num.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define PACKET_MAX ((uint32_t)1 << 20)
#define TYPE_V4 0x0800
#define TYPE_V6 0x86dd
#define PROTO_TCP 6
#define PROTO_UDP 17
#define OPTIONS_MAX 16 /* extension headers of one packet */

/* Links (https://www.tcpdump.org/linktypes.html). */
enum {
	NULL_LINK = 0,
	ETHERNET = 1,
	RAW = 101,
	COOKED = 113,
	IPV4 = 228,
	IPV6 = 229,
	COOKED2 = 276
};

static vt_err damaged(struct vt_pcap *p, const char *what)
{
	(void)snprintf(p->why, sizeof p->why, "packet %" PRIu64 ": %s", p->number, what);
	return VT_EFORMAT;
}

static uint32_t read_u32(struct vt_pcap *p)
{
	uint32_t v = vt_read_u32le(&p->r);

	return p->swapped ? __builtin_bswap32(v) : v;
}

vt_err vt_pcap_open(vt_span bytes, struct vt_pcap *out)
{
	static const uint32_t links[] = {NULL_LINK, ETHERNET, RAW, COOKED, IPV4, IPV6, COOKED2};
	struct vt_pcap p = {.r = vt_reader_of(bytes)};
	uint32_t magic = vt_read_u32le(&p.r), other = __builtin_bswap32(magic);

	(void)snprintf(p.why, sizeof p.why, "not a capture in pcap's format (tcpdump -w FILE)");
	*out = p;
	if (magic != MAGIC_US && magic != MAGIC_NS && other != MAGIC_US && other != MAGIC_NS)
		return VT_EFORMAT;
	p.swapped = other == MAGIC_US || other == MAGIC_NS;
	(void)vt_read_span(&p.r, 16);
	p.link = read_u32(&p) & 0xffff;
	if (p.r.bad)
		return VT_EFORMAT;
	for (size_t i = 0; i < VT_COUNT(links); i++) {
		if (links[i] != p.link)
			continue;
		*out = p;
		return VT_OK;
	}
	(void)snprintf(out->why, sizeof out->why,
		"a capture of link type %" PRIu32 ", which is not read; capture one interface",
		p.link);
	return VT_EUNSUPPORTED;
}

/* Takes the link's header off; the protocol above it, 0 for none of ours. */
static unsigned read_link(const struct vt_pcap *p, vt_reader *r, struct vt_packet *out)
{
	unsigned type = 0;
	uint8_t first = 0;

	switch (p->link) {
	case ETHERNET:
		(void)vt_read_span(r, 12);
		type = vt_read_u16be(r);
		/* VLAN tags */
		for (unsigned i = 0; i < 2 && (type == 0x8100 || type == 0x88a8); i++) {
			(void)vt_read_u16be(r);
			type = vt_read_u16be(r);
		}
		return type;
	case COOKED:
		out->received = vt_read_u16be(r) != 4;
		(void)vt_read_span(r, 12);
		return vt_read_u16be(r);
	case COOKED2:
		type = vt_read_u16be(r);
		(void)vt_read_span(r, 8);
		out->received = vt_read_u8(r) != 4;
		(void)vt_read_span(r, 9);
		return type;
	case NULL_LINK: (void)vt_read_u32le(r); break;
	default: break;
	}
	(void)vt_get_u8(r->s, r->at, &first);
	return first >> 4 == 4 ? TYPE_V4 : first >> 4 == 6 ? TYPE_V6 : 0;
}

/* Leaves the reader over the payload of IP alone; the protocol, 0 for what is not read. */
static vt_err read_v4(struct vt_pcap *p, vt_reader *r, struct vt_packet *out, unsigned *out_proto)
{
	size_t start = r->at;
	uint8_t first = vt_read_u8(r);
	uint16_t total, fragment;
	vt_span from, to, whole;

	(void)vt_read_u8(r);
	total = vt_read_u16be(r);
	(void)vt_read_u16be(r);
	fragment = vt_read_u16be(r);
	(void)vt_read_u8(r);
	*out_proto = vt_read_u8(r);
	(void)vt_read_u16be(r);
	from = vt_read_span(r, 4);
	to = vt_read_span(r, 4);
	if (r->bad || first >> 4 != 4 || (first & 15) < 5)
		return damaged(p, "a header of IPv4 that is none");
	if (*out_proto != PROTO_TCP && *out_proto != PROTO_UDP)
		return VT_OK;
	if (fragment & 0x3fff)
		return damaged(p, "a fragment: its bytes can't be compared");
	/* Segments that the device was to cut up may say 0. */
	if (!vt_span_sub(r->s, start, total ? total : r->s.n - start, &whole) ||
		whole.n < (size_t)(first & 15) * 4)
		return damaged(p, "cut off (tcpdump -s 0)");
	memcpy(out->from.address, from.p, 4);
	memcpy(out->to.address, to.p, 4);
	*r = vt_reader_of(vt_span_clip(whole, (size_t)(first & 15) * 4, whole.n));
	return VT_OK;
}

static bool is_option(unsigned proto)
{
	return proto == 0 || proto == 43 || proto == 60;
}

static vt_err read_v6(struct vt_pcap *p, vt_reader *r, struct vt_packet *out, unsigned *out_proto)
{
	vt_span from, to, whole;
	uint32_t first = vt_read_u32be(r);
	uint16_t length = vt_read_u16be(r);
	vt_reader in;

	*out_proto = vt_read_u8(r);
	(void)vt_read_u8(r);
	from = vt_read_span(r, 16);
	to = vt_read_span(r, 16);
	if (r->bad || first >> 28 != 6)
		return damaged(p, "a header of IPv6 that is none");
	if (!vt_span_sub(r->s, r->at, length ? length : vt_reader_left(r), &whole))
		return damaged(p, "cut off (tcpdump -s 0)");
	in = vt_reader_of(whole);
	for (unsigned i = 0; i < OPTIONS_MAX && is_option(*out_proto); i++) {
		uint8_t n;

		*out_proto = vt_read_u8(&in);
		n = vt_read_u8(&in);
		(void)vt_read_span(&in, (uint64_t)n * 8 + 6);
	}
	if (in.bad || is_option(*out_proto))
		return damaged(p, "headers of IPv6 that have no end");
	if (*out_proto == 44)
		return damaged(p, "a fragment: its bytes can't be compared");
	out->from.v6 = out->to.v6 = true;
	memcpy(out->from.address, from.p, 16);
	memcpy(out->to.address, to.p, 16);
	*r = vt_reader_of(vt_span_clip(whole, in.at, whole.n));
	return VT_OK;
}

static vt_err read_tcp(struct vt_pcap *p, vt_reader *r, struct vt_packet *out)
{
	uint8_t offset, flags;

	out->from.port = vt_read_u16be(r);
	out->to.port = vt_read_u16be(r);
	out->seq = vt_read_u32be(r);
	(void)vt_read_u32be(r);
	offset = vt_read_u8(r);
	flags = vt_read_u8(r);
	if (r->bad || offset >> 4 < 5 || (size_t)(offset >> 4) * 4 > r->s.n)
		return damaged(p, "a header of TCP that is none");
	out->kind = VT_PACKET_TCP;
	out->syn = flags & 2;
	out->ack = flags & 16;
	out->payload = vt_span_clip(r->s, (size_t)(offset >> 4) * 4, r->s.n);
	return VT_OK;
}

static vt_err read_udp(struct vt_pcap *p, vt_reader *r, struct vt_packet *out)
{
	uint16_t length;

	out->from.port = vt_read_u16be(r);
	out->to.port = vt_read_u16be(r);
	length = vt_read_u16be(r);
	(void)vt_read_u16be(r);
	if (r->bad || length < 8 || !vt_span_sub(r->s, 8, length - 8u, &out->payload))
		return damaged(p, "a header of UDP that is none");
	out->kind = VT_PACKET_UDP;
	return VT_OK;
}

vt_err vt_pcap_next(struct vt_pcap *p, struct vt_packet *out)
{
	struct vt_packet packet = {.number = ++p->number};
	uint32_t have, full;
	unsigned type, proto = 0;
	vt_reader r;
	vt_err e;

	if (vt_reader_left(&p->r) == 0)
		return VT_END;
	(void)vt_read_span(&p->r, 8);
	have = read_u32(p);
	full = read_u32(p);
	if (p->r.bad || have > PACKET_MAX || have > full)
		return damaged(p, "the file is damaged here");
	r = vt_reader_of(vt_read_span(&p->r, have));
	if (p->r.bad)
		return damaged(p, "the file ends here in the middle");
	type = read_link(p, &r, &packet);
	if (!r.bad && (type == TYPE_V4 || type == TYPE_V6)) {
		e = (type == TYPE_V4 ? read_v4 : read_v6)(p, &r, &packet, &proto);
		if (!e && proto == PROTO_TCP)
			e = read_tcp(p, &r, &packet);
		else if (!e && proto == PROTO_UDP)
			e = read_udp(p, &r, &packet);
		if (e)
			return e;
	}
	*out = packet;
	return VT_OK;
}

bool vt_endpoint_eq(const struct vt_endpoint *a, const struct vt_endpoint *b)
{
	return a->v6 == b->v6 && a->port == b->port &&
		memcmp(a->address, b->address, a->v6 ? 16 : 4) == 0;
}

const char *vt_endpoint_text(const struct vt_endpoint *e, char buf[VT_ENDPOINT_TEXT])
{
	char text[INET6_ADDRSTRLEN] = "?";

	(void)inet_ntop(e->v6 ? AF_INET6 : AF_INET, e->address, text, sizeof text);
	(void)snprintf(buf, VT_ENDPOINT_TEXT, e->v6 ? "[%s]:%u" : "%s:%u", text, (unsigned)e->port);
	return buf;
}
