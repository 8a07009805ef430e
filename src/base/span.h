/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrowed run of bytes, and checked readers over it. Every hostile byte is read through these:
 * a read outside of the span returns false and stores nothing. Offsets and sizes are in bytes.
 */
#ifndef VT_BASE_SPAN_H
#define VT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct vt_span {
	const uint8_t *p; /* may be NULL only when n == 0 */
	size_t n;
} vt_span;

static inline vt_span vt_span_of(const void *p, size_t n)
{
	return (vt_span){.p = p, .n = n};
}

/* The bytes of a C string, without its terminator. */
static inline vt_span vt_span_str(const char *s)
{
	return (vt_span){.p = (const uint8_t *)s, .n = strlen(s)};
}

/* True if [off, off+len) lies inside `s`. */
static inline bool vt_span_has(vt_span s, uint64_t off, uint64_t len)
{
	return off <= s.n && len <= s.n - off;
}

/* The sub-span [off, off+len); false if it does not lie wholly inside. */
static inline bool vt_span_sub(vt_span s, uint64_t off, uint64_t len, vt_span *out)
{
	if (!vt_span_has(s, off, len))
		return false;
	*out = (vt_span){.p = len ? s.p + off : s.p, .n = (size_t)len};
	return true;
}

/* As much of [off, off+len) as exists; empty when off is past the end. */
static inline vt_span vt_span_clip(vt_span s, uint64_t off, uint64_t len)
{
	if (off >= s.n)
		return (vt_span){.p = s.p, .n = 0};
	if (len > s.n - off)
		len = s.n - off;
	return (vt_span){.p = s.p + off, .n = (size_t)len};
}

static inline bool vt_span_eq(vt_span a, vt_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* True if `s` has exactly the bytes [lit, lit+n) at `off`. */
static inline bool vt_span_at(vt_span s, uint64_t off, const void *lit, size_t n)
{
	return vt_span_has(s, off, n) && (n == 0 || memcmp(s.p + off, lit, n) == 0);
}

/* First place at or after `from` where the n bytes of `lit` stand; false if nowhere. */
static inline bool vt_span_find(vt_span s, size_t from, const void *lit, size_t n, size_t *out)
{
	const uint8_t *hit;

	if (n == 0 || from > s.n || s.n - from < n)
		return false;
	hit = memmem(s.p + from, s.n - from, lit, n);
	if (!hit)
		return false;
	*out = (size_t)(hit - s.p);
	return true;
}

/* Readers of unsigned integers: vt_get_{u8,u16,u32,u64}{le,be}(span, offset, &out). */
#define VT_GETTER(suffix, T, conv)                                                                 \
	static inline bool vt_get_##suffix(vt_span s, uint64_t off, T *out)                        \
	{                                                                                          \
		T v;                                                                               \
		if (!vt_span_has(s, off, sizeof v))                                                \
			return false;                                                              \
		memcpy(&v, s.p + off, sizeof v);                                                   \
		*out = (T)conv(v);                                                                 \
		return true;                                                                       \
	}
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Vitrine's image format and readers assume a little-endian machine"
#endif
VT_GETTER(u8, uint8_t, )
VT_GETTER(u16le, uint16_t, )
VT_GETTER(u32le, uint32_t, )
VT_GETTER(u64le, uint64_t, )
VT_GETTER(u16be, uint16_t, __builtin_bswap16)
VT_GETTER(u32be, uint32_t, __builtin_bswap32)
VT_GETTER(u64be, uint64_t, __builtin_bswap64)
#undef VT_GETTER

/*
 * A cursor over a span. A failed read leaves the cursor where it was and sets `bad`, which stays
 * set, so a run of reads can be checked once at its end.
 */
typedef struct vt_reader {
	vt_span s;
	size_t at;
	bool bad;
} vt_reader;

static inline vt_reader vt_reader_of(vt_span s)
{
	return (vt_reader){.s = s};
}

static inline size_t vt_reader_left(const vt_reader *r)
{
	return r->s.n - r->at;
}

#define VT_READER(suffix, T)                                                                       \
	static inline T vt_read_##suffix(vt_reader *r)                                             \
	{                                                                                          \
		T v = 0;                                                                           \
		if (r->bad || !vt_get_##suffix(r->s, r->at, &v)) {                                 \
			r->bad = true;                                                             \
			return 0;                                                                  \
		}                                                                                  \
		r->at += sizeof v;                                                                 \
		return v;                                                                          \
	}
VT_READER(u8, uint8_t)
VT_READER(u16le, uint16_t)
VT_READER(u32le, uint32_t)
VT_READER(u64le, uint64_t)
VT_READER(u16be, uint16_t)
VT_READER(u32be, uint32_t)
VT_READER(u64be, uint64_t)
#undef VT_READER

/* The next `len` bytes; an empty span and `bad` if there are fewer. */
static inline vt_span vt_read_span(vt_reader *r, uint64_t len)
{
	vt_span out = {.p = r->s.p, .n = 0};

	if (r->bad || !vt_span_sub(r->s, r->at, len, &out)) {
		r->bad = true;
		return out;
	}
	r->at += out.n;
	return out;
}

#endif
