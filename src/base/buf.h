/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer that knows its maximum. The owner frees it with vt_buf_free(); a zeroed
 * struct with `max` set is an empty buffer. VT_BUF_SLACK zero bytes always follow the content, so
 * that a vector load may run over its end.
 */
#ifndef VT_BASE_BUF_H
#define VT_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define VT_BUF_SLACK 64

typedef struct vt_buf {
	uint8_t *p;
	size_t n;
	size_t cap;
	size_t max; /* the content never grows past this; 0 means nothing may be added */
} vt_buf;

#define VT_BUF_INIT(limit)                                                                         \
	{                                                                                          \
		.max = (limit)                                                                     \
	}

/* Makes room for `more` bytes after the content. VT_ELIMIT past max, VT_ENOMEM; content kept. */
VT_MUST_USE vt_err vt_buf_reserve(vt_buf *b, size_t more);
/* Appends; on an error nothing is appended. */
VT_MUST_USE vt_err vt_buf_add(vt_buf *b, const void *p, size_t n);
VT_MUST_USE vt_err vt_buf_add_u8(vt_buf *b, uint8_t v);
VT_MUST_USE vt_err vt_buf_add_u16(vt_buf *b, uint16_t v); /* little-endian, as all of these */
VT_MUST_USE vt_err vt_buf_add_u32(vt_buf *b, uint32_t v);
VT_MUST_USE vt_err vt_buf_add_u64(vt_buf *b, uint64_t v);
VT_MUST_USE vt_err vt_buf_addf(vt_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Drops the content, keeps the memory. */
void vt_buf_clear(vt_buf *b);
/* Frees the memory and leaves an empty buffer with the same max. NULL is fine. */
void vt_buf_free(vt_buf *b);

static inline vt_span vt_buf_span(const vt_buf *b)
{
	return (vt_span){.p = b->p, .n = b->n};
}

#endif
