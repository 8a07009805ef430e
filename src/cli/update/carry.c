/* SPDX-License-Identifier: Apache-2.0 */
/* A verified plan on its way into use, and what is said and written down about it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/text.h"
#include "cli/update/apply.h"
#include "cli/update/update.h"
#include "store/folder.h"

static void result(struct vt_carry *c, enum vt_outcome outcome, enum vt_refusal refusal)
{
	c->last.run.outcome = outcome;
	c->last.run.refusal = refusal;
}

static void take_result(struct vt_carry *c, const struct vt_apply_result *r)
{
	(void)snprintf(c->generation, sizeof c->generation, "%s", r->generation);
	(void)snprintf(c->why, sizeof c->why, "%s", r->why);
	c->more = r->lines_more;
	c->less = r->lines_less;
	switch (r->outcome) {
	case VT_APPLY_DONE: result(c, VT_OUTCOME_UPDATED, VT_REFUSED_NOT); break;
	case VT_APPLY_SAME: result(c, VT_OUTCOME_SAME, VT_REFUSED_NOT); break;
	case VT_APPLY_REFUSED:
		result(c, VT_OUTCOME_REFUSED, vt_refusal_find(vt_span_str(r->refusal)));
		break;
	case VT_APPLY_FAILED: result(c, VT_OUTCOME_FAILED, VT_REFUSED_NOT); break;
	}
}

void vt_update_carry(struct vt_carry *c)
{
	struct vt_updates *u = c->u;
	struct vt_plan *p = vt_arena_alloc(&u->arena, sizeof *p);
	struct vt_apply_job job = {.command = u->command,
		.state = u->state,
		.plan = p,
		.merge = c->merge,
		.quiet = c->quiet};
	struct vt_apply_result r;
	enum vt_refusal held = VT_REFUSED_NOT;
	vt_buf log = VT_BUF_INIT(1024);
	vt_err e = p ? vt_update_gate(u, p, &c->waits, &held) : VT_ENOMEM;

	c->last.run.state_index = u->plan.state_index;
	c->last.run.state_version = u->plan.state_version;
	if (!e)
		e = vt_key_write(&log, &u->trusted->log);
	if (e) {
		vt_buf_free(&log);
		result(c, VT_OUTCOME_FAILED, VT_REFUSED_NOT);
		(void)snprintf(c->why, sizeof c->why, "%s", vt_err_text(e));
		return;
	}
	if (held != VT_REFUSED_NOT) {
		vt_buf_free(&log);
		result(c, VT_OUTCOME_REFUSED, held);
		(void)snprintf(c->why, sizeof c->why, "state %" PRIu64 " is verified and waits",
			u->plan.state_version);
		return;
	}
	job.log = vt_buf_span(&log);
	vt_update_apply(&job, &r);
	vt_buf_free(&log);
	take_result(c, &r);
	if (r.outcome == VT_APPLY_DONE)
		vt_update_chunks_sweep(u->dir, p, &u->plan);
	/* what can't be unpacked may be this disk's fault: then it is fetched again */
	if (r.outcome == VT_APPLY_FAILED ||
		c->last.run.refusal == vt_refusal_find(vt_span_str("payload")))
		c->damaged = vt_update_chunks_mend(u->dir, &u->plan) > 0;
}

/* Telling -------------------------------------------------------------------------------------- */

static void put_sets(struct vt_updates *u, FILE *f)
{
	for (size_t i = 0; i < u->plan.nsets; i++) {
		const struct vt_plan_set *s = &u->plan.sets[i];
		const struct vt_content *c = s->chain[s->nchain - 1];

		fprintf(f, "%s%s ", i ? ", " : "",
			s->kind == VT_ENTRY_DIRECTIVE ? "directive" : "set");
		vt_put_visible(f, c->name);
		fprintf(f, " version %" PRIu64, c->version);
	}
}

