/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine update hold, approve, pin, acknowledge: what people decide on this machine, by name. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/options.h"
#include "cli/update/update.h"
#include "crypto/hash.h"
#include "entry/form.h"
#include "store/folder.h"

#define APPROVALS_MAX 64u

struct settings {
	struct vt_update_where where;
	const char *by;
	bool release, remove, new_log, quiet;
};

#define BY_OPTION                                                                                  \
	{                                                                                          \
		0, "by", "NAME", VT_OPTION_STRING, offsetof(struct settings, by),                  \
			"who decides this; goes into status and history", NULL                     \
	}
#define SECTION                                                                                    \
	{                                                                                          \
		0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL                               \
	}

/* The words before the options are the verb's; what is wrong has been printed. */
static vt_err begin(const struct vt_option_table *t, int argc, char **argv, struct settings *s,
	struct vt_strings *operands)
{
	vt_err e = vt_options_parse(t, argc, argv, s, operands);

	if (!e && (!s->by || !*s->by)) {
		fprintf(stderr, "%s: give --by NAME: decisions have a name\n", t->command);
		e = VT_EARG;
	}
	return e;
}

static int end(vt_err e, int status, struct vt_strings *operands)
{
	vt_strings_free(operands);
	return e == VT_END ? VT_EXIT_CLEAN : e ? VT_EXIT_ERROR : status;
}

/* VT_EARG: a name that can't be written down; has been printed. */
static vt_err decide(struct vt_updates *u, const struct settings *s, enum vt_setting what,
	uint64_t number, const char *name)
{
	const struct vt_setting_row row = {.what = what,
		.number = number,
		.name = vt_span_str(name),
		.time = (int64_t)time(NULL),
		.who = vt_span_str(s->by)};
	vt_err e = vt_settings_set(u->settings, &row);

	if (e == VT_EARG)
		fprintf(stderr, "%s: a name is one line of at most 512 bytes\n", u->command);
	else if (e)
		fprintf(stderr, "%s: too many decisions are kept: %s/update/settings\n", u->command,
			u->state);
	return e;
}

/* hold ----------------------------------------------------------------------------------------- */

#define HOLD "vitrine update hold"

static const struct vt_option hold_options[] = {
	SECTION,
	BY_OPTION,
	{0, "release", NULL, VT_OPTION_FLAG, offsetof(struct settings, release),
		"end the hold: updates apply by themselves again, as\nupdate.conf says", NULL},
	VT_UPDATE_WHERE_OPTIONS(struct settings, where),
};
static const struct vt_option_table hold_table = {
	.command = HOLD,
	.usage = "Usage: vitrine update hold --by NAME [OPTION]...\n"
		 "From now on updates are fetched and verified, and applied only when somebody "
		 "approves them.\n",
	.options = hold_options,
	.count = VT_COUNT(hold_options),
};

int vt_update_cmd_hold(int argc, char **argv)
{
	const vt_span any = {0};
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_updates u;
	vt_err e = begin(&hold_table, argc, argv, &s, &operands);

	if (!e && operands.n) {
		fputs(HOLD ": takes no operands\n", stderr);
		e = VT_EARG;
	}
	if (e)
		return end(e, VT_EXIT_ERROR, &operands);
	e = vt_updates_open(&u, HOLD, &s.where, true);
	if (!e)
		e = vt_updates_settings(&u);
	if (!e && s.release)
		(void)vt_settings_drop(u.settings, VT_SETTING_HOLD, any);
	else if (!e)
		e = decide(&u, &s, VT_SETTING_HOLD, 0, "-");
	if (!e)
		e = vt_updates_decided(&u, s.release ? "release" : "hold", s.by);
	vt_updates_close(&u);
	return end(e, VT_EXIT_CLEAN, &operands);
}

/* approve -------------------------------------------------------------------------------------- */

#define APPROVE "vitrine update approve"

