/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/unpack/output.h"

#include "base/num.h"

#define CHUNK_MIN ((size_t)32 << 10)
#define CHUNK_MAX ((size_t)1 << 20)

void vt_output_init(struct vt_output *o, struct vt_budget *budget)
{
	uint64_t max = vt_min_u64(budget->limits.object_size, SIZE_MAX / 4);

	*o = (struct vt_output){.budget = budget, .buf = VT_BUF_INIT((size_t)max + CHUNK_MAX)};
}

void vt_output_free(struct vt_output *o)
{
	vt_buf_free(&o->buf);
}

void vt_output_start(struct vt_output *o, uint64_t packed)
{
	vt_buf_clear(&o->buf);
	o->packed = packed;
}

vt_err vt_output_room(struct vt_output *o, uint8_t **out_p, size_t *out_n)
{
	size_t room = o->buf.cap - o->buf.n;
	vt_err e;

	if (room < CHUNK_MIN) {
		e = vt_buf_reserve(&o->buf, CHUNK_MIN);
		if (e)
			return e;
		room = o->buf.cap - o->buf.n;
	}
	*out_p = o->buf.p + o->buf.n;
	*out_n = vt_min_size(room, CHUNK_MAX);
	return VT_OK;
}

vt_err vt_output_exact(struct vt_output *o, size_t n, uint8_t **out_p)
{
	vt_err e;

	if (n > o->budget->limits.object_size || n > o->budget->total_left)
		return VT_ELIMIT;
	e = vt_buf_reserve(&o->buf, n);
	if (e)
		return e;
	*out_p = o->buf.p + o->buf.n;
	return VT_OK;
}

/* Spends for n bytes behind `have`, or for as many as the budget allows. */
static vt_err spend(struct vt_output *o, uint64_t have, uint64_t n, uint64_t *out_got)
{
	vt_err e = vt_budget_unpack(o->budget, have, n, o->packed);
	uint64_t got = 0;
	vt_reason first;

	if (!e) {
		*out_got = n;
		return VT_OK;
	}
	first = o->budget->reason;
	/* Which limits apply is the budget's business: find the largest part by halving. */
	for (uint64_t step = n ? (uint64_t)1 << (63 - __builtin_clzll(n)) : 0;
		step && !o->budget->out_of_time; step /= 2) {
		if (got + step <= n &&
			vt_budget_unpack(o->budget, have + got, step, o->packed) == VT_OK)
			got += step;
	}
	o->budget->reason = first;
	*out_got = got;
	return e;
}

vt_err vt_output_commit(struct vt_output *o, size_t n)
{
	uint64_t got;
	vt_err e = spend(o, o->buf.n, n, &got);

	o->buf.n += (size_t)got;
	if (o->buf.p)
		memset(o->buf.p + o->buf.n, 0, VT_BUF_SLACK);
	return e;
}

vt_err vt_output_add(struct vt_output *o, vt_span s)
{
	uint8_t *p;
	size_t n;
	vt_err e;

	for (size_t at = 0; at < s.n; at += n) {
		e = vt_output_room(o, &p, &n);
		if (e)
			return e;
		n = vt_min_size(n, s.n - at);
		memcpy(p, s.p + at, n);
		e = vt_output_commit(o, n);
		if (e)
			return e;
	}
	return VT_OK;
}

vt_err vt_output_borrow(struct vt_output *o, vt_span *io)
{
	uint64_t got;
	vt_err e = spend(o, 0, io->n, &got);

	io->n = (size_t)got;
	return e;
}
