/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine directive list: what is kept, how many days it has run, what comes next. */
#include <string.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/directive/origin.h"
#include "cli/text.h"

#define COMMAND "vitrine directive list"

struct settings {
	const char *state, *on;
	bool all;
	int format;
};
enum { HUMAN, JSON };

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'a', "all", NULL, VT_OPTION_FLAG, offsetof(struct settings, all),
		"also those that are shipped or came through the log, and were not added", NULL},
	VT_ON_OPTION(struct settings),
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"human or json", "human|json"},
	VT_STATE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine directive list [OPTION]...\n"
		 "Lists the directives that are kept here.\n",
	.options = options,
	.count = VT_COUNT(options),
};

static void put(vt_span s)
{
	vt_put_visible(stdout, s);
}

static void put_next(const struct vt_known_directive *k, vt_day on, bool reports, const char *what)
{
	char day[VT_DAY_SIZE], distance[VT_DISTANCE_MAX];
	struct vt_due due;

	if (!vt_directive_next(&k->d, on, reports, &due))
		return;
	printf("    %s: %s %s, %s: ", what, vt_directive_weekday(due.day),
		vt_day_write(due.day, day), vt_directive_distance(on, due.day, distance));
	put(due.action->id);
	if (due.action->repeats)
		printf(" no. %u", due.number);
	putchar('\n');
}

static void put_exceptions(const struct vt_directive *d, vt_day on)
{
	size_t live = 0, gone = 0;

	for (size_t i = 0; i < d->nexceptions; i++) {
		live += d->exceptions[i].expires >= on;
		gone += d->exceptions[i].expires < on;
	}
	if (live + gone)
		printf("    exceptions: %zu in force, %zu expired\n", live, gone);
}

/* Another document of the same id that is later than the one that was added. */
static void put_newer(
	const struct vt_known_directive *k, const struct vt_known_directive *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (k->origin.added.n && vt_span_eq(all[i].d.id, k->d.id) &&
			!all[i].origin.added.n &&
			strverscmp((const char *)all[i].d.version.p, (const char *)k->d.version.p) >
				0)
			printf("    version %.*s has come (%.*s): add it again to use it\n",
				(int)all[i].d.version.n, (const char *)all[i].d.version.p,
				(int)all[i].origin.who.n, (const char *)all[i].origin.who.p);
}

static void put_human(struct vt_docs *docs, const struct vt_known_directive *k, vt_day on)
{
	vt_day superseded = vt_directive_superseded_on(docs, k);
	char day[VT_DAY_SIZE], more[VT_DAY_SIZE];

	put(k->d.id);
	fputs("  ", stdout);
	put(k->d.title);
	fputs("\n    ", stdout);
	put(k->d.issuer);
	printf("; issued %s, %s day %d", vt_day_write(k->d.issued, day),
		on < k->d.issued ? "not yet:" : "now", on - k->d.issued);
	fputs("; ", stdout);
	put(k->d.status);
	fputs("; ", stdout);
	put(k->origin.who);
	if (k->origin.added.n) {
		fputs(", added ", stdout);
		put(k->origin.added);
	}
	putchar('\n');
	if (k->superseded_by.n) {
		fputs("    SUPERSEDED by ", stdout);
		put(k->superseded_by);
		printf(" of %s\n", vt_day_write(superseded, more));
	}
	if (k->origin.kind == VT_ORIGIN_UNSIGNED)
		puts("    NOT SIGNED: nobody vouches for this document");
	if (superseded == VT_DAY_NONE || on < superseded) {
		put_next(k, on, false, "next");
		put_next(k, on, true, "next report");
	}
	put_exceptions(&k->d, on);
	put_newer(k, docs->v, docs->n);
}

static void json_text(const char *key, vt_span s)
{
	printf(",\"%s\":", key);
	vt_put_json(stdout, s);
}

static void json_next(const struct vt_known_directive *k, vt_day on, bool reports, const char *key)
{
	char day[VT_DAY_SIZE];
	struct vt_due due;

	if (!vt_directive_next(&k->d, on, reports, &due)) {
		printf(",\"%s\":null", key);
		return;
	}
	printf(",\"%s\":{\"date\":\"%s\",\"days_left\":%d,\"number\":%u", key,
		vt_day_write(due.day, day), due.day - on, due.number);
	json_text("action", due.action->id);
	json_text("verb", vt_span_str(vt_verb_word(due.action->verb)));
	putchar('}');
}

static void put_json(const struct vt_known_directive *k, vt_day on)
{
	char day[VT_DAY_SIZE];

	fputs("{\"id\":", stdout);
	vt_put_json(stdout, k->d.id);
	json_text("version", k->d.version);
	json_text("title", k->d.title);
	json_text("issuer", k->d.issuer);
	json_text("status", k->d.status);
	printf(",\"issued\":\"%s\",\"day\":%d", vt_day_write(k->d.issued, day), on - k->d.issued);
	json_text("origin", vt_span_str(vt_origin_word(k->origin.kind)));
	json_text("who", k->origin.who);
	json_text("sha256", k->d.sha256);
	printf(",\"added\":");
	if (k->origin.added.n)
		vt_put_json(stdout, k->origin.added);
	else
		fputs("null", stdout);
	printf(",\"superseded_by\":");
	if (k->superseded_by.n)
		vt_put_json(stdout, k->superseded_by);
	else
		fputs("null", stdout);
	json_next(k, on, false, "next");
	json_next(k, on, true, "next_report");
	printf(",\"exceptions\":%zu}", k->d.nexceptions);
}

int vt_directive_cmd_list(int argc, char **argv)
{
	const struct vt_known_directive *v = NULL;
	struct vt_strings none = {0};
	struct settings s = {0};
	struct vt_docs docs = {0};
	size_t n = 0;
	vt_day on = 0;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &none);

	if (!e)
		e = vt_docs_open(&docs, COMMAND, s.state);
	if (!e)
		e = vt_docs_day(&docs, s.on, &on);
	if (!e)
		e = vt_docs_list(&docs, s.all, &v, &n);
	if (!e && s.format == JSON) {
		putchar('[');
		for (size_t i = 0; i < n; i++) {
			fputs(i ? ",\n" : "\n", stdout);
			put_json(&v[i], on);
		}
		puts("\n]");
	} else if (!e) {
		for (size_t i = 0; i < n; i++)
			put_human(&docs, &v[i], on);
		if (n == 0)
			puts("No directives are kept here; 'vitrine directive list --all' shows "
			     "those that could be.");
	}
	vt_docs_close(&docs);
	vt_strings_free(&none);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
