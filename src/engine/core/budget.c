/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/budget.h"

#define MIB ((uint64_t)1 << 20)
#define TICK_BYTES (MIB / 4)
#define RATIO_FLOOR MIB
#define TICK_STEPS ((uint64_t)1 << 16)

struct vt_limits vt_limits_default(void)
{
	return (struct vt_limits){
		.file_size = UINT64_MAX,
		.object_size = 256 * MIB,
		.total_bytes = 2048 * MIB,
		.objects = 100000,
		.depth = 20,
		.ratio = 1000,
		.time_ms = 120000,
		.match_steps = 50000000,
	};
}

void vt_budget_start(struct vt_budget *b, const struct vt_limits *l, vt_tick_fn *tick, void *ctx)
{
	*b = (struct vt_budget){
		.limits = *l,
		.total_left = l->total_bytes,
		.objects_left = l->objects,
		.tick = tick,
		.tick_ctx = ctx,
	};
}

vt_err vt_budget_check(struct vt_budget *b)
{
	if (!b->out_of_time && b->tick && !b->tick(b->tick_ctx, b->untold))
		b->out_of_time = true;
	b->untold = 0;
	if (!b->out_of_time)
		return VT_OK;
	b->reason = VT_REASON_LIMIT_TIME;
	return VT_ELIMIT;
}

vt_err vt_budget_work(struct vt_budget *b, uint64_t bytes)
{
	b->untold += bytes;
	if (b->untold >= TICK_BYTES || b->out_of_time)
		return vt_budget_check(b);
	return VT_OK;
}

static vt_err stop(struct vt_budget *b, vt_reason r)
{
	b->reason = r;
	return VT_ELIMIT;
}

vt_err vt_budget_unpack(struct vt_budget *b, uint64_t have, uint64_t more, uint64_t packed)
{
	uint64_t size = have > UINT64_MAX - more ? UINT64_MAX : have + more;

	if (size > b->limits.object_size)
		return stop(b, VT_REASON_LIMIT_OBJECT_SIZE);
	if (packed && size > RATIO_FLOOR && size / packed > b->limits.ratio)
		return stop(b, VT_REASON_LIMIT_RATIO);
	if (more > b->total_left)
		return stop(b, VT_REASON_LIMIT_TOTAL_BYTES);
	b->total_left -= more;
	return vt_budget_work(b, more);
}

vt_err vt_budget_object(struct vt_budget *b)
{
	if (b->objects_left == 0)
		return stop(b, VT_REASON_LIMIT_COUNT);
	b->objects_left--;
	return VT_OK;
}

void vt_steps_start(struct vt_steps *s, uint64_t steps, struct vt_budget *b)
{
	*s = (struct vt_steps){
		.left = steps,
		.pause = steps > TICK_STEPS ? steps - TICK_STEPS : 0,
		.budget = b,
	};
}

bool vt_steps_spend_slow(struct vt_steps *s, uint64_t n)
{
	if (s->left < n || (s->budget && vt_budget_check(s->budget))) {
		s->left = 0;
		s->exhausted = true;
		return false;
	}
	s->left -= n;
	s->pause = s->left > TICK_STEPS ? s->left - TICK_STEPS : 0;
	return true;
}
