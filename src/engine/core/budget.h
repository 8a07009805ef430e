/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits, and what is left of them while one file is scanned. The engine has no clock: the caller
 * passes a tick function that may say "stop". Every loop over hostile input spends from here.
 */
#ifndef VT_ENGINE_CORE_BUDGET_H
#define VT_ENGINE_CORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/core/verdict.h"

struct vt_limits {
	uint64_t file_size;   /* bytes; a larger input file is not scanned */
	uint64_t object_size; /* bytes of one unpacked object */
	uint64_t total_bytes; /* bytes unpacked from one file, all objects together */
	uint64_t objects;     /* objects unpacked from one file */
	uint32_t depth;       /* containers inside containers */
	uint32_t ratio;       /* unpacked : packed of one member, once past 1 MiB */
	uint32_t time_ms;     /* for one file; kept by the tick, not by the engine */
	uint64_t match_steps; /* pattern and condition steps for one object */
};

/* The defaults that docs/formats.md lists. */
struct vt_limits vt_limits_default(void);

/* Called now and then with the bytes worked on since the last call; false: stop (time is up). */
typedef bool vt_tick_fn(void *ctx, uint64_t bytes);

struct vt_budget {
	struct vt_limits limits;
	uint64_t total_left;
	uint64_t objects_left;
	bool out_of_time;
	/* what the last VT_ELIMIT was about */
	vt_reason reason;
	vt_tick_fn *tick; /* may be NULL */
	void *tick_ctx;
	uint64_t untold; /* bytes since the last tick */
};

void vt_budget_start(struct vt_budget *b, const struct vt_limits *l, vt_tick_fn *tick, void *ctx);
/* Reports `bytes` of work; VT_ELIMIT (reason LIMIT_TIME) once the tick said stop. Cheap. */
VT_MUST_USE vt_err vt_budget_work(struct vt_budget *b, uint64_t bytes);
/* The same for work that is not counted in bytes: ticks at once. */
VT_MUST_USE vt_err vt_budget_check(struct vt_budget *b);
/*
 * Before `more` bytes are added to a member that has `have` unpacked bytes so far out of `packed`
 * packed ones (0 if unknown: no ratio check). VT_ELIMIT sets b->reason (object size, total, ratio,
 * time). On success the bytes are spent from the total.
 */
VT_MUST_USE vt_err vt_budget_unpack(
	struct vt_budget *b, uint64_t have, uint64_t more, uint64_t packed);
/* One more object is about to be looked at; VT_ELIMIT (LIMIT_COUNT) when none is left. */
VT_MUST_USE vt_err vt_budget_object(struct vt_budget *b);

/*
 * What matching one object may spend. A step is the work of some tens of nanoseconds. `exhausted`
 * is set when something was not looked for, for want of steps, time or memory.
 */
struct vt_steps {
	uint64_t left;
	bool exhausted;
	uint64_t pause;           /* the time is looked at when no more than this is left */
	struct vt_budget *budget; /* may be NULL: nobody keeps the time */
};

void vt_steps_start(struct vt_steps *s, uint64_t steps, struct vt_budget *b);
bool vt_steps_spend_slow(struct vt_steps *s, uint64_t n);

/* False if so many are not left, or time is up. */
static inline bool vt_steps_spend(struct vt_steps *s, uint64_t n)
{
	if (s->left < n || s->left - n < s->pause)
		return vt_steps_spend_slow(s, n);
	s->left -= n;
	return true;
}

#endif
