/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine update status: what is in use, who vouched for it, and what was refused. */
#include "cli/update/status.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "cli/options.h"
#include "cli/text.h"
#include "os/fd.h"
#include "store/folder.h"
#include "tlog/checkpoint.h"

#define COMMAND "vitrine update status"
#define AUDIT_STEP 10u

struct settings {
	struct vt_update_where where;
	int format;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	VT_UPDATE_WHERE_OPTIONS(struct settings, where),
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine update status [OPTION]...\n"
		 "Shows what is in use, who vouched for it, how far the last update came, what "
		 "waits and what was\nrefused.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 all is well, 1 the last update was refused or failed, something "
		 "waits for a\nperson, or evidence was not acknowledged; 2 the state can't be "
		 "read.\n",
};

const char *vt_update_step_word(enum vt_step_result r)
{
	static const char *const words[] = {"passed", "refused", "not reached", "not yet audited"};

	return words[r];
}

enum vt_step_result vt_status_step(const struct vt_status *s, unsigned step)
{
	const struct vt_run *r = &s->last.run;
	bool good = r->outcome == VT_OUTCOME_UPDATED || r->outcome == VT_OUTCOME_SAME;
	unsigned end = r->outcome == VT_OUTCOME_REFUSED ? vt_refusal_of(r->refusal)->step : 0;

	if (step == AUDIT_STEP)
		return VT_STEP_NOT_AUDITED;
	if (s->has_last && (good || (r->outcome == VT_OUTCOME_REFUSED && step < end)))
		return VT_STEP_PASSED;
	if (s->has_last && r->outcome == VT_OUTCOME_REFUSED && step == end)
		return VT_STEP_REFUSED;
	return VT_STEP_NOT_REACHED;
}

void vt_status_cosigners(const struct vt_status *s, vt_cosigner_fn *fn, void *ctx)
{
	const struct vt_policy *p = s->u->config.policy;
	struct vt_note note;

	if (!s->has_config || !s->u->trusted->has_head || vt_note_parse(s->u->trusted->note, &note))
		return;
	for (size_t i = 0; i < p->nnames; i++) {
		uint64_t time = 0;

		if (!p->names[i].group &&
			vt_note_verify(&note, &p->names[i].key, &time) == VT_SIGNED_YES)
			fn(ctx, p->names[i].key.name, (int64_t)(time & INT64_MAX));
	}
}

/* Gathering ------------------------------------------------------------------------------------ */

static vt_err read_last(struct vt_status *s)
{
	vt_span text;
	struct vt_run run;
	vt_err e = vt_updates_read(s->u, VT_LAST_FILE, VT_HISTORY_MAX, &text);

	if (!e)
		e = vt_last_parse(text, &s->last);
	s->has_last = !e;
	if (e && e != VT_END)
		return e;
	e = vt_updates_read(s->u, VT_HISTORY_FILE, VT_HISTORY_MAX, &text);
	while (!e) {
		e = vt_history_next(&text, &run);
		if (!e && (run.outcome == VT_OUTCOME_UPDATED || run.outcome == VT_OUTCOME_SAME))
			s->verified = run.time;
	}
	return e == VT_END || e == VT_EFORMAT ? VT_OK : e;
}

static bool read_bad(struct vt_status *s)
{
	int sets;
	bool has;

	if (vt_live_open(s->u->state, false, &sets))
		return false;
	has = vt_live_bad(sets, &s->u->arena, &s->bad) == VT_OK;
	vt_fd_close(sets);
	return has;
}

static void count_one(void *ctx, const char *name, int64_t time)
{
	size_t *n = ctx;

	(void)name;
	(void)time;
	++*n;
}

