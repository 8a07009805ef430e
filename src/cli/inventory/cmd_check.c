/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine check: what an inventory shows about a directive: found, absent, or not shown. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/directive/store.h"
#include "cli/inventory/evidence.h"
#include "cli/inventory/verdict.h"
#include "cli/text.h"
#include "inventory/judge.h"

#define COMMAND "vitrine check"

struct settings {
	const char *evidence, *run, *state, *on;
	struct vt_strings catalogues, keys;
	bool is_unsigned, quiet;
	int format;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "evidence", "FILE", VT_OPTION_STRING, offsetof(struct settings, evidence),
		"the evidence file (default: inventory/evidence.db in\nthe state folder)", NULL},
	{0, "run", "ID", VT_OPTION_STRING, offsetof(struct settings, run),
		"the inventory that is meant (default: the latest)", NULL},
	{0, "on", "DATE", VT_OPTION_STRING, offsetof(struct settings, on),
		"the day that exceptions are judged at (default: today)", NULL},
	{0, "catalogue", "FILE", VT_OPTION_STRINGS, offsetof(struct settings, catalogues),
		"a catalogue besides those that are installed", NULL},
	{0, "key", "KEY", VT_OPTION_STRINGS, offsetof(struct settings, keys),
		"a key that may vouch for documents", NULL},
	{0, "unsigned", NULL, VT_OPTION_FLAG, offsetof(struct settings, is_unsigned),
		"take documents without a signature", NULL},
	{0, "state", "DIR", VT_OPTION_STRING, offsetof(struct settings, state),
		"where updates keep what they bring", NULL},
	{'q', "quiet", NULL, VT_OPTION_FLAG, offsetof(struct settings, quiet),
		"only the exit status", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine check [OPTION]... DIRECTIVE\n"
		 "Says what the latest inventory shows about a directive: its id, or a file.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 shown absent, 1 found, 2 not shown (or an error).\n",
};

struct checked {
	const struct vt_survey *s;
	const struct vt_catalogue *c;
	const struct vt_known_directive *d;
	const struct vt_status *st;
	bool other_catalogue; /* than the one that the inventory was made with */
};

static void put_findings(const struct checked *k)
{
	static const struct {
		enum vt_standing standing;
		const char *title;
	} groups[] = {
		{VT_STANDING_COVERED, "Covered"},
		{VT_STANDING_CANDIDATE, "To be settled"},
		{VT_STANDING_EXCEPTED, "Excepted"},
		{VT_STANDING_EMBEDDED, "Embedded code, which this directive does not address"},
	};

	for (size_t g = 0; g < VT_COUNT(groups); g++) {
		bool any = false;

		for (size_t i = 0; i < k->st->nstandings; i++) {
			const struct vt_exception *x = k->st->exceptions[i];

			if (k->st->standings[i] != groups[g].standing)
				continue;
			if (!any)
				printf("\n%s:\n", groups[g].title);
			any = true;
			vt_put_finding(stdout, k->s, k->c, &k->s->findings[i], false);
			if (x) {
				char day[VT_DAY_SIZE];

				fputs("    exception ", stdout);
				vt_put_visible(stdout, x->id);
				fputs(" by ", stdout);
				vt_put_visible(stdout, x->approver);
				printf(", until %s\n", vt_day_write(x->expires, day));
			}
		}
	}
}

static void put_human(const struct checked *k)
{
	const struct vt_status *st = k->st;

	printf("%s\n\n",
		st->shown == VT_SHOWN_PRESENT          ? "FOUND"
			: st->shown == VT_SHOWN_ABSENT ? "SHOWN ABSENT"
						       : "NOT SHOWN");
	vt_put_visible(stdout, st->sentence);
	putchar('\n');
	put_findings(k);
	if (st->ndoubts)
		fputs("\nWhy it is not shown to be absent:\n", stdout);
	for (size_t i = 0; i < st->ndoubts; i++) {
		fputs("  ", stdout);
		vt_put_visible(stdout, k->s->subjects[st->doubts[i].subject].name);
		fputs(": ", stdout);
		vt_put_visible(stdout, st->doubts[i].text);
		putchar('\n');
	}
	if (st->nunassessable)
		fputs("\nNot assessable by looking at a machine:\n", stdout);
	for (size_t i = 0; i < st->nunassessable; i++) {
		fputs("  ", stdout);
		vt_put_visible(stdout, st->unassessable[i]->name);
		putchar('\n');
	}
	if (k->d->origin.kind == VT_ORIGIN_UNSIGNED)
		puts("\nThe directive is not signed.");
	if (k->d->superseded_by.n) {
		fputs("\nThe directive is superseded by ", stdout);
		vt_put_visible(stdout, k->d->superseded_by);
		putchar('\n');
	}
	if (k->other_catalogue)
		puts("\nThe catalogue is another one than that of the inventory: run 'vitrine "
		     "inventory' again.");
}

