/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/capture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "egress/internal.h"
#include "egress/pcap.h"

#define MEMORY_MAX ((size_t)1 << 30)
#define BUCKETS 512
#define GAP_MAX                                                                                    \
	((uint32_t)64 << 20) /* how far ahead of its start a connection's bytes are believed */

/* A piece of what one side of a connection sent. */
struct segment {
	uint32_t offset;
	vt_span bytes;
	struct segment *next;
};

/* A connection that this machine asked for, or one datagram, as the capture has it. */
struct flow {
	bool datagram;
	struct vt_endpoint from, to;
	uint32_t start; /* sequence number of the first byte */
	struct segment *segments, *last;
	vt_span bytes; /* joined */
	bool used;
	struct flow *next, *older; /* in the order of the capture; in the same bucket */
};

/* The same as the ledger has it. */
struct entry {
	bool datagram;
	vt_span peer; /* "192.0.2.1:443" */
	vt_buf bytes;
	bool used;
	struct entry *next;
};

struct compare {
	vt_arena arena;
	struct flow *flows, **flows_end;
	struct flow *buckets[BUCKETS]; /* connections by both ends, newest first */
	struct entry *entries, **entries_end;
	struct vt_capture_report *out;
};

static vt_err bad(struct compare *c, uint64_t packet, const char *why)
{
	(void)snprintf(
		c->out->why, sizeof c->out->why, "capture: packet %" PRIu64 ": %s", packet, why);
	return VT_EFORMAT;
}

static size_t bucket_of(const struct vt_endpoint *from, const struct vt_endpoint *to)
{
	return (from->port * 31u + to->port + from->address[3] + to->address[3] * 7u) % BUCKETS;
}

static struct flow *new_flow(struct compare *c, const struct vt_packet *p, bool datagram)
{
	size_t bucket = bucket_of(&p->from, &p->to);
	struct flow *f = vt_arena_alloc(&c->arena, sizeof *f);

	if (!f)
		return NULL;
	f->from = p->from;
	f->to = p->to;
	f->start = p->seq + 1;
	f->datagram = datagram;
	*c->flows_end = f;
	c->flows_end = &f->next;
	if (!datagram) {
		f->older = c->buckets[bucket];
		c->buckets[bucket] = f;
	}
	return f;
}

/* The newest connection between the two, in that direction. */
static struct flow *find_flow(
	const struct compare *c, const struct vt_endpoint *from, const struct vt_endpoint *to)
{
	struct flow *f = c->buckets[bucket_of(from, to)];

	while (f && !(vt_endpoint_eq(&f->from, from) && vt_endpoint_eq(&f->to, to)))
		f = f->older;
	return f;
}

static vt_err on_tcp(struct compare *c, const struct vt_packet *p)
{
	struct flow *f = find_flow(c, &p->from, &p->to);
	struct segment *s, **at;

	if (p->syn && !p->ack) {
		if (!f || f->start != p->seq + 1)
			f = new_flow(c, p, false);
		return f ? VT_OK : VT_ENOMEM;
	}
	if (p->payload.n == 0)
		return VT_OK;
	if (!f && find_flow(c, &p->to, &p->from))
		return VT_OK; /* the other side's */
	if (!f)
		return bad(c, p->number, "of a connection whose start is not in the capture");
	if (p->seq - f->start > GAP_MAX)
		return bad(c, p->number, "its number is far from its connection's");
	s = vt_arena_alloc(&c->arena, sizeof *s);
	if (!s)
		return VT_ENOMEM;
	s->offset = p->seq - f->start;
	s->bytes = p->payload;
	/* Nearly always behind the last. */
	at = f->last && f->last->offset <= s->offset ? &f->last->next : &f->segments;
	while (*at && (*at)->offset <= s->offset)
		at = &(*at)->next;
	if (!*at)
		f->last = s;
	s->next = *at;
	*at = s;
	return VT_OK;
}

