/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine update: fetch, verify in a locked up child, apply. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/num.h"
#include "cli/options.h"
#include "cli/update/update.h"
#include "store/folder.h"

#define COMMAND "vitrine update"
/* The timer's jitter; it depends on nothing of this machine. */
#define WAIT_MAX 1800u
/* Small images older than this are merged into the large one by runs that wait. */
#define MERGE_AFTER 86400

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "bundle", "FILE", VT_OPTION_STRING, offsetof(struct vt_update_options, bundle),
		"from this file (vitrine publish bundle) instead of the\nsources of update.conf: "
		"the same checks, no network",
		NULL},
	{0, "merge", NULL, VT_OPTION_FLAG, offsetof(struct vt_update_options, merge),
		"compile everything into one image", NULL},
	{0, "wait", NULL, VT_OPTION_FLAG, offsetof(struct vt_update_options, wait),
		"wait a random time of up to half an hour first: for timers", NULL},
	{'q', "quiet", NULL, VT_OPTION_FLAG, offsetof(struct vt_update_options, quiet),
		"say nothing unless something is wrong", NULL},
	VT_UPDATE_WHERE_OPTIONS(struct vt_update_options, where),
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine update [OPTION]...\n"
		 "       vitrine update VERB [OPTION]...\n"
		 "Brings this machine's content up to date with the log that the owner's policy "
		 "names: fetches,\nverifies, tries out, and switches. Whatever fails, scans go on "
		 "with what is in use.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 up to date, 1 refused (see 'vitrine update status'), 2 this "
		 "machine could not.\n",
};

/* From the kernel: when a machine asks must not tell which one it is. */
static void wait_a_while(void)
{
	uint32_t r = 0;
	struct timespec t = {0};

	if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r)
		return;
	t.tv_sec = r % WAIT_MAX;
	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

void vt_update_refuse_policy(struct vt_carry *c, const struct vt_config_error *why)
{
	c->last.run.outcome = VT_OUTCOME_REFUSED;
	c->last.run.refusal = VT_REFUSED_POLICY;
	if (why->line)
		(void)snprintf(
			c->why, sizeof c->why, "%s:%u: %s", why->file, why->line, why->cause);
	else
		(void)snprintf(c->why, sizeof c->why, "%s: %s", why->file, why->cause);
}

static vt_err save(const struct vt_updates *u, const char *name, vt_span text)
{
	vt_err e = vt_store_write(u->dir, name, text);

	if (e)
		vt_update_say(VT_SAY_ERROR, u->command, "%s/update/%s: %s", u->state, name,
			e == VT_EIO ? strerror(errno) : vt_err_text(e));
	return e;
}

/* The head as it was signed, for comparisons with what other machines see. */
static vt_err save_head(const struct vt_updates *u)
{
	return u->trusted->has_head ? save(u, VT_HEAD_FILE, u->trusted->note) : VT_OK;
}

/*
 * What the child left behind: read as strictly as if a source had sent it, then kept. The plan
 * first: one that is newer than what is trusted is only looked for again.
 */
static vt_err take_texts(struct vt_updates *u, const struct vt_verifier_result *r)
{
	struct vt_trusted *t = vt_arena_alloc(&u->arena, sizeof *t);
	const char *trusted = vt_arena_copy(&u->arena, vt_buf_span(&r->trusted));
	const char *plan = vt_arena_copy(&u->arena, vt_buf_span(&r->plan));
	vt_err e = t && trusted && plan ? VT_OK : VT_ENOMEM;

	if (!e && r->plan.n) {
		u->plan_text = vt_span_of(plan, r->plan.n);
		e = vt_plan_read(u->plan_text, &u->arena, &u->plan);
		u->has_plan = !e;
		if (!e && r->plan_changed)
			e = save(u, VT_PLAN_FILE, u->plan_text);
	}
	if (!e && r->trusted_changed) {
		e = vt_trusted_parse(vt_span_of(trusted, r->trusted.n), t);
		if (!e)
			e = save(u, VT_TRUSTED_FILE, vt_span_of(trusted, r->trusted.n));
		if (!e)
			*u->trusted = *t;
		if (!e)
			e = save_head(u);
	}
	if (e == VT_EFORMAT)
		vt_update_say(VT_SAY_ERROR, u->command,
			"what the verifying process left behind is malformed");
	return e;
}

/* Who says so: names in the log's head stay with the plan. */
static void take_failures(
	struct vt_carry *c, const struct vt_verifier_result *r, const struct vt_update_sources *s)
{
	c->last.nfailures = r->nfailures;
	for (size_t i = 0; i < r->nfailures; i++) {
		struct vt_last_failure *f = &c->last.failures[i];
		const char *why = vt_arena_copy(&c->u->arena, vt_span_str(r->failures[i].why));

		f->refusal = r->failures[i].refusal;
		f->place = vt_span_str(s->places[r->failures[i].source]);
		f->why = vt_span_str(why ? why : "");
	}
}

