/* SPDX-License-Identifier: Apache-2.0 */
#include "http/dns.h"

#define HEADER 12
#define NAME_MAX_BYTES 255
#define POINTERS 32
#define RECORDS 128
#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
#define CLASS_IN 1

/* FNV-1a, folded to 16 bits. */
static uint16_t id_of(vt_span s)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 16777619u;
	return (uint16_t)(h ^ h >> 16);
}

static vt_err add_be16(vt_buf *b, unsigned v)
{
	const uint8_t two[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	return vt_buf_add(b, two, sizeof two);
}

vt_err vt_dns_ask(vt_buf *b, const char *host, bool v6)
{
	static const uint8_t header[HEADER] = {0, 0, 1 /* recursion desired */, 0, 0, 1};
	size_t start = b->n, at = 0, n = strlen(host);
	uint16_t id;
	vt_err e = n == 0 || n > VT_HOST_MAX ? VT_EARG : vt_buf_add(b, header, sizeof header);

	while (!e && at < n) {
		size_t label = strcspn(host + at, ".");

		if (label == 0 || label > 63)
			return VT_EARG;
		e = vt_buf_add_u8(b, (uint8_t)label);
		if (!e)
			e = vt_buf_add(b, host + at, label);
		at += label + 1;
	}
	if (!e)
		e = vt_buf_add_u8(b, 0);
	if (!e)
		e = add_be16(b, v6 ? TYPE_AAAA : TYPE_A);
	if (!e)
		e = add_be16(b, CLASS_IN);
	if (e)
		return e;
	id = id_of(vt_span_of(b->p + start, b->n - start));
	b->p[start] = (uint8_t)(id >> 8);
	b->p[start + 1] = (uint8_t)id;
	return VT_OK;
}

struct name {
	size_t n;
	uint8_t b[NAME_MAX_BYTES]; /* labels as on the wire, lower case, with the last zero */
};

/* Reads a name at the reader's place (section 4.1.4). Pointers lead backwards only. */
static bool read_name(vt_reader *r, struct name *out)
{
	size_t at = r->at, bound = r->s.n, after = 0;
	unsigned pointers = 0;

	out->n = 0;
	for (;;) {
		uint8_t len, low;
		vt_span label;

		if (at >= bound || !vt_get_u8(r->s, at, &len))
			return false;
		if ((len & 0xc0) == 0xc0) {
			size_t to;

			if (!vt_get_u8(r->s, at + 1, &low) || ++pointers > POINTERS)
				return false;
			to = (size_t)(len & 0x3f) << 8 | low;
			if (!after)
				after = at + 2;
			if (to >= at)
				return false;
			at = to;
			continue;
		}
		if (len > 63 || !vt_span_sub(r->s, at + 1, len, &label) ||
			out->n + 1 + len > sizeof out->b)
			return false;
		out->b[out->n++] = len;
		for (size_t i = 0; i < len; i++) {
			uint8_t c = label.p[i];

			out->b[out->n++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
		}
		at += 1 + (size_t)len;
		if (len == 0)
			break;
	}
	r->at = after ? after : at;
	return true;
}

static bool same(const struct name *a, const struct name *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

struct record {
	struct name owner;
	uint16_t type, class;
	vt_span data;
	size_t data_at;
};

static bool read_record(vt_reader *r, struct record *out)
{
	if (!read_name(r, &out->owner))
		return false;
	out->type = vt_read_u16be(r);
	out->class = vt_read_u16be(r);
	(void)vt_read_u32be(r); /* how long it may be kept */
	out->data_at = r->at + 2;
	out->data = vt_read_span(r, vt_read_u16be(r));
	return !r->bad;
}

/* Whether these bytes answer that question: id, flags, and the question repeated. */
static vt_err check_header(vt_span answer, vt_span question, uint16_t *out_count)
{
	uint16_t id, asked, flags = 0, one = 0;

	if (!vt_get_u16be(answer, 0, &id) || !vt_get_u16be(question, 0, &asked) || id != asked ||
		!vt_get_u16be(answer, 2, &flags) || !(flags & 0x8000) || flags & 0x7800 ||
		!vt_get_u16be(answer, 4, &one) || one != 1 || !vt_get_u16be(answer, 6, out_count) ||
		answer.n < question.n)
		return VT_EAGAIN;
	for (size_t i = HEADER; i < question.n; i++) {
		uint8_t c = answer.p[i];

		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != question.p[i])
			return VT_EAGAIN;
	}
	if ((flags & 15) == 3)
		return VT_END;
	return flags & 15 ? VT_EPEER : VT_OK;
}

vt_err vt_dns_read(vt_span answer, vt_span question, struct vt_addresses *out)
{
	vt_reader r = vt_reader_of(answer), q = vt_reader_of(question);
	struct name wanted;
	struct record rec;
	uint16_t count = 0, type;
	size_t before = out->n;
	vt_err e = check_header(answer, question, &count);

	if (e)
		return e;
	q.at = HEADER;
	if (!read_name(&q, &wanted))
		return VT_EARG;
	type = vt_read_u16be(&q);
	r.at = question.n;
	for (unsigned i = 0; i < count; i++) {
		struct vt_address a = {.v6 = type == TYPE_AAAA};
		size_t n = a.v6 ? 16 : 4;

		if (i == RECORDS || !read_record(&r, &rec))
			return VT_EFORMAT;
		if (rec.class != CLASS_IN || !same(&rec.owner, &wanted))
			continue;
		if (rec.type == TYPE_CNAME) {
			vt_reader d =
				vt_reader_of(vt_span_clip(answer, 0, rec.data_at + rec.data.n));

			d.at = rec.data_at;
			if (!read_name(&d, &wanted) || vt_reader_left(&d))
				return VT_EFORMAT;
		} else if (rec.type == type) {
			if (rec.data.n != n)
				return VT_EFORMAT;
			memcpy(a.b, rec.data.p, n);
			vt_addresses_add(out, &a);
		}
	}
	return out->n > before ? VT_OK : VT_END;
}