static const struct vt_option approve_options[] = {
	SECTION,
	BY_OPTION,
	{'q', "quiet", NULL, VT_OPTION_FLAG, offsetof(struct settings, quiet),
		"say nothing unless something is wrong", NULL},
	VT_UPDATE_WHERE_OPTIONS(struct settings, where),
};
static const struct vt_option_table approve_table = {
	.command = APPROVE,
	.usage = "Usage: vitrine update approve --by NAME [OPTION]... CONTENT\n"
		 "Says that what waits may apply, and applies it. CONTENT is what 'vitrine update "
		 "diff' calls it, so\nthat nothing else is approved than what was looked at.\n",
	.options = approve_options,
	.count = VT_COUNT(approve_options),
	.notes = "Exit status: 0 applied, 1 refused, 2 nothing of that name waits, or this machine "
		 "could not.\n",
};

/* Old approvals are in the history; few are needed here. */
static void drop_oldest_approval(struct vt_settings *s)
{
	size_t n = 0, first = s->n;

	for (size_t i = 0; i < s->n; i++) {
		n += s->v[i].what == VT_SETTING_APPROVED;
		if (s->v[i].what == VT_SETTING_APPROVED && first == s->n)
			first = i;
	}
	if (n >= APPROVALS_MAX)
		(void)vt_settings_drop(s, VT_SETTING_APPROVED, s->v[first].name);
}

static vt_err check_waiting(struct vt_updates *u, const char *content, char digest[VT_DIGEST_TEXT])
{
	struct vt_config_error why;
	vt_err e = vt_updates_config(u, &why);

	if (e) {
		fprintf(stderr, APPROVE ": %s:%u: %s\n", why.file, why.line, why.cause);
		return e;
	}
	e = vt_updates_load(u);
	if (!e && u->has_plan)
		e = vt_update_digest(&u->plan, digest);
	if (e)
		return e;
	if (!u->has_plan || !vt_updates_changes(u, &u->plan))
		fputs(APPROVE ": nothing waits\n", stderr);
	else if (strlen(content) < 8 || strncmp(digest, content, strlen(content)) != 0)
		fprintf(stderr,
			APPROVE ": what waits is another one than '%.70s': look at 'vitrine update "
				"diff' again\n",
			content);
	else
		return VT_OK;
	return VT_EARG;
}

/* Approved long after it was verified: what has expired since is not applied. */
static bool has_expired(struct vt_carry *c)
{
	char text[VT_TIME_SIZE];

	if (c->u->plan.state_expires > c->last.run.time)
		return false;
	c->last.run.outcome = VT_OUTCOME_REFUSED;
	c->last.run.refusal = VT_REFUSED_EXPIRED;
	(void)snprintf(c->why, sizeof c->why,
		"state %" PRIu64 " expired at %s; update first, then approve",
		c->u->plan.state_version, vt_time_write(c->u->plan.state_expires, text));
	return true;
}

static int apply_approved(struct vt_updates *u, const struct settings *s)
{
	struct vt_carry *c = vt_arena_alloc(&u->arena, sizeof *c);

	if (!c)
		return VT_EXIT_ERROR;
	*c = (struct vt_carry){.u = u, .quiet = s->quiet};
	c->last.run.time = (int64_t)time(NULL);
	c->last.run.action = vt_span_str("apply");
	c->last.run.tree = u->plan.size;
	if (!has_expired(c))
		vt_update_carry(c);
	return vt_update_conclude(c);
}