static vt_err on_udp(struct compare *c, const struct vt_packet *p)
{
	struct flow *f = new_flow(c, p, true);

	if (!f)
		return VT_ENOMEM;
	f->bytes = p->payload;
	return VT_OK;
}

/* Puts the segments in order; one that was sent again must be the same. */
static vt_err join(struct compare *c, struct flow *f)
{
	size_t n = 0, have = 0;
	uint8_t *p;

	for (const struct segment *s = f->segments; s; s = s->next)
		n = s->offset + s->bytes.n > n ? s->offset + s->bytes.n : n;
	p = vt_arena_alloc(&c->arena, n);
	if (!p && n)
		return VT_ENOMEM;
	for (const struct segment *s = f->segments; s; s = s->next) {
		size_t known = have - s->offset;

		if (s->offset > have) {
			(void)snprintf(c->out->why, sizeof c->out->why,
				"capture: bytes of a connection are missing");
			return VT_EFORMAT;
		}
		if (known > s->bytes.n)
			known = s->bytes.n;
		if (memcmp(p + s->offset, s->bytes.p, known) != 0) {
			(void)snprintf(c->out->why, sizeof c->out->why,
				"capture: bytes of a connection were sent twice, and differ");
			return VT_EFORMAT;
		}
		if (s->bytes.n > known)
			memcpy(p + have, s->bytes.p + known, s->bytes.n - known);
		have += s->bytes.n - known;
	}
	f->bytes = vt_span_of(p, n);
	return VT_OK;
}

static vt_err read_capture(struct compare *c, vt_span bytes)
{
	struct vt_packet packet;
	struct vt_pcap pcap;
	vt_err e = vt_pcap_open(bytes, &pcap);

	while (!e) {
		e = vt_pcap_next(&pcap, &packet);
		if (e)
			break;
		c->out->packets++;
		if (packet.received)
			continue;
		if (packet.kind == VT_PACKET_TCP)
			e = on_tcp(c, &packet);
		else if (packet.kind == VT_PACKET_UDP)
			e = on_udp(c, &packet);
		if (e)
			return e;
	}
	if (e != VT_END) {
		(void)snprintf(c->out->why, sizeof c->out->why, "capture: %s", pcap.why);
		return VT_EFORMAT;
	}
	e = VT_OK;
	for (struct flow *f = c->flows; !e && f; f = f->next)
		if (!f->datagram)
			e = join(c, f);
	return e;
}

/* The newest connection of the ledger to that peer. */
static struct entry *find_entry(const struct compare *c, vt_span peer)
{
	struct entry *found = NULL;

	for (struct entry *x = c->entries; x; x = x->next)
		if (!x->datagram && vt_span_eq(x->peer, peer))
			found = x;
	return found;
}

static vt_err on_entry(void *ctx, const struct vt_egress *e, vt_span raw)
{
	struct compare *c = ctx;
	vt_span peer = e->peer;
	struct entry *x;
	size_t blank;

	(void)raw;
	if (e->kind == VT_EGRESS_PLAIN)
		return VT_OK;
	if (vt_span_find(peer, 0, " ", 1, &blank))
		peer = vt_span_clip(peer, 0, blank);
	x = e->kind == VT_EGRESS_TCP || e->kind == VT_EGRESS_TLS ? find_entry(c, peer) : NULL;
	if (!x) {
		x = vt_arena_alloc(&c->arena, sizeof *x);
		if (!x)
			return VT_ENOMEM;
		x->datagram = e->kind == VT_EGRESS_DNS;
		x->peer = vt_span_of(vt_arena_copy(&c->arena, peer), peer.n);
		x->bytes = (vt_buf)VT_BUF_INIT(MEMORY_MAX);
		*c->entries_end = x;
		c->entries_end = &x->next;
		if (!x->peer.p)
			return VT_ENOMEM;
	}
	return vt_buf_add(&x->bytes, e->bytes.p, e->bytes.n);
}

static bool same_peer(const struct flow *f, const struct entry *x)
{
	char text[VT_ENDPOINT_TEXT];

	return f->datagram == x->datagram &&
		vt_span_eq(x->peer, vt_span_str(vt_endpoint_text(&f->to, text)));
}

