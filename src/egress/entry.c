/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/entry.h"

#include <inttypes.h>

#include "base/base64.h"
#include "base/num.h"
#include "crypto/hash.h"

#define FIRST_LINE "vitrine/egress/v1"

static const char *const kinds[] = {
	[VT_EGRESS_DNS] = "dns",
	[VT_EGRESS_OPEN] = "open",
	[VT_EGRESS_TCP] = "tcp",
	[VT_EGRESS_PLAIN] = "plain",
	[VT_EGRESS_TLS] = "tls",
};

const char *vt_egress_kind_name(unsigned kind)
{
	return kind < VT_COUNT(kinds) ? kinds[kind] : NULL;
}

/* Printable ASCII, not empty, no space at either end. */
static bool peer_ok(vt_span s)
{
	if (s.n == 0 || s.n > VT_EGRESS_PEER_MAX || s.p[0] == ' ' || s.p[s.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

static bool fits(const struct vt_egress *e)
{
	return e->time >= 0 && e->seq <= (uint64_t)INT64_MAX && vt_egress_kind_name(e->kind) &&
		peer_ok(e->peer) && e->bytes.n <= VT_EGRESS_MAX &&
		(e->kind != VT_EGRESS_OPEN || e->bytes.n == 0);
}

vt_err vt_egress_write(vt_buf *b, const struct vt_egress *e)
{
	uint8_t digest[32];
	size_t before = b->n;
	vt_err err;

	if (!fits(e))
		return VT_EARG;
	vt_sha256(e->bytes, digest);
	err = vt_buf_addf(b,
		FIRST_LINE "\nseq %" PRIu64 "\ntime %" PRId64 "\nkind %s\npeer %.*s\nlength %zu\n"
			   "sha256 ",
		e->seq, e->time, kinds[e->kind], (int)e->peer.n, (const char *)e->peer.p,
		e->bytes.n);
	if (!err)
		err = vt_hex_add(b, vt_span_of(digest, sizeof digest));
	if (!err)
		err = vt_buf_add(b, "\n\n", 2);
	if (!err)
		err = vt_buf_add(b, e->bytes.p, e->bytes.n);
	if (err)
		b->n = before;
	return err;
}

/* The value of the next line, which must have this key. */
static vt_span value(vt_reader *r, const char *key)
{
	vt_span left = vt_span_clip(r->s, r->at, 512), line = {0}, name;
	size_t end, n = strlen(key);

	if (!vt_span_find(left, 0, "\n", 1, &end))
		r->bad = true;
	line = vt_read_span(r, end = r->bad ? 0 : end);
	(void)vt_read_u8(r);
	if (r->bad || !vt_span_sub(line, 0, n, &name) || memcmp(name.p, key, n) != 0 ||
		!vt_span_at(line, n, " ", 1)) {
		r->bad = true;
		return (vt_span){.p = r->s.p, .n = 0};
	}
	return vt_span_clip(line, n + 1, line.n);
}

static uint64_t number(vt_reader *r, const char *key)
{
	vt_span s = value(r, key);
	uint64_t v = 0;

	if (!r->bad && (!vt_decimal_get(s, &v) || v > (uint64_t)INT64_MAX))
		r->bad = true;
	return v;
}

static enum vt_egress_kind kind(vt_reader *r)
{
	vt_span s = value(r, "kind");

	for (unsigned i = 0; !r->bad && i < VT_COUNT(kinds); i++)
		if (vt_span_eq(s, vt_span_str(kinds[i])))
			return (enum vt_egress_kind)i;
	r->bad = true;
	return VT_EGRESS_DNS;
}

vt_err vt_egress_parse(vt_span entry, struct vt_egress *out)
{
	static const char first[] = FIRST_LINE "\n";
	vt_reader r = vt_reader_of(entry);
	uint8_t digest[32], said[32];
	struct vt_egress e;
	uint64_t length;
	vt_span hex, line = vt_read_span(&r, sizeof first - 1);

	if (r.bad || memcmp(line.p, first, line.n) != 0)
		return VT_EFORMAT;
	e.seq = number(&r, "seq");
	e.time = (int64_t)number(&r, "time");
	e.kind = kind(&r);
	e.peer = value(&r, "peer");
	length = number(&r, "length");
	hex = value(&r, "sha256");
	if (vt_read_u8(&r) != '\n' || r.bad || !vt_hex_get(hex, said, sizeof said))
		return VT_EFORMAT;
	e.bytes = vt_read_span(&r, length);
	if (r.bad || vt_reader_left(&r) || !fits(&e))
		return VT_EFORMAT;
	vt_sha256(e.bytes, digest);
	if (memcmp(digest, said, sizeof said) != 0)
		return VT_EFORMAT;
	*out = e;
	return VT_OK;
}