int vt_update_cmd_approve(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_updates u;
	char digest[VT_DIGEST_TEXT], text[700];
	int status = VT_EXIT_ERROR;
	vt_err e = begin(&approve_table, argc, argv, &s, &operands);

	if (!e && operands.n != 1) {
		fputs(APPROVE ": give the CONTENT that 'vitrine update diff' names\n", stderr);
		e = VT_EARG;
	}
	if (e)
		return end(e, VT_EXIT_ERROR, &operands);
	e = vt_updates_open(&u, APPROVE, &s.where, true);
	if (!e)
		e = check_waiting(&u, operands.v[0], digest);
	if (!e) {
		drop_oldest_approval(u.settings);
		e = decide(&u, &s, VT_SETTING_APPROVED, u.plan.state_index, digest);
	}
	if (!e) {
		(void)snprintf(text, sizeof text, "%.16s by %s", digest, s.by);
		e = vt_updates_decided(&u, "approve", text);
	}
	if (!e)
		status = apply_approved(&u, &s);
	vt_updates_close(&u);
	return end(e, status, &operands);
}

/* pin ------------------------------------------------------------------------------------------ */

#define PIN "vitrine update pin"

static const struct vt_option pin_options[] = {
	SECTION,
	BY_OPTION,
	{0, "remove", NULL, VT_OPTION_FLAG, offsetof(struct settings, remove),
		"the set follows the log again; ends a rollback too", NULL},
	VT_UPDATE_WHERE_OPTIONS(struct settings, where),
};
static const struct vt_option_table pin_table = {
	.command = PIN,
	.usage = "Usage: vitrine update pin --by NAME [OPTION]... SET [VERSION]\n"
		 "Keeps a set at a version of the log (default: the one in use), whatever comes "
		 "later; but not one\nthat is withdrawn. Takes effect with the next 'vitrine "
		 "update'.\n",
	.options = pin_options,
	.count = VT_COUNT(pin_options),
};

static bool version_in_use(struct vt_updates *u, const char *set, uint64_t *out)
{
	struct vt_generation g;

	if (!vt_updates_live(u, &g))
		return false;
	for (size_t i = 0; i < g.nsets; i++) {
		if (vt_span_eq(g.sets[i].name, vt_span_str(set))) {
			*out = g.sets[i].version;
			return true;
		}
	}
	return false;
}

static vt_err pin(struct vt_updates *u, const struct settings *s, const struct vt_strings *operands)
{
	const char *set = operands->v[0];
	uint64_t version = 0;
	char text[700];
	vt_err e = VT_OK;

	if (s->remove) {
		if (vt_settings_drop(u->settings, VT_SETTING_PIN, vt_span_str(set)) +
				vt_settings_drop(
					u->settings, VT_SETTING_ROLLBACK, vt_span_str(set)) ==
			0) {
			fprintf(stderr, PIN ": '%.64s' is not pinned\n", set);
			return VT_EARG;
		}
	} else if (operands->n == 2 ? !vt_decimal_get(vt_span_str(operands->v[1]), &version)
				    : !version_in_use(u, set, &version)) {
		fprintf(stderr,
			operands->n == 2 ? PIN ": '%.64s' is not a version\n"
					 : PIN ": the set '%.64s' is not in use\n",
			operands->n == 2 ? operands->v[1] : set);
		return VT_EARG;
	} else {
		(void)vt_settings_drop(u->settings, VT_SETTING_ROLLBACK, vt_span_str(set));
		e = decide(u, s, VT_SETTING_PIN, version, set);
	}
	if (s->remove)
		(void)snprintf(text, sizeof text, "%.64s by %s", set, s->by);
	else
		(void)snprintf(
			text, sizeof text, "%.64s at %" PRIu64 " by %s", set, version, s->by);
	return e ? e : vt_updates_decided(u, s->remove ? "unpin" : "pin", text);
}

int vt_update_cmd_pin(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_updates u;
	vt_err e = begin(&pin_table, argc, argv, &s, &operands);

	if (!e &&
		(operands.n < 1 || operands.n > (s.remove ? 1u : 2u) ||
			!vt_name_ok(vt_span_str(operands.v[0])))) {
		fputs(PIN ": give a SET, and a VERSION unless it is the one in use\n", stderr);
		e = VT_EARG;
	}
	if (e)
		return end(e, VT_EXIT_ERROR, &operands);
	e = vt_updates_open(&u, PIN, &s.where, true);
	if (!e)
		e = vt_updates_settings(&u);
	if (!e)
		e = pin(&u, &s, &operands);
	vt_updates_close(&u);
	return end(e, VT_EXIT_CLEAN, &operands);
}