bool vt_update_verify(struct vt_carry *c, struct vt_update_sources *s, bool *io_evidence)
{
	struct vt_updates *u = c->u;
	struct vt_verifier_result *r = vt_arena_alloc(&u->arena, sizeof *r);
	const struct vt_verifier_job job = {.config = &u->config,
		.trusted = u->trusted,
		.settings = u->settings,
		.old_plan = u->plan_text,
		.now = c->last.run.time,
		.folder = u->dir,
		.nsources = s->n,
		.places = s->places,
		.get = vt_update_sources_get,
		.why = vt_update_sources_why,
		.ctx = s};
	bool fresh = false;
	vt_err e = r ? vt_verifier_run(&job, r) : VT_ENOMEM;

	c->last.run.outcome = VT_OUTCOME_FAILED;
	(void)snprintf(c->why, sizeof c->why, "%s", r && r->why[0] ? r->why : vt_err_text(e));
	if (!r)
		return false;
	if (!e) {
		take_failures(c, r, s);
		c->last.newer_waits = r->newer_waits;
		if (r->evidence.n)
			e = vt_update_evidence_keep(u, r->kind, vt_buf_span(&r->evidence), &fresh);
		*io_evidence = *io_evidence || fresh;
	}
	if (!e) {
		e = take_texts(u, r);
		if (e)
			(void)snprintf(c->why, sizeof c->why, "what was verified can't be kept: %s",
				e == VT_EIO ? strerror(errno) : vt_err_text(e));
	}
	if (!e && r->refusal != VT_REFUSED_NOT) {
		c->last.run.outcome = VT_OUTCOME_REFUSED;
		c->last.run.refusal = r->refusal;
	}
	c->last.run.tree = u->trusted->has_head ? u->trusted->head.size : 0;
	e = e || r->refusal != VT_REFUSED_NOT ? VT_ECHECKSUM : VT_OK;
	vt_verifier_free(r);
	return !e;
}

/* Deltas of a day become part of the large image when a timer has nothing else to do. */
static bool is_idle(struct vt_carry *c)
{
	struct vt_generation g;

	return c->last.run.outcome == VT_OUTCOME_SAME && vt_updates_live(c->u, &g) && g.delta &&
		g.applied < c->last.run.time - MERGE_AFTER;
}

static void update(struct vt_carry *c, const struct vt_update_options *s, bool *out_evidence)
{
	struct vt_update_sources sources;

	if (vt_update_sources_open(&sources, c->u, s->bundle)) {
		c->last.run.outcome = VT_OUTCOME_FAILED;
		(void)snprintf(c->why, sizeof c->why, "the sources can't be opened");
	} else if (vt_update_verify(c, &sources, out_evidence)) {
		c->why[0] = 0;
		vt_update_carry(c);
		/* pieces that this disk damaged: once more, with those that are fetched now */
		if (c->damaged && vt_update_verify(c, &sources, out_evidence)) {
			c->why[0] = 0;
			vt_update_carry(c);
		}
		if (s->wait && is_idle(c)) {
			c->merge = true;
			vt_update_carry(c);
		}
	}
	c->last.run.bytes = vt_update_sources_bytes(&sources);
	vt_update_sources_close(&sources);
}

int vt_update_run(const struct vt_update_options *s)
{
	struct vt_updates u;
	struct vt_config_error why;
	struct vt_carry *c;
	bool evidence = false;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_updates_open(&u, s->command, &s->where, true);

	c = e ? NULL : vt_arena_alloc(&u.arena, sizeof *c);
	if (c) {
		*c = (struct vt_carry){.u = &u, .merge = s->merge, .quiet = s->quiet};
		c->last.run.time = (int64_t)time(NULL);
		c->last.run.action = vt_span_str(s->action);
		if (vt_updates_config(&u, &why)) {
			vt_update_refuse_policy(c, &why);
			(void)vt_update_conclude(c);
		} else if (vt_updates_load(&u) == VT_OK) {
			update(c, s, &evidence);
			status = vt_update_conclude(c);
		} else {
			c->last.run.outcome = VT_OUTCOME_FAILED;
			(void)snprintf(c->why, sizeof c->why,
				"what this machine has seen or decided is damaged");
			status = vt_update_conclude(c);
		}
		if (evidence && status == VT_EXIT_CLEAN)
			status = VT_EXIT_FOUND;
	}
	vt_updates_close(&u);
	return status;
}

int vt_update_cmd_run(int argc, char **argv)
{
	struct vt_update_options s = {.command = COMMAND};
	struct vt_strings operands = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n) {
		fprintf(stderr, COMMAND ": '%s' is not an option; try --help\n", operands.v[0]);
	} else if (!e) {
		if (s.wait)
			wait_a_while();
		s.action = s.bundle ? "bundle" : "update";
		status = vt_update_run(&s);
	}
	vt_strings_free(&operands);
	return status;
}
