/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine explain: each observation behind a finding, and the command that shows it again. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/cmd.h"
#include "cli/directive/store.h"
#include "cli/inventory/evidence.h"
#include "cli/inventory/verdict.h"
#include "cli/text.h"

#define COMMAND "vitrine explain"

struct settings {
	const char *evidence, *run, *state;
	struct vt_strings catalogues, keys;
	bool is_unsigned;
	int format;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{0, "evidence", "FILE", VT_OPTION_STRING, offsetof(struct settings, evidence),
		"the evidence file (default: inventory/evidence.db in\nthe state folder)", NULL},
	{0, "run", "ID", VT_OPTION_STRING, offsetof(struct settings, run),
		"the inventory that is meant (default: the latest)", NULL},
	{0, "catalogue", "FILE", VT_OPTION_STRINGS, offsetof(struct settings, catalogues),
		"a catalogue besides those that are installed", NULL},
	{0, "key", "KEY", VT_OPTION_STRINGS, offsetof(struct settings, keys),
		"a key that may vouch for it", NULL},
	{0, "unsigned", NULL, VT_OPTION_FLAG, offsetof(struct settings, is_unsigned),
		"take it without a signature", NULL},
	{0, "state", "DIR", VT_OPTION_STRING, offsetof(struct settings, state),
		"where updates keep what they bring", NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table table = {
	.command = COMMAND,
	.usage = "Usage: vitrine explain [OPTION]... FINDING...\n"
		 "Shows what a finding rests on: each observation, and the command that shows it "
		 "again.\n"
		 "A finding is named by its id, or the beginning of it.\n",
	.options = options,
	.count = VT_COUNT(options),
	.notes = "Exit status: 0 explained, 2 an error.\n",
};

static const struct vt_finding *find(const struct vt_survey *s, const char *id, size_t *out_n)
{
	const struct vt_finding *found = NULL;

	*out_n = 0;
	for (size_t i = 0; i < s->nfindings; i++)
		if (vt_span_at(s->findings[i].id, 0, id, strlen(id))) {
			found = &s->findings[i];
			(*out_n)++;
		}
	return found;
}

static int explain(const struct settings *s, const struct vt_survey *survey,
	const struct vt_catalogue *c, const char *id)
{
	size_t n;
	const struct vt_finding *f = find(survey, id, &n);

	if (n != 1) {
		fputs(COMMAND ": ", stderr);
		vt_put_visible(stderr, vt_span_str(id));
		fputs(n ? ": more than one finding's id begins like this\n"
			: ": there is no such finding in this inventory\n",
			stderr);
		return VT_EXIT_ERROR;
	}
	if (s->format) {
		vt_put_finding_json(stdout, survey, f);
		putchar('\n');
		return VT_EXIT_CLEAN;
	}
	vt_put_finding(stdout, survey, c, f, true);
	fputs("\nInventory ", stdout);
	vt_put_visible(stdout, survey->id);
	fputs(" on ", stdout);
	vt_put_visible(stdout, survey->host);
	fputs(", ended ", stdout);
	vt_put_utc(stdout, survey->ended);
	fputs(", with ", stdout);
	vt_put_visible(stdout, survey->catalogue_id);
	putchar('\n');
	return VT_EXIT_CLEAN;
}

int vt_cmd_explain(int argc, char **argv)
{
	struct settings s = {0};
	struct vt_strings operands = {0};
	struct vt_docs docs = {0};
	struct vt_catalogue catalogue;
	struct vt_survey *survey = NULL;
	vt_span position;
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&table, argc, argv, &s, &operands);

	if (e == VT_END) {
		status = VT_EXIT_CLEAN;
	} else if (!e && !operands.n) {
		fputs(COMMAND ": name a finding, as 'vitrine inventory' shows them\n", stderr);
	} else if (!e) {
		e = vt_docs_open(&docs, COMMAND, s.state);
		docs.unsigned_ok = s.is_unsigned;
		docs.keys = s.keys;
		if (!e)
			e = vt_docs_catalogue(&docs, &s.catalogues, &catalogue, &position);
		if (!e)
			e = vt_evidence_open(COMMAND, s.evidence, s.run, &survey);
		status = e ? VT_EXIT_ERROR : VT_EXIT_CLEAN;
		for (size_t i = 0; i < operands.n && !e; i++)
			if (explain(&s, survey, &catalogue, operands.v[i]))
				status = VT_EXIT_ERROR;
		vt_survey_free(survey);
		vt_docs_close(&docs);
	}
	vt_strings_free(&operands);
	vt_strings_free(&s.catalogues);
	return status;
}