/* acknowledge ---------------------------------------------------------------------------------- */

#define ACKNOWLEDGE "vitrine update acknowledge"

static const struct vt_option acknowledge_options[] = {
	SECTION,
	BY_OPTION,
	{0, "new-log", NULL, VT_OPTION_FLAG, offsetof(struct settings, new_log),
		"forget what this machine has seen of its log, and follow the\none that the policy "
		"names now; what was seen is kept as evidence",
		NULL},
	VT_UPDATE_WHERE_OPTIONS(struct settings, where),
};
static const struct vt_option_table acknowledge_table = {
	.command = ACKNOWLEDGE,
	.usage = "Usage: vitrine update acknowledge --by NAME [OPTION]... [FILE]...\n"
		 "Says that evidence (by the names that 'vitrine update status' shows; default: "
		 "all of it) was seen.\nIt is kept all the same.\n",
	.options = acknowledge_options,
	.count = VT_COUNT(acknowledge_options),
};

struct all {
	struct vt_updates *u;
	const struct settings *s;
	const struct vt_strings *wanted;
	size_t n;
	vt_err e;
};

static void acknowledge_one(void *ctx, const char *name, int64_t time)
{
	struct all *a = ctx;
	bool wanted = a->wanted->n == 0;
	const char *copy;

	(void)time;
	for (size_t i = 0; i < a->wanted->n; i++)
		wanted = wanted || strcmp(a->wanted->v[i], name) == 0;
	if (!wanted || a->e ||
		vt_settings_find(a->u->settings, VT_SETTING_ACKNOWLEDGED, vt_span_str(name)))
		return;
	copy = vt_arena_copy(&a->u->arena, vt_span_str(name));
	a->e = copy ? decide(a->u, a->s, VT_SETTING_ACKNOWLEDGED, 0, copy) : VT_ENOMEM;
	a->n++;
}

/* What was trusted moves to the evidence, readable or not. */
static vt_err forget(struct vt_updates *u)
{
	char to[64];
	vt_err e = VT_OK;

	(void)snprintf(to, sizeof to, "evidence/trusted-%" PRId64, (int64_t)time(NULL));
	if ((mkdirat(u->top, "evidence", 0755) && errno != EEXIST) ||
		(renameat(u->dir, VT_TRUSTED_FILE, u->top, to) && errno != ENOENT))
		e = VT_EIO;
	if (!e)
		e = vt_store_remove(u->dir, VT_PLAN_FILE);
	if (e)
		fprintf(stderr, ACKNOWLEDGE ": %s: %s\n", u->state, strerror(errno));
	return e;
}

int vt_update_cmd_acknowledge(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_updates u;
	struct all a = {.u = &u, .s = &s, .wanted = &operands};
	vt_err e = begin(&acknowledge_table, argc, argv, &s, &operands);

	if (e)
		return end(e, VT_EXIT_ERROR, &operands);
	e = vt_updates_open(&u, ACKNOWLEDGE, &s.where, true);
	if (!e)
		e = vt_updates_settings(&u);
	if (!e && s.new_log)
		e = forget(&u);
	if (!e) {
		vt_update_evidence_each(&u, acknowledge_one, &a);
		e = a.e;
	}
	if (!e && a.n < operands.n) {
		fputs(ACKNOWLEDGE ": there is no such evidence that waits\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		e = vt_updates_decided(&u, s.new_log ? "new-log" : "acknowledge", s.by);
	vt_updates_close(&u);
	return end(e, VT_EXIT_CLEAN, &operands);
}