static void put_pair(const char *key, vt_span v)
{
	printf(",\"%s\":", key);
	vt_put_json(stdout, v);
}

static void put_json(const struct checked *k)
{
	const struct vt_status *st = k->st;

	fputs("{\"schema\":\"vitrine.check/1\"", stdout);
	put_pair("directive", k->d->d.id);
	put_pair("version", k->d->d.version);
	put_pair("vouched", k->d->origin.who);
	put_pair("run", k->s->id);
	printf(",\"shown\":\"%s\",\"other_catalogue\":%s", vt_shown_word(st->shown),
		k->other_catalogue ? "true" : "false");
	put_pair("sentence", st->sentence);
	fputs(",\"findings\":[", stdout);
	for (size_t i = 0; i < st->nstandings; i++) {
		printf("%s{\"standing\":\"%s\",\"exception\":", i ? ",\n" : "\n",
			vt_standing_word(st->standings[i]));
		if (st->exceptions[i])
			vt_put_json(stdout, st->exceptions[i]->id);
		else
			fputs("null", stdout);
		fputs(",\"finding\":", stdout);
		vt_put_finding_json(stdout, k->s, &k->s->findings[i]);
		putchar('}');
	}
	fputs("],\"doubts\":[", stdout);
	for (size_t i = 0; i < st->ndoubts; i++) {
		printf("%s{\"subject\":%u,\"area\":\"%s\"", i ? ",\n" : "\n", st->doubts[i].subject,
			vt_area_word(st->doubts[i].area));
		put_pair("text", st->doubts[i].text);
		putchar('}');
	}
	fputs("],\"not_assessable\":[", stdout);
	for (size_t i = 0; i < st->nunassessable; i++) {
		fputs(i ? "," : "", stdout);
		vt_put_json(stdout, st->unassessable[i]->id);
	}
	fputs("]}\n", stdout);
}

static int check(const struct settings *s, struct vt_docs *docs, const char *id)
{
	struct vt_known_directive d;
	struct vt_catalogue catalogue;
	struct vt_survey *survey = NULL;
	struct vt_status st = {0};
	struct checked k = {.c = &catalogue, .d = &d, .st = &st};
	vt_span position;
	vt_day on;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_docs_day(docs, s->on, &on);

	if (!e)
		e = vt_docs_directive(docs, id, &d);
	if (!e)
		e = vt_docs_catalogue(docs, &s->catalogues, &catalogue, &position);
	if (!e)
		e = vt_evidence_open(COMMAND, s->evidence, s->run, &survey);
	if (e)
		return VT_EXIT_ERROR;
	k.s = survey;
	k.other_catalogue = !vt_span_eq(survey->catalogue_sha256, catalogue.sha256);
	e = vt_judge_directive(survey, &catalogue, &d.d, on, &docs->a, &st);
	if (!e && k.other_catalogue && st.shown == VT_SHOWN_ABSENT)
		st.shown = VT_SHOWN_NOT;
	if (e) {
		fprintf(stderr, COMMAND ": %s\n", vt_err_text(e));
	} else {
		if (!s->quiet)
			(s->format ? put_json : put_human)(&k);
		status = st.shown == VT_SHOWN_ABSENT   ? VT_EXIT_CLEAN
			: st.shown == VT_SHOWN_PRESENT ? VT_EXIT_FOUND
						       : VT_EXIT_ERROR;
	}
	vt_survey_free(survey);
	return status;
}

int vt_cmd_check(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_docs docs = {0};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && operands.n != 1) {
		fputs(COMMAND ": name one directive; 'vitrine directive list' shows them\n",
			stderr);
	} else if (!e && !vt_docs_open(&docs, COMMAND, s.state)) {
		docs.unsigned_ok = s.is_unsigned;
		docs.keys = s.keys;
		status = check(&s, &docs, operands.v[0]);
	}
	vt_docs_close(&docs);
	vt_strings_free(&operands);
	vt_strings_free(&s.catalogues);
	return status;
}