static vt_err gather(struct vt_status *s)
{
	struct vt_updates *u = s->u;
	enum vt_refusal refusal = VT_REFUSED_NOT;
	struct vt_plan allowed;
	bool waits = false;
	vt_err e;

	s->has_config = vt_updates_config(u, &s->why) == VT_OK;
	e = vt_updates_load(u);
	if (!e)
		e = read_last(s);
	if (e)
		return e;
	s->has_live = vt_updates_live(u, &s->live);
	s->has_bad = read_bad(s);
	vt_update_evidence_each(u, count_one, &s->evidence);
	s->fresh = vt_update_evidence_new(u);
	if (u->has_plan) {
		e = vt_update_digest(&u->plan, s->digest);
		if (!e && s->has_config)
			e = vt_update_gate(u, &allowed, &waits, &refusal);
		s->held = waits || refusal != VT_REFUSED_NOT;
		s->differs = vt_updates_changes(u, &u->plan);
	}
	return e;
}

/* For people ----------------------------------------------------------------------------------- */

static void put_span(vt_span s)
{
	vt_put_visible(stdout, s);
}

static void put_cosigner(void *ctx, const char *name, int64_t time)
{
	char text[VT_TIME_SIZE];

	(void)ctx;
	fputs("  vouched by  ", stdout);
	put_span(vt_span_str(name));
	printf(" at %s\n", vt_time_write(time, text));
}

static void put_log(const struct vt_status *s)
{
	const struct vt_trusted *t = s->u->trusted;
	char time[VT_TIME_SIZE];

	if (!t->has_log) {
		puts("no log has been verified on this machine yet");
		return;
	}
	fputs("log           ", stdout);
	put_span(vt_span_str(t->log.name));
	printf("\n  tree        %" PRIu64 " entries", t->head.size);
	if (t->head.since)
		printf(", the newest as of %s", vt_time_write(t->head.since, time));
	putchar('\n');
	vt_status_cosigners(s, put_cosigner, NULL);
	if (t->has_state)
		printf("  state       %" PRIu64 " of %s (entry %" PRIu64 ")\n", t->state.version,
			vt_time_write(t->state.time, time), t->state.index);
}

static void put_live(const struct vt_status *s)
{
	const struct vt_generation *g = &s->live;
	char time[VT_TIME_SIZE];

	if (!s->has_live) {
		puts("in use        nothing from updates: scans use what came with the program");
		return;
	}
	printf("in use        %s, state %" PRIu64 ", since %s\n", g->name, g->state_version,
		vt_time_write(g->applied, time));
	for (size_t i = 0; i < g->nsets; i++) {
		fputs("  set         ", stdout);
		put_span(g->sets[i].name);
		printf(" version %" PRIu64 "\n", g->sets[i].version);
	}
	if (s->has_bad)
		printf("  put back    workers died on %s, state %" PRIu64
		       "; its content is not used again\n",
			s->bad.name, s->bad.state_version);
}

static void put_last(const struct vt_status *s)
{
	const struct vt_run *r = &s->last.run;
	const struct vt_refusal_row *row = vt_refusal_of(r->refusal);
	char time[VT_TIME_SIZE];

	if (!s->has_last) {
		puts("last update   none yet");
		return;
	}
	printf("last update   %s: %s", vt_time_write(r->time, time), vt_outcome_word(r->outcome));
	if (r->outcome == VT_OUTCOME_REFUSED)
		printf(" (%s): %s", row->id, row->sentence);
	putchar('\n');
	if (r->outcome == VT_OUTCOME_REFUSED || r->outcome == VT_OUTCOME_FAILED) {
		fputs("  why         ", stdout);
		put_span(r->text);
		printf("\n  what to do  %s\n",
			*row->remedy ? row->remedy : "see the message; scans go on as before");
		printf("  last good   %s\n",
			s->verified ? vt_time_write(s->verified, time) : "never");
	}
	for (size_t i = 0; i < s->last.nfailures; i++) {
		const struct vt_last_failure *f = &s->last.failures[i];

		fputs("  source      ", stdout);
		put_span(f->place);
		printf(": %s: ", vt_refusal_of(f->refusal)->id);
		put_span(f->why);
		putchar('\n');
	}
	if (s->last.newer_waits)
		printf("  a newer state waits for its cool-off, until about %s\n",
			vt_time_write(s->last.newer_waits, time));
}

