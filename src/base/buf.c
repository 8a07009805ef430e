/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

vt_err vt_buf_reserve(vt_buf *b, size_t more)
{
	size_t need, cap;
	uint8_t *p;

	if (b->n > b->max || more > b->max - b->n)
		return VT_ELIMIT;
	need = b->n + more;
	if (b->p && need <= b->cap)
		return VT_OK;
	cap = b->cap ? b->cap : 256;
	while (cap < need && cap <= SIZE_MAX / 2)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;
	if (cap < need || cap > SIZE_MAX - VT_BUF_SLACK)
		return VT_ENOMEM;
	p = realloc(b->p, cap + VT_BUF_SLACK);
	if (!p)
		return VT_ENOMEM;
	memset(p + b->n, 0, VT_BUF_SLACK);
	b->p = p;
	b->cap = cap;
	return VT_OK;
}

vt_err vt_buf_add(vt_buf *b, const void *p, size_t n)
{
	vt_err e = vt_buf_reserve(b, n);

	if (e)
		return e;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	memset(b->p + b->n, 0, VT_BUF_SLACK);
	return VT_OK;
}

vt_err vt_buf_add_u8(vt_buf *b, uint8_t v)
{
	return vt_buf_add(b, &v, sizeof v);
}

vt_err vt_buf_add_u16(vt_buf *b, uint16_t v)
{
	return vt_buf_add(b, &v, sizeof v);
}

vt_err vt_buf_add_u32(vt_buf *b, uint32_t v)
{
	return vt_buf_add(b, &v, sizeof v);
}

vt_err vt_buf_add_u64(vt_buf *b, uint64_t v)
{
	return vt_buf_add(b, &v, sizeof v);
}

vt_err vt_buf_addf(vt_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	vt_err e;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return VT_EARG;
	/* vsnprintf writes a terminator too: the slack has room for it. */
	e = vt_buf_reserve(b, (size_t)n);
	if (e)
		return e;
	va_start(ap, fmt);
	(void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	memset(b->p + b->n, 0, VT_BUF_SLACK);
	return VT_OK;
}

void vt_buf_clear(vt_buf *b)
{
	b->n = 0;
}

void vt_buf_free(vt_buf *b)
{
	if (!b)
		return;
	free(b->p);
	b->p = NULL;
	b->n = 0;
	b->cap = 0;
}
