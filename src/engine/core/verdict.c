/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/verdict.h"

#include "base/num.h"

#define REPORT_MEMORY ((size_t)64 << 20)

const char *vt_verdict_text(vt_verdict v)
{
	static const char *const text[] = {
		[VT_CLEAN] = "CLEAN",
		[VT_INCOMPLETE] = "INCOMPLETE",
		[VT_SUSPICIOUS] = "SUSPICIOUS",
		[VT_DETECTED] = "DETECTED",
	};
	return (size_t)v < VT_COUNT(text) ? text[v] : "INCOMPLETE";
}

static const struct {
	const char *word, *text;
} reasons[] = {
#define VT_REASON(id, word_, text_) {.word = (word_), .text = (text_)},
#include "engine/core/reasons.def"
#undef VT_REASON
};

const char *vt_reason_word(vt_reason r)
{
	return (size_t)r < VT_COUNT(reasons) ? reasons[r].word : "unknown";
}

const char *vt_reason_text(vt_reason r)
{
	return (size_t)r < VT_COUNT(reasons) ? reasons[r].text : "unknown";
}

void vt_report_init(struct vt_report *r)
{
	*r = (struct vt_report){.arena = VT_ARENA_INIT(REPORT_MEMORY)};
}

void vt_report_reset(struct vt_report *r)
{
	vt_arena arena = r->arena;

	vt_arena_reset(&arena);
	*r = (struct vt_report){.arena = arena};
}

void vt_report_free(struct vt_report *r)
{
	if (!r)
		return;
	vt_arena_free(&r->arena);
	vt_report_init(r);
}

/* Doubles an arena-held array; the old one stays in the arena until the reset. */
static void *grow(vt_arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 8;
	void *p = vt_arena_array(a, want, size);

	if (!p)
		return NULL;
	if (n)
		memcpy(p, old, n * size);
	*cap = want;
	return p;
}

static bool copy_span(vt_arena *a, vt_span *s)
{
	char *p;

	if (s->n == 0) {
		*s = (vt_span){0};
		return true;
	}
	p = vt_arena_copy(a, *s);
	if (!p)
		return false;
	s->p = (const uint8_t *)p;
	return true;
}

vt_err vt_report_detection(struct vt_report *r, const struct vt_detection *d)
{
	struct vt_detection copy = *d;

	for (size_t i = 0; i < r->ndetections; i++) {
		const struct vt_detection *o = &r->detections[i];

		if (o->line == d->line && vt_span_eq(o->rule, d->rule) &&
			vt_span_eq(o->set, d->set) && vt_span_eq(o->path, d->path))
			return VT_OK;
	}
	if (r->ndetections == VT_REPORT_MAX_DETECTIONS) {
		r->detections_dropped++;
		return VT_OK;
	}
	if (r->ndetections == r->cap_detections) {
		void *p = grow(&r->arena, r->detections, r->ndetections, &r->cap_detections,
			sizeof *r->detections);
		if (!p)
			return VT_ENOMEM;
		r->detections = p;
	}
	if (!copy_span(&r->arena, &copy.rule) || !copy_span(&r->arena, &copy.set) ||
		!copy_span(&r->arena, &copy.path))
		return VT_ENOMEM;
	r->detections[r->ndetections++] = copy;
	return VT_OK;
}

vt_err vt_report_gap(struct vt_report *r, vt_reason reason, vt_span path)
{
	for (size_t i = 0; i < r->ngaps; i++) {
		if (r->gaps[i].reason == reason && vt_span_eq(r->gaps[i].path, path))
			return VT_OK;
	}
	if (r->ngaps == VT_REPORT_MAX_GAPS) {
		r->gaps_dropped++;
		return VT_OK;
	}
	if (r->ngaps == r->cap_gaps) {
		void *p = grow(&r->arena, r->gaps, r->ngaps, &r->cap_gaps, sizeof *r->gaps);

		if (!p)
			return VT_ENOMEM;
		r->gaps = p;
	}
	if (!copy_span(&r->arena, &path))
		return VT_ENOMEM;
	r->gaps[r->ngaps++] = (struct vt_gap){.reason = reason, .path = path};
	return VT_OK;
}

vt_verdict vt_report_verdict(const struct vt_report *r)
{
	vt_verdict v = r->ngaps || r->gaps_dropped ? VT_INCOMPLETE : VT_CLEAN;

	for (size_t i = 0; i < r->ndetections; i++) {
		if (!r->detections[i].suspicious)
			return VT_DETECTED;
		v = VT_SUSPICIOUS;
	}
	return v;
}
