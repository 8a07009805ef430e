/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine directive show: all that a directive says, with what is not the issuer's own word marked.
 */
#include <string.h>

#include "base/num.h"
#include "cli/directive/directive.h"
#include "cli/directive/origin.h"
#include "cli/text.h"

#define COMMAND "vitrine directive show"

struct settings {
	const char *state, *on, *found;
	int format;
	bool sources, unsigned_ok;
	struct vt_strings keys;
};
enum { HUMAN, JSON };

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "sources", NULL, VT_OPTION_FLAG, offsetof(struct settings, sources),
		"list where each field comes from", NULL},
	VT_ON_OPTION(struct settings),
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"human, or json: the document as it is", "human|json"},
	VT_VOUCH_OPTIONS(struct settings),
	VT_STATE_OPTION(struct settings),
	VT_HELP_OPTION,
};
static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine directive show DIRECTIVE [OPTION]...\n"
		 "Shows a directive: kept here, shipped, from the update log, or a file.\n",
	.options = options,
	.count = VT_COUNT(options),
};

static void put(vt_span s)
{
	vt_put_visible(stdout, s);
}

/* " [from memory]" and the like behind what the issuer's text does not say itself. */
static void put_trust(const struct vt_directive *d, const char *pointer)
{
	const struct vt_provenance *p = vt_directive_source(d, pointer);
	static const struct {
		const char *word, *text;
	} marks[] = {{"second-hand", " [second-hand]"}, {"memory", " [from memory]"},
		{"derived", " [derived]"}, {"choice", " [our reading]"}};

	for (size_t i = 0; i < VT_COUNT(marks); i++)
		if (vt_span_eq(p->confidence, vt_span_str(marks[i].word)))
			fputs(marks[i].text, stdout);
}

static void row(const struct vt_directive *d, const char *title, vt_span s, const char *pointer)
{
	if (s.n == 0)
		return;
	printf("%-12s", title);
	put(s);
	put_trust(d, pointer);
	putchar('\n');
}

static void put_strings(const char *before, struct vt_strings_of s)
{
	for (size_t i = 0; i < s.n; i++) {
		fputs(i ? ", " : before, stdout);
		put(s.v[i]);
	}
}

static void put_scope(const struct vt_directive *d)
{
	const struct {
		bool in;
		const char *word;
	} flags[] = {{d->branded, "branded products"},
		{d->embedded, "code embedded in products of others"}, {d->services, "services"},
		{d->hardware, "hardware"}};
	bool first = true;

	printf("%-12s", "Covers");
	for (int in = 1; in >= 0; in--) {
		first = true;
		for (size_t i = 0; i < VT_COUNT(flags); i++) {
			if (flags[i].in != (in == 1))
				continue;
			if (first && !in)
				fputs("; not ", stdout);
			printf("%s%s", first ? "" : ", ", flags[i].word);
			first = false;
		}
	}
	put_trust(d, "/scope");
	putchar('\n');
}

static void put_lists(const struct vt_directive *d)
{
	char pointer[64];

	puts("\nEntities");
	for (size_t i = 0; i < d->nentities; i++) {
		fputs("  ", stdout);
		put(d->entities[i].name);
		put_strings(", also ", d->entities[i].aliases);
		if (d->entities[i].relation.n) {
			fputs(": ", stdout);
			put(d->entities[i].relation);
		}
		snprintf(pointer, sizeof pointer, "/entities/%zu/name", i);
		put_trust(d, pointer);
		putchar('\n');
	}
	puts("\nProducts");
	for (size_t i = 0; i < d->ncovered; i++) {
		fputs("  ", stdout);
		put(d->covered[i].name);
		snprintf(pointer, sizeof pointer, "/products/%zu/name", i);
		put_trust(d, pointer);
		put_strings(" = ", d->covered[i].products);
		putchar('\n');
	}
	if (d->exclusions.n)
		put_strings("  not: ", d->exclusions);
	if (d->exclusions.n)
		putchar('\n');
}

static void put_actions(const struct vt_directive *d, vt_day on)
{
	char pointer[64], day[VT_DAY_SIZE], distance[VT_DISTANCE_MAX];

	puts("\nActions");
	for (size_t i = 0; i < d->nactions; i++) {
		const struct vt_action *a = &d->actions[i];
		struct vt_directive one = *d;
		struct vt_due due;

		printf("  %-9s", vt_verb_word(a->verb));
		put(a->text);
		snprintf(pointer, sizeof pointer, "/actions/%zu/text", i);
		put_trust(d, pointer);
		fputs("\n           ", stdout);
		one.actions = &d->actions[i];
		one.nactions = 1;
		if (!a->has_due) {
			puts("at all times");
			continue;
		}
		/* from a discovery: as if it were today */
		if (vt_directive_due(
			    &one, a->from_discovery ? on : VT_DAY_NONE, INT32_MAX, on, &due, 1)) {
			vt_directive_explain(stdout, d, &due, on);
			printf(": %s %s, %s%s", vt_directive_weekday(due.day),
				vt_day_write(due.day, day),
				vt_directive_distance(on, due.day, distance),
				a->from_discovery ? " (if it were made that day)" : "");
			if (a->repeats) {
				printf("; again every %u%c until ", a->every.n, a->every.unit);
				put(a->until);
			}
			snprintf(pointer, sizeof pointer, "/actions/%zu/due", i);
			put_trust(d, pointer);
		}
		putchar('\n');
	}
}

