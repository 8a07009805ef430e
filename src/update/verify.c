/* SPDX-License-Identifier: Apache-2.0 */
#include "update/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "update/verify_internal.h"

vt_err vt_verify_refuse(struct vt_verify *v, enum vt_refusal r, const char *fmt, ...)
{
	va_list args;

	v->out->refusal = r;
	va_start(args, fmt);
	(void)vsnprintf(v->out->why, sizeof v->out->why, fmt, args);
	va_end(args);
	return VT_ECHECKSUM;
}

vt_err vt_verify_refuse_file(struct vt_verify *v, vt_err e, const char *what)
{
	const struct vt_verify_source *s = v->source;
	const char *why = s->why ? s->why(s->ctx) : "";

	switch ((int)e) {
	case VT_ENOMEM: return e;
	case VT_ELIMIT:
		return vt_verify_refuse(
			v, VT_REFUSED_SIZE, "%s: larger than it may be. %.400s", what, why);
	case VT_END: return vt_verify_refuse(v, VT_REFUSED_TILE, "%s: missing. %.400s", what, why);
	case VT_ECHECKSUM:
	case VT_EFORMAT:
	case VT_ETRUNCATED:
		return vt_verify_refuse(v, VT_REFUSED_TILE,
			"%s: what %.300s serves does not belong to the checkpoint", what, s->place);
	case VT_EARG: return vt_verify_refuse(v, VT_REFUSED_TILE, "%s: outside of the log", what);
	default:
		return vt_verify_refuse(
			v, VT_REFUSED_UNREACHABLE, "%s: %.400s", what, *why ? why : vt_err_text(e));
	}
}

/* The head is verified: pin it, even if what comes behind it is refused. */
static void pin(struct vt_verify *v)
{
	struct vt_trusted *t = v->out->trusted;
	const struct vt_candidate *c = v->at;
	struct vt_trusted_head seen = {c->head.at.size, c->head.at.root, v->job->now};

	t->has_log = true;
	t->log = *v->config->log_key;
	if (c->time > t->clock)
		t->clock = c->time;
	vt_trusted_add_head(t, &seen);
	/* The same head without newer cosignatures: the note that was pinned says more. */
	if (!t->has_head || t->head.size != c->head.at.size || c->time > t->head.since) {
		t->head = (struct vt_trusted_head){c->head.at.size, c->head.at.root, c->time};
		t->note = c->bytes;
		t->has_head = true;
	}
	v->out->trusted_changed = true;
}

static vt_err run_candidate(struct vt_verify *v, const struct vt_candidate *c)
{
	vt_err e;

	v->at = c;
	v->source = &v->job->sources[c->source];
	v->out->source = c->source;
	v->nroots = v->nstates = 0;
	v->out->refusal = VT_REFUSED_NOT;
	v->out->why[0] = 0;
	e = vt_verify_growth(v);
	if (!e)
		pin(v);
	if (!e)
		e = vt_verify_newest(v);
	if (!e)
		e = vt_verify_live(v);
	if (!e)
		e = vt_verify_chunks(v);
	vt_tiles_close(v->tiles);
	v->tiles = NULL;
	return e;
}

/* Of the sources that did not do, whose refusal says most: not that of one that is just away. */
static void choose_refusal(struct vt_verify_result *r)
{
	const struct vt_verify_failure *best = NULL;

	for (size_t i = 0; i < r->nfailures; i++)
		if (!best ||
			(best->refusal == VT_REFUSED_UNREACHABLE &&
				r->failures[i].refusal != VT_REFUSED_UNREACHABLE))
			best = &r->failures[i];
	if (best) {
		r->refusal = best->refusal;
		(void)snprintf(r->why, sizeof r->why, "%s", best->why);
	}
}

static vt_err try_candidates(struct vt_verify *v, struct vt_candidate **c, size_t n)
{
	vt_err e = VT_ECHECKSUM;

	if (n == 0)
		choose_refusal(v->out);
	for (size_t i = 0; i < n && e == VT_ECHECKSUM; i++) {
		struct vt_verify_failure first = {.refusal = v->out->refusal};

		(void)snprintf(first.why, sizeof first.why, "%s", v->out->why);
		*v->out->trusted = *v->before;
		v->out->trusted_changed = false;
		e = run_candidate(v, c[i]);
		if (e == VT_ECHECKSUM && v->out->refusal == VT_REFUSED_FORK)
			break; /* no other source makes that undone */
		/* the first one was the best: its refusal is what counts */
		if (e == VT_ECHECKSUM && i > 0) {
			v->out->refusal = first.refusal;
			memcpy(v->out->why, first.why, sizeof v->out->why);
		}
	}
	return e;
}

/* A policy for another log than the one that this machine knows is not followed by accident. */
static bool check_policy(struct vt_verify *v)
{
	const struct vt_trusted *t = v->before;
	const struct vt_key *k = v->config->log_key;

	if (v->job->nsources == 0) {
		(void)vt_verify_refuse(v, VT_REFUSED_POLICY, "update.conf names no Source");
		return false;
	}
	if (t->has_log &&
		(strcmp(t->log.name, k->name) != 0 ||
			memcmp(t->log.pub, k->pub, sizeof k->pub) != 0)) {
		(void)vt_verify_refuse(v, VT_REFUSED_POLICY,
			"the policy names the log %.200s, but this machine follows %.200s; "
			"'vitrine update acknowledge --new-log' starts over",
			k->name, t->log.name);
		return false;
	}
	return true;
}

static vt_err compare_plans(struct vt_verify *v)
{
	vt_buf b = VT_BUF_INIT(VT_VERIFY_ARENA_MAX);
	vt_err e = vt_plan_write(&b, &v->out->plan);

	v->out->plan_changed = !vt_span_eq(vt_buf_span(&b), v->job->old_plan);
	vt_buf_free(&b);
	return e;
}

vt_err vt_verify_run(const struct vt_verify_job *job, struct vt_verify_result *out)
{
	struct vt_verify *v = calloc(1, sizeof *v);
	struct vt_candidate *c[VT_CONFIG_SOURCES_MAX] = {NULL};
	size_t n = 0;
	vt_err e = v ? VT_OK : VT_ENOMEM;

	memset(out, 0, sizeof *out);
	out->evidence.max = (size_t)4 << 20;
	out->trusted = vt_arena_alloc(job->arena, sizeof *out->trusted);
	if (e || !out->trusted) {
		free(v);
		return VT_ENOMEM;
	}
	v->job = job;
	v->config = job->config;
	v->before = job->trusted;
	v->out = out;
	v->origin = vt_span_str(job->config->log_key->name);
	*out->trusted = *job->trusted;
	if (job->old_plan.n && vt_plan_read(job->old_plan, job->arena, &v->old))
		v->old = (struct vt_plan){0}; /* damaged: everything is looked for again */
	if (check_policy(v)) {
		e = vt_verify_heads(v, c, &n);
		if (!e)
			e = try_candidates(v, c, n);
		if (!e)
			e = compare_plans(v);
	}
	free(v);
	return e == VT_ECHECKSUM ? VT_OK : e;
}

void vt_verify_free(struct vt_verify_result *r)
{
	vt_buf_free(&r->evidence);
}
