/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "bplist00": objects by number, an offset table, and a trailer of 32 bytes. A file may name one
 * object many times, so that a small one stands for a huge tree: values are counted as they are
 * made, and depth is bounded, which also ends cycles.
 */
#include "inventory/artefact/plist.h"

#include "base/num.h"

struct reader {
	vt_span s;
	vt_arena *a;
	unsigned offset_size, ref_size;
	uint64_t count, table;
};
/* A container whose members are not made yet. */
struct work {
	struct vt_plist *to;
	uint64_t refs; /* place of its list of references */
	uint64_t n;
	unsigned depth;
	struct work *next;
};

static bool number(vt_span s, uint64_t at, unsigned size, uint64_t *out)
{
	uint64_t v = 0;

	if (size < 1 || size > 8 || !vt_span_has(s, at, size))
		return false;
	for (unsigned i = 0; i < size; i++)
		v = v << 8 | s.p[at + i];
	*out = v;
	return true;
}

/* Marker, count and the place of what follows of object `ref`. */
static bool object(const struct reader *r, uint64_t ref, uint8_t *out_marker, uint64_t *out_n,
	uint64_t *out_at)
{
	uint64_t at, n;
	uint8_t marker, more;

	if (ref >= r->count ||
		!number(r->s, r->table + ref * r->offset_size, r->offset_size, &at) ||
		!vt_get_u8(r->s, at, &marker))
		return false;
	n = marker & 15;
	at++;
	if (n == 15 && marker >> 4 >= 4) { /* 2^k bytes of an integer object follow */
		if (!vt_get_u8(r->s, at, &more) || more >> 4 != 1 || (more & 15) > 3 ||
			!number(r->s, at + 1, 1u << (more & 15), &n))
			return false;
		at += 1 + (1u << (more & 15));
	}
	*out_marker = marker;
	*out_n = n;
	*out_at = at;
	return true;
}

/* An object without its members. *out_refs and *out_n are for containers. */
static vt_err make(const struct reader *r, uint64_t ref, struct vt_plist *p, uint64_t *out_refs,
	uint64_t *out_n)
{
	uint64_t n, at;
	uint8_t marker;
	vt_span raw;

	if (!object(r, ref, &marker, &n, &at))
		return VT_EFORMAT;
	*out_n = 0;
	*out_refs = at;
	p->type = VT_PLIST_OTHER;
	p->text = vt_span_of("", 0);
	switch (marker >> 4) {
	case 0:
		if (marker == 8 || marker == 9)
			p->type = marker == 9 ? VT_PLIST_TRUE : VT_PLIST_FALSE;
		return VT_OK;
	case 4:
	case 5:
		p->type = marker >> 4 == 4 ? VT_PLIST_DATA : VT_PLIST_STRING;
		return vt_span_sub(r->s, at, n, &p->text) ? VT_OK : VT_EFORMAT;
	case 6:
		p->type = VT_PLIST_STRING;
		if (n > r->s.n || !vt_span_sub(r->s, at, n * 2, &raw))
			return VT_EFORMAT;
		return vt_utf16_text(raw, true, r->a, &p->text);
	case 10:
	case 12:
	case 13:
		p->type = marker >> 4 == 13 ? VT_PLIST_DICT : VT_PLIST_ARRAY;
		if (n > r->s.n || !vt_span_has(r->s, at, n * r->ref_size * (p->type ? 1 : 2)))
			return VT_EFORMAT;
		*out_n = n;
		return VT_OK;
	default: return VT_OK;
	}
}

static vt_err open_trailer(vt_span bytes, struct reader *r, uint64_t *out_top)
{
	uint64_t t, size;
	uint8_t o, f;

	if (bytes.n < 8 + 32)
		return VT_ETRUNCATED;
	t = bytes.n - 32;
	if (!vt_get_u8(bytes, t + 6, &o) || !vt_get_u8(bytes, t + 7, &f) ||
		!vt_get_u64be(bytes, t + 8, &r->count) || !vt_get_u64be(bytes, t + 16, out_top) ||
		!vt_get_u64be(bytes, t + 24, &r->table))
		return VT_ETRUNCATED;
	r->offset_size = o;
	r->ref_size = f;
	if (o < 1 || o > 8 || f < 1 || f > 8 || r->count > bytes.n ||
		!vt_mul_u64(r->count, o, &size) || !vt_span_has(bytes, r->table, size))
		return VT_EFORMAT;
	return VT_OK;
}

/* The members of one container; containers among them go on *io_todo. */
static vt_err fill(
	const struct reader *r, const struct work *w, uint64_t *io_left, struct work **io_todo)
{
	bool dict = w->to->type == VT_PLIST_DICT;
	struct vt_plist **at = &w->to->first;

	for (uint64_t i = 0; i < w->n; i++) {
		uint64_t ref, refs, n;
		struct vt_plist *p = vt_arena_alloc(r->a, sizeof *p), key = {0};
		vt_err e;

		if (!p)
			return VT_ENOMEM;
		if (*io_left == 0)
			return VT_ELIMIT;
		--*io_left;
		if (dict) {
			if (!number(r->s, w->refs + i * r->ref_size, r->ref_size, &ref))
				return VT_EFORMAT;
			e = make(r, ref, &key, &refs, &n);
			if (e)
				return e;
			p->key = key.type == VT_PLIST_STRING ? key.text : vt_span_of("", 0);
		}
		if (!number(r->s, w->refs + (i + (dict ? w->n : 0)) * r->ref_size, r->ref_size,
			    &ref))
			return VT_EFORMAT;
		e = make(r, ref, p, &refs, &n);
		if (e)
			return e;
		*at = p;
		at = &p->next;
		if (n) {
			struct work *more = vt_arena_alloc(r->a, sizeof *more);

			if (!more)
				return VT_ENOMEM;
			if (w->depth >= VT_PLIST_DEPTH_MAX)
				return VT_ELIMIT;
			*more = (struct work){p, refs, n, w->depth + 1, *io_todo};
			*io_todo = more;
		}
	}
	return VT_OK;
}

vt_err vt_plist_binary(vt_span bytes, vt_arena *a, const struct vt_plist **out)
{
	struct reader r = {.s = bytes, .a = a};
	struct vt_plist *top = vt_arena_alloc(a, sizeof *top);
	uint64_t top_ref, refs, n, left = VT_PLIST_VALUES_MAX;
	struct work *todo = NULL, first;
	vt_err e = open_trailer(bytes, &r, &top_ref);

	if (!top)
		return VT_ENOMEM;
	if (!e)
		e = make(&r, top_ref, top, &refs, &n);
	if (e)
		return e;
	if (n) {
		first = (struct work){top, refs, n, 1, NULL};
		todo = &first;
	}
	while (todo && !e) {
		struct work *w = todo;

		todo = w->next;
		e = fill(&r, w, &left, &todo);
	}
	if (!e)
		*out = top;
	return e;
}