static void say_good(struct vt_carry *c)
{
	char time[VT_TIME_SIZE], number[VT_NUMBER_MAX];

	if (c->waits)
		vt_update_say(VT_SAY_WARNING, c->u->command,
			"a directive waits for approval: 'vitrine update diff', then 'vitrine "
			"update approve'");
	if (c->last.newer_waits)
		vt_update_say(VT_SAY_NOTICE, c->u->command,
			"a newer state waits for its cool-off, until about %s",
			vt_time_write(c->last.newer_waits, time));
	if (c->quiet)
		return;
	printf("%s: ", c->last.run.outcome == VT_OUTCOME_UPDATED ? "updated" : "up to date");
	vt_put_visible(stdout, vt_span_str(c->u->trusted->log.name));
	printf(", state %" PRIu64 ": ", c->u->plan.state_version);
	put_sets(c->u, stdout);
	if (c->last.run.outcome == VT_OUTCOME_UPDATED && c->more + c->less)
		printf("; %" PRIu64 " line%s came and %" PRIu64 " went since the large image",
			c->more, c->more == 1 ? "" : "s", c->less);
	printf("; %s transferred; in use: %s\n", vt_format_bytes((double)c->last.run.bytes, number),
		c->generation);
}

static void say_refused(struct vt_carry *c)
{
	const struct vt_refusal_row *r = vt_refusal_of(c->last.run.refusal);
	const char *command = c->u->command;
	struct vt_generation g;

	if (c->last.run.outcome == VT_OUTCOME_REFUSED)
		vt_update_say(
			VT_SAY_ERROR, command, "REFUSED (%s): %s: %s", r->id, r->sentence, c->why);
	else
		vt_update_say(VT_SAY_ERROR, command, "FAILED: %s", c->why);
	if (c->last.run.outcome == VT_OUTCOME_REFUSED)
		vt_update_say(VT_SAY_NOTICE, command, "what to do: %s", r->remedy);
	if (vt_updates_live(c->u, &g))
		vt_update_say(VT_SAY_NOTICE, command,
			"scans go on with what was in use: state %" PRIu64 " (%s)", g.state_version,
			g.name);
	else
		vt_update_say(VT_SAY_WARNING, command,
			"no update is in use yet: scans use what came with the program");
}

static void say_failures(struct vt_carry *c)
{
	for (size_t i = 0; i < c->last.nfailures; i++) {
		const struct vt_last_failure *f = &c->last.failures[i];

		vt_update_say(VT_SAY_WARNING, c->u->command, "%.*s: %s: %.*s", (int)f->place.n,
			(const char *)f->place.p, vt_refusal_of(f->refusal)->id, (int)f->why.n,
			(const char *)f->why.p);
	}
}

static vt_err write_down(struct vt_carry *c)
{
	vt_buf b = VT_BUF_INIT(VT_HISTORY_MAX);
	vt_err e = vt_last_write(&b, &c->last);

	if (!e)
		e = vt_store_write(c->u->dir, VT_LAST_FILE, vt_buf_span(&b));
	if (!e)
		e = vt_history_add(c->u->dir, &c->last.run);
	vt_buf_free(&b);
	return e;
}

int vt_update_conclude(struct vt_carry *c)
{
	struct vt_run *r = &c->last.run;
	struct vt_generation g;
	vt_err e;

	if (!c->generation[0] && vt_updates_live(c->u, &g))
		(void)snprintf(c->generation, sizeof c->generation, "%s", g.name);
	r->generation = vt_span_str(c->generation);
	r->text = vt_span_str(c->why);
	e = write_down(c);
	if (e)
		vt_update_say(VT_SAY_ERROR, c->u->command,
			"%s/update: what came of it can't be written down: %s", c->u->state,
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	if (r->outcome == VT_OUTCOME_UPDATED || r->outcome == VT_OUTCOME_SAME) {
		say_failures(c);
		say_good(c);
		return e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
	}
	if (c->last.nfailures > 1)
		say_failures(c);
	say_refused(c);
	return r->outcome == VT_OUTCOME_REFUSED ? VT_EXIT_FOUND : VT_EXIT_ERROR;
}
