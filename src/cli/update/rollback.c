/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitrine update rollback: an older version of a set, within what the log has. Without a set: the
 * generation before, at once and without any source. It stays so until 'pin --remove'.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/num.h"
#include "cli/options.h"
#include "cli/update/update.h"
#include "entry/form.h"
#include "os/fd.h"
#include "store/folder.h"

#define COMMAND "vitrine update rollback"

struct settings {
	struct vt_update_options run;
	const char *by;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "by", "NAME", VT_OPTION_STRING, offsetof(struct settings, by),
		"who decides this; goes into status and history", NULL},
	{0, "bundle", "FILE", VT_OPTION_STRING, offsetof(struct settings, run.bundle),
		"take older content from this file, not from the sources", NULL},
	VT_UPDATE_WHERE_OPTIONS(struct settings, run.where),
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine update rollback --by NAME [OPTION]... [SET [VERSION]]\n"
		 "Goes back: without SET to all that was in use before, at once; else to a "
		 "VERSION of the SET that the\nlog has (default: the one before that in use). It "
		 "stays there until 'vitrine update pin --remove SET'.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 done, 1 refused, 2 there is nothing to go back to, or this "
		 "machine could not.\n",
};

static vt_err note(struct vt_updates *u, const struct settings *s, vt_span set, uint64_t version)
{
	const struct vt_setting_row row = {.what = VT_SETTING_ROLLBACK,
		.number = version,
		.name = set,
		.time = (int64_t)time(NULL),
		.who = vt_span_str(s->by)};
	vt_err e = vt_settings_set(u->settings, &row);

	if (e)
		fprintf(stderr, COMMAND ": '%.64s' or the name in --by can't be written down\n",
			s->by);
	(void)vt_settings_drop(u->settings, VT_SETTING_PIN, set);
	return e;
}

static const struct vt_live_set *set_of(const struct vt_generation *g, vt_span name)
{
	for (size_t i = 0; i < g->nsets; i++)
		if (vt_span_eq(g->sets[i].name, name))
			return &g->sets[i];
	return NULL;
}

/* The links change places; what is newer stays out until somebody says otherwise. */
static vt_err go_back(struct vt_updates *u, const struct settings *s, int sets)
{
	struct vt_generation live, good;
	char text[700];
	vt_err e = vt_live_read(sets, "live", &u->arena, &live);

	if (!e)
		e = vt_live_read(sets, "good", &u->arena, &good);
	if (e || strcmp(live.name, good.name) == 0) {
		fputs(COMMAND ": there is nothing before what is in use\n", stderr);
		return VT_EARG;
	}
	for (size_t i = 0; !e && i < good.nsets; i++) {
		const struct vt_live_set *now = set_of(&live, good.sets[i].name);

		if (now && now->version > good.sets[i].version)
			e = note(u, s, good.sets[i].name, good.sets[i].version);
	}
	if (e)
		return e;
	(void)snprintf(text, sizeof text, "from %s to %s by %s", live.name, good.name, s->by);
	/* decided before it is done: a power loss in between leaves what the next update mends */
	e = vt_updates_decided(u, "rollback", text);
	if (!e)
		e = vt_live_swap(sets);
	if (e)
		fprintf(stderr, COMMAND ": %s: %s\n", u->state, vt_err_text(e));
	else
		printf("in use again: %s, state %" PRIu64 "\n", good.name, good.state_version);
	return e;
}

static vt_err go_back_at_once(struct vt_updates *u, const struct settings *s)
{
	int sets = -1, lock = -1;
	vt_err e = vt_live_open(u->state, false, &sets);

	if (!e)
		e = vt_store_lock(sets, true, &lock);
	if (e)
		fputs(COMMAND ": there is nothing before what is in use\n", stderr);
	else
		e = go_back(u, s, sets);
	vt_fd_close(lock);
	vt_fd_close(sets);
	return e;
}

/* Only writes down what is wanted; the update that follows verifies and applies it. */
static vt_err choose(
	struct vt_updates *u, const struct settings *s, const char *name, const char *version_text)
{
	const vt_span set = vt_span_str(name);
	struct vt_generation live;
	const struct vt_live_set *now = vt_updates_live(u, &live) ? set_of(&live, set) : NULL;
	uint64_t version = now ? now->version - 1 : 0;
	char text[700];
	vt_err e;

	if (version_text && !vt_decimal_get(vt_span_str(version_text), &version))
		version = 0;
	if (!now || version == 0 || version >= now->version) {
		fprintf(stderr, COMMAND ": there is no such older version of '%.64s'\n", name);
		return VT_EARG;
	}
	e = note(u, s, set, version);
	(void)snprintf(text, sizeof text, "%.64s to %" PRIu64 " by %s", name, version, s->by);
	return e ? e : vt_updates_decided(u, "rollback", text);
}

int vt_update_cmd_rollback(int argc, char **argv)
{
	struct settings s = {.run = {.command = COMMAND, .action = "rollback"}};
	struct vt_strings operands = {0};
	struct vt_updates u;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e &&
		(!s.by || !*s.by || operands.n > 2 ||
			(operands.n && !vt_name_ok(vt_span_str(operands.v[0]))))) {
		fputs(COMMAND ": give --by NAME, and at most a SET and a VERSION\n", stderr);
	} else if (!e) {
		e = vt_updates_open(&u, COMMAND, &s.run.where, true);
		if (!e)
			e = vt_updates_settings(&u);
		if (!e)
			e = operands.n == 0 ? go_back_at_once(&u, &s)
					    : choose(&u, &s, operands.v[0],
						      operands.n > 1 ? operands.v[1] : NULL);
		vt_updates_close(&u);
		if (!e)
			status = operands.n ? vt_update_run(&s.run) : VT_EXIT_CLEAN;
	}
	vt_strings_free(&operands);
	return status;
}