static void put_steps(const struct vt_status *s)
{
	puts("steps of the last update");
	for (unsigned i = 0; i < VT_STEPS; i++)
		printf("  %2u  %-16s%s\n", i, vt_update_step_word(vt_status_step(s, i)),
			vt_update_step(i));
}

static void put_settings(const struct vt_status *s)
{
	char time[VT_TIME_SIZE];

	for (size_t i = 0; i < s->u->settings->n; i++) {
		const struct vt_setting_row *r = &s->u->settings->v[i];

		if (r->what == VT_SETTING_HOLD)
			fputs("HELD          nothing applies until somebody approves it", stdout);
		else if (r->what == VT_SETTING_PIN || r->what == VT_SETTING_ROLLBACK)
			printf(r->what == VT_SETTING_PIN ? "PINNED        version %" PRIu64 " of "
							 : "ROLLED BACK   to version %" PRIu64
							   " of ",
				r->number);
		else
			continue;
		if (r->what != VT_SETTING_HOLD)
			put_span(r->name);
		fputs("; by ", stdout);
		put_span(r->who);
		printf(", %s\n", vt_time_write(r->time, time));
	}
	if (s->held && s->differs)
		printf("WAITS         state %" PRIu64
		       ": look at 'vitrine update diff', then 'vitrine update approve'\n",
			s->u->plan.state_version);
}

static void put_evidence(void *ctx, const char *name, int64_t time)
{
	const struct vt_status *s = ctx;
	const struct vt_setting_row *r =
		vt_settings_find(s->u->settings, VT_SETTING_ACKNOWLEDGED, vt_span_str(name));
	char text[VT_TIME_SIZE];

	printf("%s      %s, %s", r ? "evidence" : "EVIDENCE", name, vt_time_write(time, text));
	if (r) {
		fputs("; acknowledged by ", stdout);
		put_span(r->who);
	}
	putchar('\n');
}

static void put_human(struct vt_status *s)
{
	put_live(s);
	put_log(s);
	put_last(s);
	put_settings(s);
	vt_update_evidence_each(s->u, put_evidence, s);
	if (s->has_last)
		put_steps(s);
	if (!s->has_config) {
		fputs("update.conf   ", stdout);
		put_span(vt_span_str(s->why.file));
		if (s->why.line)
			printf(":%u", s->why.line);
		printf(": %s\n", s->why.cause);
	}
}

static bool is_well(const struct vt_status *s)
{
	enum vt_outcome o = s->last.run.outcome;

	return s->has_last && (o == VT_OUTCOME_UPDATED || o == VT_OUTCOME_SAME) && s->fresh == 0 &&
		!(s->held && s->differs) && s->has_config;
}

int vt_update_cmd_status(int argc, char **argv)
{
	struct settings set = {0};
	struct vt_strings operands = {0};
	struct vt_updates u;
	struct vt_status s = {.u = &u};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &set, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n) {
		fputs(COMMAND ": takes no operands\n", stderr);
	} else if (!e) {
		e = vt_updates_open(&u, COMMAND, &set.where, false);
		if (!e)
			e = gather(&s);
		if (e == VT_ENOMEM || e == VT_EIO)
			vt_update_say(VT_SAY_NOTICE, COMMAND, "%s", vt_err_text(e));
		if (!e && set.format)
			vt_status_json(&s, stdout);
		else if (!e)
			put_human(&s);
		if (!e)
			status = is_well(&s) ? VT_EXIT_CLEAN : VT_EXIT_FOUND;
		vt_updates_close(&u);
	}
	vt_strings_free(&operands);
	return status;
}
