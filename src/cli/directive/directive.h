/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `vitrine directive` share. */
#ifndef VT_CLI_DIRECTIVE_DIRECTIVE_H
#define VT_CLI_DIRECTIVE_DIRECTIVE_H

#include <stdio.h>

#include "cli/cmd.h"
#include "cli/directive/store.h"
#include "cli/options.h"
#include "cli/publish/publish.h"

/* The verbs: a row in verbs.def each. */
#define VT_DIRECTIVE_VERB(name, word, help) vt_cmd_fn vt_directive_cmd_##name;
#include "cli/directive/verbs.def"
#undef VT_DIRECTIVE_VERB

#define VT_STATE_OPTION(T)                                                                         \
	{                                                                                          \
		0, "state", "DIR", VT_OPTION_STRING, offsetof(T, state),                           \
			"the state folder (what vitrine remembers)", NULL                          \
	}
#define VT_ON_OPTION(T)                                                                            \
	{                                                                                          \
		0, "on", "DATE", VT_OPTION_STRING, offsetof(T, on),                                \
			"as on that day (2017-09-13) rather than today, UTC", NULL                 \
	}
#define VT_VOUCH_OPTIONS(T)                                                                        \
	{0, "key", "KEY", VT_OPTION_STRINGS, offsetof(T, keys),                                    \
		"a vkey, or a file of them, whose signature counts, besides "                      \
		"CONFIG/directive-keys",                                                           \
		NULL},                                                                             \
	{                                                                                          \
		0, "unsigned", NULL, VT_OPTION_FLAG, offsetof(T, unsigned_ok),                     \
			"take files that nobody has signed; this is shown everywhere", NULL        \
	}

/* STATE/directives, locked. What is wrong has been printed. */
VT_MUST_USE vt_err vt_directive_lock(struct vt_docs *docs, int *out_dir, int *out_lock);
/* "Fri" */
const char *vt_directive_weekday(vt_day d);
/* "in 12 days", "today", "12 days ago"; returns buf. */
#define VT_DISTANCE_MAX 48
const char *vt_directive_distance(vt_day on, vt_day day, char buf[VT_DISTANCE_MAX]);
/* How a date was arrived at, for people: "30 days after 2017-09-13 (its issue)". */
void vt_directive_explain(
	FILE *f, const struct vt_directive *d, const struct vt_due *due, vt_day discovered);
/* The day from which `k` is superseded, or VT_DAY_NONE. */
vt_day vt_directive_superseded_on(struct vt_docs *docs, const struct vt_known_directive *k);
/* The next date from `on`, of reports only if `reports`. */
bool vt_directive_next(const struct vt_directive *d, vt_day on, bool reports, struct vt_due *out);

/* A date or an expiry, as `due` lists them. */
struct vt_date {
	const struct vt_known_directive *k;
	struct vt_due due;            /* action NULL: */
	const struct vt_exception *x; /* an exception that expires */
	vt_day day, discovered;
};
void vt_dates_ics(FILE *f, const struct vt_date *v, size_t n, vt_day on);
void vt_dates_json(FILE *f, const struct vt_date *v, size_t n, vt_day on);

#endif