static void put_fields(const char *title, const struct vt_report_field *v, size_t n)
{
	if (n)
		printf("\n%s\n", title);
	for (size_t i = 0; i < n; i++) {
		printf("  %-3.*s ", (int)v[i].id.n, (const char *)v[i].id.p);
		put(v[i].title);
		puts(v[i].key.n ? "" : " (a person must fill this in)");
	}
}

static void put_exceptions(const struct vt_directive *d, vt_day on)
{
	char day[VT_DAY_SIZE], distance[VT_DISTANCE_MAX];

	if (d->nexceptions)
		puts("\nExceptions");
	for (size_t i = 0; i < d->nexceptions; i++) {
		const struct vt_exception *x = &d->exceptions[i];

		fputs("  ", stdout);
		put(x->id);
		put_strings(": ", x->products);
		if (x->scope.n) {
			fputs(" at ", stdout);
			put(x->scope);
		}
		printf(", %s %s (%s), approved by ", x->expires < on ? "EXPIRED" : "until",
			vt_day_write(x->expires, day),
			vt_directive_distance(on, x->expires, distance));
		put(x->approver);
		fputs(": ", stdout);
		put(x->reason);
		if (x->mitigation.n) {
			fputs("; instead: ", stdout);
			put(x->mitigation);
		}
		putchar('\n');
	}
}

static void put_required(const struct vt_directive *d)
{
	bool first = true;

	fputs("\nShown absent when\n  ", stdout);
	for (unsigned a = 0; a < VT_AREAS; a++)
		if (d->required[a]) {
			printf("%s%s", first ? "" : ", ", vt_area_word((enum vt_area)a));
			first = false;
		}
	printf(" have answered, with %u.%02u%% of what was seen read", d->threshold / 100,
		d->threshold % 100);
	put_trust(d, "/threshold");
	putchar('\n');
}

static void put_sources(const struct vt_directive *d)
{
	puts("\nWhere it comes from");
	for (size_t i = 0; i < d->nclaims; i++) {
		const struct vt_claim *c = &d->claims[i];

		fputs("  ", stdout);
		put(c->pointer.n ? c->pointer : vt_span_str("everything else"));
		fputs(": ", stdout);
		put(c->source.confidence);
		fputs(", ", stdout);
		put(c->source.text);
		if (c->source.url.n) {
			fputs(" <", stdout);
			put(c->source.url);
			putchar('>');
		}
		putchar('\n');
	}
}

static void show(struct vt_docs *docs, const struct vt_known_directive *k, vt_day on, bool sources)
{
	const struct vt_directive *d = &k->d;
	char day[VT_DAY_SIZE];

	row(d, "Directive", d->id, "/id");
	row(d, "Title", d->title, "/title");
	row(d, "Issuer", d->issuer, "/issuer");
	row(d, "Status", d->status, "/status");
	row(d, "Issued", vt_span_str(vt_day_write(d->issued, day)), "/issued");
	if (d->effective != VT_DAY_NONE)
		row(d, "Effective", vt_span_str(vt_day_write(d->effective, day)), "/effective");
	row(d, "Applies to", d->applies_to, "/applies_to");
	put_scope(d);
	if (d->supersedes.n) {
		printf("%-12s", "Supersedes");
		put_strings("", d->supersedes);
		putchar('\n');
	}
	if (k->superseded_by.n) {
		printf("%-12s", "SUPERSEDED");
		put(k->superseded_by);
		printf(", %s\n", vt_day_write(vt_directive_superseded_on(docs, k), day));
	}
	row(d, "Source", d->source_url, "/source/url");
	row(d, "Quote", d->source_quote, "/source/quote");
	row(d, "Note", d->note, "/note");
	printf("%-12s", "Document");
	printf("version %.*s, sha256 %.*s\n", (int)d->version.n, (const char *)d->version.p,
		(int)d->sha256.n, (const char *)d->sha256.p);
	printf("%-12s", "Vouched by");
	put(k->origin.who);
	putchar('\n');
	put_lists(d);
	put_actions(d, on);
	put_fields("Report", d->fields, d->nfields);
	put_fields("Plan", d->plan_fields, d->nplan_fields);
	put_exceptions(d, on);
	put_required(d);
	if (sources)
		put_sources(d);
	else if (d->memory.n)
		puts("\nSome of it is from memory: --sources says what.");
}

int vt_directive_cmd_show(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings what = {0};
	struct vt_known_directive k;
	struct vt_docs docs = {0};
	vt_day on = 0;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &what);

	if (!e && what.n != 1) {
		fputs(COMMAND ": give one DIRECTIVE\nTry '" COMMAND " --help'.\n", stderr);
		e = VT_EARG;
	}
	if (!e)
		e = vt_docs_open(&docs, COMMAND, s.state);
	docs.unsigned_ok = s.unsigned_ok;
	docs.keys = s.keys;
	if (!e)
		e = vt_docs_day(&docs, s.on, &on);
	if (!e) {
		e = vt_docs_directive(&docs, what.v[0], &k);
		e = e == VT_END ? VT_EARG : e;
	}
	if (!e && s.format == JSON)
		(void)fwrite(k.json.p, 1, k.json.n, stdout);
	else if (!e)
		show(&docs, &k, on, s.sources);
	vt_docs_close(&docs);
	vt_strings_free(&what);
	return e && e != VT_END ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
}
