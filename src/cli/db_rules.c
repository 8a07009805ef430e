/* SPDX-License-Identifier: Apache-2.0 */
/* vitrine db list, find and explain: rules by their names, with the lines that they come from. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/compile.h"
#include "cli/db.h"
#include "cli/text.h"

enum verb { VERB_LIST, VERB_FIND, VERB_EXPLAIN };

struct settings {
	int format;
	struct vt_strings db;
};

static const struct vt_option options[] = {
	{0, NULL, NULL, VT_OPTION_SECTION, 0, "Options", NULL},
	{'d', "db", "PATH", VT_OPTION_STRINGS, offsetof(struct settings, db),
		"an image, a signature file or a folder of them\n(default: what 'vitrine scan' "
		"uses)",
		NULL},
	{0, "format", "FORMAT", VT_OPTION_CHOICE, offsetof(struct settings, format),
		"of the output", "human|json"},
	{'h', "help", NULL, VT_OPTION_HELP, 0, "show this", NULL},
};

static const struct vt_option_table tables[] = {
	[VERB_LIST] = {.command = "vitrine db list",
		.usage = "Usage: vitrine db list [OPTION]...\n"
			 "Prints the name of each rule and the line that it comes from.\n",
		.options = options,
		.count = VT_COUNT(options)},
	[VERB_FIND] = {.command = "vitrine db find",
		.usage = "Usage: vitrine db find [OPTION]... TEXT...\n"
			 "Prints the rules whose name holds TEXT (whatever its case) or matches it "
			 "as a"
			 " shell pattern.\n",
		.options = options,
		.count = VT_COUNT(options),
		.notes = "Exit status: 0 found, 1 no such rule, 2 an error.\n"},
	[VERB_EXPLAIN] = {.command = "vitrine db explain",
		.usage = "Usage: vitrine db explain [OPTION]... NAME...\n"
			 "Prints the source lines of the rules with these names, as reports give "
			 "them.\n",
		.options = options,
		.count = VT_COUNT(options),
		.notes = "Exit status: 0 found, 1 no such rule, 2 an error.\n"},
};

struct search {
	enum verb verb;
	bool json;
	const struct vt_strings *words;
	uint64_t found;
};

static bool matches(const struct search *s, vt_span name)
{
	static const char unofficial[] = ".UNOFFICIAL";
	char text[512];
	size_t n = vt_min_size(name.n, sizeof text - 1);

	if (s->verb == VERB_LIST)
		return true;
	memcpy(text, name.p, n);
	text[n] = 0;
	for (size_t i = 0; i < s->words->n; i++) {
		const char *word = s->words->v[i];
		size_t m = strlen(word), tail = sizeof unofficial - 1;

		if (s->verb == VERB_FIND) {
			if (strcasestr(text, word) || fnmatch(word, text, FNM_CASEFOLD) == 0)
				return true;
			continue;
		}
		if (vt_span_eq(name, vt_span_of(word, m)))
			return true;
		/* clamscan reports third parties' names with this appended */
		if (m > tail && strcmp(word + m - tail, unofficial) == 0 &&
			vt_span_eq(name, vt_span_of(word, m - tail)))
			return true;
	}
	return false;
}

static void print_json(const struct search *s, const struct vt_db_line *l)
{
	fputs(s->found ? ",\n{\"rule\":" : "\n{\"rule\":", stdout);
	vt_put_json(stdout, l->name);
	fputs(",\"set\":", stdout);
	vt_put_json(stdout, l->set);
	printf(",\"line\":%" PRIu64 ",\"in_force\":%s", l->number, l->left_out ? "false" : "true");
	if (l->left_out) {
		fputs(",\"cause\":", stdout);
		vt_put_json(stdout, l->cause);
	}
	if (s->verb == VERB_EXPLAIN) {
		printf(",\"kind\":\"%s\",\"text\":", vt_line_kind(l->set));
		vt_put_json(stdout, l->text);
	}
	putchar('}');
}

static void print_human(const struct search *s, const struct vt_db_line *l)
{
	bool explain = s->verb == VERB_EXPLAIN;

	if (explain && s->found)
		putchar('\n');
	vt_put_visible(stdout, l->name);
	fputs(explain ? "\n  from  " : "  ", stdout);
	vt_put_visible(stdout, l->set);
	printf(":%" PRIu64, l->number);
	if (explain)
		printf("\n  kind  %s", vt_line_kind(l->set));
	if (l->left_out) {
		printf(explain ? "\n  state not in force, %s: " : "  (%s: ", l->left_out);
		vt_put_visible(stdout, l->cause);
		fputs(explain ? "" : ")", stdout);
	}
	if (explain) {
		fputs("\n  text  ", stdout);
		vt_put_visible(stdout, l->text);
	}
	putchar('\n');
}

static vt_err on_rule(void *ctx, const struct vt_db_line *line)
{
	struct search *s = ctx;

	if (!matches(s, line->name))
		return VT_OK;
	(s->json ? print_json : print_human)(s, line);
	s->found++;
	return ferror(stdout) ? VT_EIO : VT_OK;
}

static int search(struct search *s, const struct settings *set)
{
	const char *command = tables[s->verb].command;
	struct vt_db_views views = {0};
	vt_err e = vt_db_views_open(&views, command, &set->db, false);
	int status = VT_EXIT_ERROR;

	if (!e && s->json)
		putchar('[');
	for (size_t i = 0; !e && i < views.n; i++) {
		e = vt_db_each_rule(views.v[i].db, on_rule, s);
		if (e)
			fprintf(stderr, "%s: %s\n", command, vt_err_text(e));
	}
	if (!e && s->json)
		puts("\n]");
	if (!e)
		status = s->found || s->verb == VERB_LIST ? VT_EXIT_CLEAN : VT_EXIT_FOUND;
	if (status == VT_EXIT_FOUND && !s->json)
		fprintf(stderr, "%s: no such rule\n", command);
	vt_db_views_close(&views);
	return status;
}

static int run(enum verb verb, int argc, char **argv)
{
	struct settings set = {0};
	struct vt_strings words = {0};
	struct search s = {.verb = verb, .words = &words};
	int status = VT_EXIT_ERROR;
	vt_err e = vt_options_parse(&tables[verb], argc, argv, &set, &words);

	s.json = set.format != 0;
	if (e == VT_END)
		status = VT_EXIT_CLEAN;
	else if (!e && (words.n == 0) != (verb == VERB_LIST))
		fprintf(stderr, "%s: %s\n", tables[verb].command,
			verb == VERB_LIST ? "takes no operand; see --db" : "give a name");
	else if (!e)
		status = search(&s, &set);
	vt_strings_free(&words);
	vt_strings_free(&set.db);
	return status;
}

int vt_db_cmd_list(int argc, char **argv)
{
	return run(VERB_LIST, argc, argv);
}

int vt_db_cmd_find(int argc, char **argv)
{
	return run(VERB_FIND, argc, argv);
}

int vt_db_cmd_explain(int argc, char **argv)
{
	return run(VERB_EXPLAIN, argc, argv);
}