static void note(struct compare *c, const char *what, const char *peer, uint64_t n)
{
	if (!c->out->why[0])
		(void)snprintf(c->out->why, sizeof c->out->why, "%s: %s, %" PRIu64 " bytes", peer,
			what, n);
}

/*
 * The first of the ledger's, in its order, with the same bytes; else the first that begins with
 * them (the rest was entered, but did not leave).
 */
static struct entry *match(const struct compare *c, const struct flow *f, bool *out_named)
{
	struct entry *longer = NULL;

	*out_named = false;
	for (struct entry *x = c->entries; x; x = x->next) {
		if (!same_peer(f, x))
			continue;
		*out_named = true;
		if (x->used || x->bytes.n < f->bytes.n ||
			memcmp(x->bytes.p, f->bytes.p, f->bytes.n) != 0)
			continue;
		if (x->bytes.n == f->bytes.n)
			return x;
		if (!longer)
			longer = x;
	}
	return longer;
}

/* A datagram from a resolver of the ledger is an answer. */
static bool is_answer(const struct compare *c, const struct flow *f)
{
	char text[VT_ENDPOINT_TEXT];
	vt_span from = vt_span_str(vt_endpoint_text(&f->from, text));

	for (const struct entry *x = c->entries; f->datagram && x; x = x->next)
		if (x->datagram && vt_span_eq(x->peer, from))
			return true;
	return false;
}

static void compare_flow(struct compare *c, struct flow *f)
{
	struct vt_capture_report *out = c->out;
	char text[VT_ENDPOINT_TEXT];
	struct entry *x;
	bool named;

	if (f->bytes.n == 0 || is_answer(c, f))
		return;
	(void)vt_endpoint_text(&f->to, text);
	x = match(c, f, &named);
	if (!x && named) {
		out->not_logged += f->bytes.n;
		note(c, "left this machine and is not in the ledger like this", text, f->bytes.n);
	} else if (!x) {
		out->foreign += f->bytes.n;
		note(c, "is no peer of the ledger", text, f->bytes.n);
	} else {
		x->used = true;
		out->bytes += f->bytes.n;
		if (f->datagram)
			out->datagrams++;
		else
			out->connections++;
		out->not_captured += x->bytes.n - f->bytes.n;
		if (x->bytes.n > f->bytes.n)
			note(c, "in the ledger, but not in the capture", text,
				x->bytes.n - f->bytes.n);
	}
}

static void compare_all(struct compare *c)
{
	for (struct flow *f = c->flows; f; f = f->next)
		compare_flow(c, f);
	for (struct entry *x = c->entries; x; x = x->next) {
		char peer[VT_ENDPOINT_TEXT];

		if (x->used || x->bytes.n == 0)
			continue;
		c->out->not_captured += x->bytes.n;
		(void)snprintf(peer, sizeof peer, "%.*s", (int)x->peer.n, (const char *)x->peer.p);
		note(c, "in the ledger, but not in the capture", peer, x->bytes.n);
	}
}

vt_err vt_capture_compare(const struct vt_ledger_files *files, uint64_t from, vt_span capture,
	struct vt_capture_report *out)
{
	struct compare c = {.arena = VT_ARENA_INIT(MEMORY_MAX), .out = out};
	struct vt_ledger_walk walk;
	vt_err e;

	*out = (struct vt_capture_report){0};
	c.flows_end = &c.flows;
	c.entries_end = &c.entries;
	e = read_capture(&c, capture);
	if (!e) {
		e = vt_ledger_each(files, from, on_entry, &c, &walk);
		if (e == VT_EFORMAT)
			(void)snprintf(out->why, sizeof out->why, "ledger: %s", walk.why);
	}
	if (!e)
		compare_all(&c);
	for (struct entry *x = c.entries; x; x = x->next)
		vt_buf_free(&x->bytes);
	vt_arena_free(&c.arena);
	return e;
}
